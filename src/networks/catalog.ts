/** The published networks by name. */
import { UsageError } from "../base/index.js";
import type { Architecture } from "./architecture.js";
import { efficientnetB0, efficientnetRules, efficientnetVariants } from "./efficientnet.js";
import { mobilenetV1, mobilenetV1Rules } from "./mobilenet-v1.js";
import { mobilenetV2, mobilenetV2Rules } from "./mobilenet-v2.js";
import { mobilenetV3Large, mobilenetV3Rules, mobilenetV3Small } from "./mobilenet-v3.js";
import { nearestWord } from "./nearest.js";
import { type ScalingRules, scaleArchitecture } from "./scale.js";
import { fitStrides } from "./small-images.js";

/** A member of a family: a baseline, the family's rules, and the multipliers it was published with. */
type Entry = {
  readonly baseline: Architecture;
  readonly rules: ScalingRules;
  readonly width: number;
  readonly depth: number;
  readonly resolution: number;
};

const alone = (baseline: Architecture, rules: ScalingRules): [string, Entry] => [
  baseline.name,
  { baseline, rules, width: 1, depth: 1, resolution: baseline.resolution },
];

const entries: ReadonlyMap<string, Entry> = new Map([
  alone(mobilenetV1, mobilenetV1Rules),
  alone(mobilenetV2, mobilenetV2Rules),
  alone(mobilenetV3Large, mobilenetV3Rules),
  alone(mobilenetV3Small, mobilenetV3Rules),
  ...Object.entries(efficientnetVariants).map(([name, { dropout, ...scaling }]): [string, Entry] => [
    name,
    { baseline: { ...efficientnetB0, name, dropout }, rules: efficientnetRules, ...scaling },
  ]),
]);

export const networkNames: readonly string[] = [...entries.keys()];

export type BuildOptions = {
  /** Relative to the named network; 1 is as published. */
  readonly width?: number;
  /** Relative to the named network; 1 is as published. */
  readonly depth?: number;
  /** Side of the input, in pixels; by default the published one. */
  readonly resolution?: number;
  readonly classes?: number;
  readonly channels?: 1 | 3;
};

/**
 * A published network under the multipliers of its paper. Below 96 px it loses strides by the rule of `small-images.ts`.
 *
 * @throws {UsageError} when there is no network of that name, with the nearest one there is, or when an option is out of
 *   its range.
 * @example buildArchitecture("mobilenet-v2", { width: 0.35, resolution: 96, classes: 10 })
 */
export function buildArchitecture(name: string, options: BuildOptions = {}): Architecture {
  const { baseline, rules, ...published } = entryOf(name);
  const { width = 1, depth = 1, resolution = published.resolution, classes = 1000, channels = 3 } = options;
  check("width", width > 0 && width <= 16, "a multiplier above 0, at most 16", width);
  check("depth", depth > 0 && depth <= 16, "a multiplier above 0, at most 16", depth);
  check("resolution", isWhole(resolution, 8, 4096), "a whole number of pixels, 8 to 4096", resolution);
  check("classes", isWhole(classes, 2, 1_000_000), "a whole number, 2 to 1000000", classes);
  const scaled = scaleArchitecture(baseline, {
    width: published.width * width,
    depth: published.depth * depth,
    resolution,
    classes,
    channels,
    rules,
  });
  return fitStrides(scaled);
}

function entryOf(name: string): Entry {
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  throw new UsageError({
    at: "network",
    expected: `one of ${networkNames.join(", ")}`,
    received: JSON.stringify(name),
    hint: `did you mean "${nearestWord(name.toLowerCase(), networkNames)}"?`,
  });
}

const isWhole = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most;

function check(at: string, condition: boolean, expected: string, received: number): void {
  if (!condition) throw new UsageError({ at, expected, received: String(received) });
}
