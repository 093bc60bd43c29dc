/** Width, depth and resolution multipliers, each family with the rounding it was published with. */
import type { Architecture } from "./architecture.js";
import { makeDivisible, scaleRepeats } from "./rounding.js";

export type ScalingRules = {
  /** How a scaled width becomes whole: `makeDivisible`, or V1's truncation, never below `least`. */
  readonly widths:
    | { readonly kind: "divisible"; readonly divisor: 4 | 8 }
    | { readonly kind: "truncated"; readonly least: number };
  /** EfficientNet rounds repeats up; small networks, where that would add a block to every stage at once, to the nearest. */
  readonly repeats: "up" | "nearest";
  /** Whether the last convolution follows a width below 1. */
  readonly headConv: "scaled" | "neverNarrower";
  readonly headHidden: "scaled" | "fixed";
  /** The resolution is rounded to the nearest multiple of so many pixels. */
  readonly resolutionMultiple: number;
};

/** For networks without a published rule, such as those a search found. */
export const compoundRules: ScalingRules = {
  widths: { kind: "divisible", divisor: 8 },
  repeats: "up",
  headConv: "scaled",
  headHidden: "scaled",
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
  const { stem, head } = architecture;
  const multiple = rules.resolutionMultiple;
  const headWidth = rules.headConv === "neverNarrower" ? Math.max(1, width) : width;
  const hiddenWidth = rules.headHidden === "fixed" ? 1 : width;
  return {
    ...architecture,
    classes,
    channels,
    resolution: Math.max(1, Math.round(resolution / multiple)) * multiple,
    stem: { ...stem, channels: scaleWidth(stem.channels, width, rules) },
    stages: architecture.stages.map((stage) => ({
      ...stage,
      channels: scaleWidth(stage.channels, width, rules),
      repeats:
        rules.repeats === "up" ? scaleRepeats(stage.repeats, depth) : Math.max(1, Math.round(stage.repeats * depth)),
    })),
    head: {
      ...head,
      conv: head.conv === null ? null : scaleWidth(head.conv, headWidth, rules),
      hidden: head.hidden === null ? null : scaleWidth(head.hidden, hiddenWidth, rules),
    },
  };
}

function scaleWidth(channels: number, width: number, { widths }: ScalingRules): number {
  if (width === 1) return channels;
  if (widths.kind === "divisible") return makeDivisible(channels * width, widths.divisor);
  return Math.max(Math.floor(channels * width), widths.least);
}
