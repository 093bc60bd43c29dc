/** `train --resume`: the run's own options from its folder, and none beside them that would make it another run. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { commandLine, DataError, UsageError } from "../../base/index.js";
import { type RunSettings, resumableRun } from "../../jobs/index.js";
import type { DeviceChoice } from "../../runtime/index.js";
import { flagOf, overwriteOption } from "./common-options.js";

export const resumeOptions = {
  resume: {
    kind: "path",
    placeholder: "FOLDER",
    help: "goes on with the training in this folder, with the options it was begun with",
  },
  ...overwriteOption,
  "checkpoint-every": {
    kind: "duration",
    min: 0,
    default: 60,
    help: "how often the state is saved within an epoch; it always is at an epoch's end",
  },
} as const;

/** Where a run goes on, and the settings of what it goes on with. */
export type Resumed = {
  readonly settings: RunSettings;
  readonly device: DeviceChoice;
  readonly threads: number | undefined;
};

/** What may stand beside `--resume`: where the images have moved to, and the values. */
const beside: readonly string[] = [
  ...["data", "resume", "tensorboard", "goldenPhotos", "checkpointEvery"],
  ...["device", "threads", "workers", "cache"],
];

/**
 * @param values all of the command's.
 * @throws {UsageError} when an option of the run stands beside. @throws {ModelError} when the folder holds no run.
 */
export async function resumed(
  folder: string,
  values: Readonly<Record<string, unknown>> & {
    readonly data: string | undefined;
    readonly depth: number;
    readonly device: DeviceChoice;
    readonly threads: number | undefined;
  },
): Promise<Resumed> {
  const { data, depth, ...rest } = values;
  const given: Readonly<Record<string, unknown>> = { ...rest, depth: depth === 1 ? undefined : depth };
  for (const [name, value] of Object.entries(given)) {
    if (beside.includes(name) || value === undefined || value === false) continue;
    const option = flagOf(name);
    throw new UsageError({
      at: option,
      expected: "no option of the training beside --resume",
      received: value === true ? option : String(value),
      hint: `the training's own are in ${folder}/run.json; others make another training, with another --out`,
    });
  }
  const { settings, engine } = await resumableRun(folder);
  if (data === undefined && !existsSync(settings.data)) {
    throw new DataError({
      at: folder,
      expected: `the images of this training in ${settings.data}`,
      received: "nothing there",
      hint: `if they have moved, name their place: ${commandLine(["bantam", "train", "FOLDER"], { resume: folder })}`,
    });
  }
  return {
    settings: data === undefined ? settings : { ...settings, data: resolve(data) },
    // The same device as before, so that the numbers are rounded as they were.
    device: values.device === "auto" ? (engine?.device ?? "auto") : values.device,
    threads: values.threads ?? engine?.threads,
  };
}
