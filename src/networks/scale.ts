/** Width, depth and resolution multipliers, each family with the rounding it was published with. */
import type { Architecture, Stage } from "./architecture.js";
import { makeDivisible, scaleRepeats } from "./blocks/rounding.js";

/** How a layer answers to the width multiplier; `neverNarrower`: only to those above 1. */
type Response = "scaled" | "neverNarrower" | "fixed";

export type ScalingRules = {
  /** How a scaled width becomes whole: `makeDivisible`, with its `leaves`, or V1's truncation, never below `least`. */
  readonly widths:
    | { readonly kind: "divisible"; readonly divisor: 4 | 8; readonly leaves?: number }
    | { readonly kind: "truncated"; readonly least: number };
  /** EfficientNet rounds repeats up; small networks, where that would add a block to every stage at once, to the nearest. */
  readonly repeats: "up" | "nearest";
  /** Whether the depth multiplier reaches the first and the last stage; the Lite networks spare them. */
  readonly endRepeats: "scaled" | "fixed";
  readonly stem: Response;
  /** The last convolution; `sixfold`: six times as wide as the last stage, torchvision's rule for MobileNetV3. */
  readonly headConv: Response | "sixfold";
  readonly headHidden: Response;
  /**
   * What an expansion keeps: its ratio to the block's scaled input, or the width the unscaled table prints, times the
   * multiplier (torchvision's rule for MobileNetV3).
   */
  readonly expansion: "ofInput" | "ofTable";
  /** The resolution is rounded to the nearest multiple of so many pixels. */
  readonly resolutionMultiple: number;
};

/** For networks without a published rule, such as those a search found. */
export const compoundRules: ScalingRules = {
  widths: { kind: "divisible", divisor: 8 },
  repeats: "up",
  endRepeats: "scaled",
  stem: "scaled",
  headConv: "scaled",
  headHidden: "scaled",
  expansion: "ofInput",
  resolutionMultiple: 1,
};

export type Scaling = {
  /** Multiplies the channels of stem, stages and head; 1 leaves them as they are, divisible or not. */
  readonly width?: number;
  /** Multiplies the repeats of every stage. */
  readonly depth?: number;
  /** Of the input, in pixels, before rounding. */
  readonly resolution?: number;
  readonly classes?: number;
  readonly channels?: 1 | 3;
  readonly rules?: ScalingRules;
};

/**
 * The network made wider, deeper or finer. Strides stay as they are.
 * @source Tan and Le 2019, arXiv:1905.11946, §3.3; each family's own rule in its file
 */
export function scaleArchitecture(architecture: Architecture, scaling: Scaling): Architecture {
  const { width = 1, depth = 1, rules = compoundRules } = scaling;
  const { classes = architecture.classes, channels = architecture.channels } = scaling;
  const { resolution = architecture.resolution } = scaling;
  const { stem, stages, head } = architecture;
  const multiple = rules.resolutionMultiple;
  const channelsFor = (unscaled: number, response: Response) =>
    scaleWidth(unscaled, responseTo(width, response), rules);
  const scaledStem = { ...stem, channels: channelsFor(stem.channels, rules.stem) };
  const scaledStages = stages.map((stage, i) => ({
    ...stage,
    channels: channelsFor(stage.channels, "scaled"),
    repeats: repeatsOf(stage.repeats, isEnd(i, stages.length) && rules.endRepeats === "fixed" ? 1 : depth, rules),
  }));
  const scaledHead = (unscaled: number) =>
    rules.headConv === "sixfold" ? 6 * scaledStages.at(-1)!.channels : channelsFor(unscaled, rules.headConv);
  const scaled: Architecture = {
    ...architecture,
    classes,
    channels,
    resolution: Math.max(1, Math.round(resolution / multiple)) * multiple,
    stem: scaledStem,
    stages: scaledStages,
    head: {
      ...head,
      conv: head.conv === null ? null : scaledHead(head.conv),
      hidden: head.hidden === null ? null : channelsFor(head.hidden, rules.headHidden),
    },
  };
  if (rules.expansion === "ofInput" || width === 1) return scaled;
  return { ...scaled, stages: withTableExpansions(architecture, scaled, width, rules) };
}

const isEnd = (i: number, stages: number) => i === 0 || i === stages - 1;

function responseTo(width: number, response: Response): number {
  if (response === "fixed") return 1;
  return response === "neverNarrower" ? Math.max(1, width) : width;
}

function repeatsOf(repeats: number, depth: number, rules: ScalingRules): number {
  return rules.repeats === "up" ? scaleRepeats(repeats, depth) : Math.max(1, Math.round(repeats * depth));
}

function scaleWidth(channels: number, width: number, { widths }: ScalingRules): number {
  if (width === 1) return channels;
  if (widths.kind === "divisible") return makeDivisible(channels * width, widths.divisor, widths.leaves);
  return Math.max(Math.floor(channels * width), widths.least);
}

/** The scaled stages with the expanded widths that `table` prints, scaled. A row's first block has another input than its repeats. */
function withTableExpansions(
  table: Architecture,
  scaled: Architecture,
  width: number,
  rules: ScalingRules,
): readonly Stage[] {
  let [input, scaledInput] = [table.stem.channels, scaled.stem.channels];
  return scaled.stages.flatMap((row, i) => {
    const { expansion, channels } = table.stages[i]!;
    const ratio = (printedInput: number, builtInput: number) =>
      scaleWidth(printedInput * expansion, width, rules) / builtInput;
    const first = { ...row, repeats: 1, expansion: ratio(input, scaledInput) };
    const rest = { ...row, repeats: row.repeats - 1, stride: 1 as const, expansion: ratio(channels, row.channels) };
    [input, scaledInput] = [channels, row.channels];
    return rest.repeats === 0 ? [first] : [first, rest];
  });
}
