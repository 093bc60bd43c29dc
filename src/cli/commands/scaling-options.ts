/** What `scaling-search` and `scaling-study` have in common on the command line. */
import { basename, join, resolve } from "node:path";
import { commandLine, looksLikeServer, UsageError } from "../../base/index.js";
import type { Shape } from "../../data/index.js";
import type { ScalingOptions } from "../../jobs/index.js";
import type { DeviceChoice } from "../../runtime/index.js";
import { shownPlace } from "../../study/index.js";
import type { Context } from "../command.js";
import { cacheFolder, cacheOptions, deviceOptions, engineOf, shapeFrom, shapeOption } from "./common-options.js";

export const scalingOptions = {
  baseline: {
    kind: "text",
    placeholder: "NETWORK|FILE",
    help: "a published network (mobilenet-v2-0.35@16), a model (.safetensors) or an architecture (.json); by default a small MobileNetV2 at half the side of the images",
  },
  study: {
    kind: "place",
    help: "folder for trainings and results, or postgres:// address of the trainings; by default runs/COMMAND-DATA",
  },
  ...shapeOption,
  epochs: { kind: "integer", min: 1, max: 1000, default: 4, help: "of each training" },
  seeds: { kind: "integer", min: 1, max: 100, default: 3, help: "trainings of each network" },
  "retry-failed": { kind: "flag", help: "train points again that failed before" },
  overwrite: { kind: "flag", help: "train all points anew; by default other conditions in this folder are refused" },
  ...deviceOptions,
  ...cacheOptions,
} as const;

type ScalingValues = {
  readonly data: string;
  readonly exclude: string | undefined;
  readonly shape: "auto" | Shape | undefined;
  readonly baseline: string | undefined;
  readonly study: string | undefined;
  readonly epochs: number;
  readonly seeds: number;
  readonly retryFailed: boolean;
  readonly overwrite: boolean;
  readonly device: DeviceChoice;
  readonly threads: number | undefined;
  readonly cache: string | undefined;
};

/** @param flags of the one command, as typed. */
export async function scalingOptionsOf(
  command: "scaling-search" | "scaling-study",
  values: ScalingValues,
  flags: Readonly<Record<string, string | number | undefined>>,
  context: Context,
): Promise<ScalingOptions> {
  const { data, baseline, epochs, seeds } = values;
  const folder = join("runs", `${command}-${basename(resolve(data))}`);
  const study = values.study ?? folder;
  const out = looksLikeServer(study) ? folder : study;
  const engine = await engineOf(values, context);
  const given = {
    baseline,
    exclude: values.exclude,
    shape: shapeFrom(values),
    study: shownPlace(study),
    epochs,
    seeds,
    ...flags,
    threads: engine.threads,
    device: engine.device,
    cache: values.cache,
  };
  return {
    data,
    shape: given.shape,
    baseline,
    study,
    out,
    epochs,
    seeds,
    retry: values.retryFailed,
    overwrite: values.overwrite,
    command: commandLine(["bantam", command, data], given),
    engine,
    cacheDir: await cacheFolder(values.cache, context),
    signal: context.signal,
    progress: context.progress,
  };
}

/**
 * `1.4,2,2.8`, or `none`.
 * @throws {UsageError} when a part is no number from `least` to `most`.
 */
export function parseFactors(at: string, text: string, [least, most]: readonly [number, number]): number[] {
  if (text === "none") return [];
  return text.split(",").map((part) => {
    const value = /^\s*\d+(\.\d+)?\s*$/.test(part) ? Number(part) : Number.NaN;
    if (value >= least && value <= most) return value;
    throw new UsageError({
      at,
      expected: `numbers from ${least} to ${most} with commas between, or none`,
      received: JSON.stringify(text),
      hint: `${at} 1.4,2,2.8`,
    });
  });
}
