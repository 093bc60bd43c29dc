/**
 * How large a network is in each of the three dimensions, measured on the network and not on the multipliers that made it: rounding
 * makes 1.44 times as many blocks of a depth multiplier of 1.1, and nothing at all of most small steps in width.
 */
import {
  type Architecture,
  type BuildOptions,
  compoundRules,
  expandedWidth,
  originOf,
  type ScalingRules,
  scaleArchitecture,
} from "../networks/index.js";

export type Shape = {
  /** Blocks ÷ blocks of the family's baseline. */
  readonly depth: number;
  /** Channels ÷ those of the baseline: the geometric mean over all layers that the multiplier reaches. */
  readonly width: number;
  /** Side of the image ÷ 224. */
  readonly resolution: number;
};

export const REFERENCE_SIDE = 224;

/** So deep that each row that depth reaches has two blocks at least. */
export const DEEP = 2;

/**
 * Of a network that `buildArchitecture` would make of the same arguments.
 * @throws {UsageError} when there is no network of that name.
 */
export function shapeOf(name: string, options: Pick<BuildOptions, "depth" | "width" | "resolution"> = {}): Shape {
  const origin = originOf(name);
  const { baseline, rules } = origin;
  const { depth = 1, width = 1, resolution = origin.resolution } = options;
  const total = origin.width * width;
  const repeatsAt = (multiplier: number) =>
    scaleArchitecture(baseline, { depth: multiplier, rules }).stages.map(({ repeats }) => repeats);
  const deep = repeatsAt(DEEP);
  const widthsAt = (multiplier: number) =>
    reachedWidths(scaleArchitecture(baseline, { depth: DEEP, width: multiplier, rules }), deep, rules, total);
  return {
    depth: depthOf(repeatsAt(origin.depth * depth), repeatsAt(1)),
    width: widthOf(widthsAt(total), widthsAt(1)),
    resolution: resolution / REFERENCE_SIDE,
  };
}

export const depthOf = (repeats: readonly number[], baseline: readonly number[]) => sum(repeats) / sum(baseline);

const sum = (numbers: readonly number[]) => numbers.reduce((total, n) => total + n, 0);

/**
 * Widths of all layers in the order of the network, a stage's repeats once.
 *
 * @param architecture with as many repeats of each stage as `repeats` says; its rows may be finer than the stages.
 */
export function allWidths(architecture: Architecture, repeats: readonly number[]): number[] {
  return reachedWidths(architecture, repeats, compoundRules, 1);
}

/** The same without the layers that do not answer to a multiplier: those that stay, or are never made narrower. */
export function reachedWidths(
  { stem, stages, head }: Architecture,
  repeats: readonly number[],
  rules: ScalingRules,
  multiplier: number,
): number[] {
  const answers = (response: ScalingRules["headConv"]) =>
    response === "scaled" || response === "sixfold" || (response === "neverNarrower" && multiplier > 1);
  const widths: number[] = answers(rules.stem) ? [stem.channels] : [];
  const rows = stages.flatMap((stage) => Array<typeof stage>(stage.repeats).fill(stage));
  let [start, input] = [0, stem.channels];
  for (const count of repeats) {
    // The first block of a stage has another input than its repeats, and so may have another expanded width.
    for (const { expansion, channels } of rows.slice(start, start + Math.min(count, 2))) {
      widths.push(expandedWidth(input, expansion), channels);
      input = channels;
    }
    start += count;
  }
  if (head.conv !== null && answers(rules.headConv)) widths.push(head.conv);
  if (head.hidden !== null && answers(rules.headHidden)) widths.push(head.hidden);
  return widths;
}

/** @param widths and `baseline` as `reachedWidths` gives both for one multiplier. */
export function widthOf(widths: readonly number[], baseline: readonly number[]): number {
  const logs = widths.map((width, i) => Math.log(width / baseline[i]!));
  return Math.exp(sum(logs) / logs.length);
}
