import { writeFileAtomic } from "../../base/files.js";
import { VERSION } from "../../fit/index.js";
import { buildArchitecture, explainNetwork, profileArchitecture } from "../../networks/index.js";
import { renderExplanation, renderProfile, renderProfilePage, renderProfileSvg } from "../../report/index.js";
import { defineCommand } from "../command.js";
import { fileFormat } from "./file-format.js";
import { networkOf, networkOptions, networkWord } from "./shared.js";

export const profileCommand = defineCommand({
  name: "profile",
  summary: "Count parameters, MACs and peak activation memory of a network, layer by layer",
  description:
    "One MAC is one multiply-accumulate per image; the papers call it FLOPs. Counted are convolutions, squeeze-excite and classifier. Parameters are the trainable ones. Memory is for fp32 at batch 1.",
  examples: [
    ["bantam profile mobilenet-v2-0.5@160", "width 0.5, 160 px"],
    ["bantam profile mobilenet-v2 --explain", "why others print 3.4 M or 3.54 M parameters"],
    ["bantam profile efficientnet-b0 --out b0.html", "a page with a picture of the network"],
    ["bantam profile efficientnet-b0 --json", "one JSON document"],
  ],
  arguments: { network: networkWord },
  options: {
    ...networkOptions,
    classes: { kind: "integer", min: 2, max: 1_000_000, default: 1000, help: "outputs of the classifier" },
    channels: { kind: "integer", min: 1, max: 3, default: 3, help: "3 for colour, 1 for grey" },
    explain: { kind: "flag", help: "count by everybody's rules and say which gives which printed figure" },
    out: { kind: "path", help: "also write a page (.html) or the picture alone (.svg)" },
  },
  run: async ({ network, classes, channels, explain, out, ...multipliers }) => {
    const format = out === undefined ? undefined : fileFormat(out, ["html", "svg"]);
    const { name, ...rest } = networkOf(network, multipliers);
    const options = { ...rest, classes, channels: channels === 1 ? (1 as const) : (3 as const) };
    const result = {
      convention: "1 MAC = 1 multiply-accumulate per image",
      ...{ channels: options.channels, ...profileArchitecture(buildArchitecture(name, options)) },
      ...(explain && { explanation: explainNetwork(name, options) }),
    };
    if (out === undefined) return result;
    await writeFileAtomic(out, format === "svg" ? renderProfileSvg(result) : renderProfilePage(result, VERSION));
    return { ...result, file: out };
  },
  // The rules are a page of their own; under a layer table of fifty lines nobody would see them.
  show: (result, { colour, width }) => {
    const shown =
      result.explanation === undefined
        ? renderProfile(result, { colour, width })
        : renderExplanation(result.explanation, { colour, width });
    return "file" in result ? `${shown}\nwritten: ${result.file}\n` : shown;
  },
});
