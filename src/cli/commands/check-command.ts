import { kinds } from "../../doctor/index.js";
import { checkData } from "../../jobs/index.js";
import { renderCheck } from "../../report/index.js";
import { defineCommand } from "../command.js";
import { cacheFolder, cacheOptions, excludeOption } from "./common-options.js";

export const checkCommand = defineCommand({
  name: "check",
  summary: "Look for what is wrong with a folder of images: copies, conflicts, broken, dark, blurred pictures",
  description:
    "Looks at every picture once, and changes nothing. Copies are known by their bytes and by their look, also saved anew or in another size. A list of what may be left out is written on request, for a person to edit and for --exclude of the other commands.",
  examples: [
    ["bantam check photos", "what there is to look at"],
    ["bantam check photos --write exclude.txt", "and a list of what may be left out"],
    ["bantam fit photos --exclude exclude.txt", "trains without it"],
  ],
  arguments: { data: { kind: "path", help: "folder of images, as for fit" } },
  options: {
    write: { kind: "path", placeholder: "FILE", help: "a list of the pictures that may be left out" },
    ...excludeOption,
    seed: { kind: "integer", min: 0, default: 0, help: "divides the folder, as for fit" },
    ...cacheOptions,
  },
  run: async (values, context) =>
    checkData({
      ...values,
      cacheDir: await cacheFolder(values.cache, context),
      signal: context.signal,
      progress: context.progress,
    }),
  show: (result, { colour, width }) => renderCheck(result, kinds, { colour, width }),
});
