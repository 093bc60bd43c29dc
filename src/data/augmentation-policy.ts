/**
 * Policies: which changes of `picture-ops.ts` a training picture goes through, and how far.
 *
 * Magnitudes are those of torchvision, which follow the papers; translations of TrivialAugment are in pixels whatever the side.
 *
 * @source AutoAugment: Cubuk et al. 2018, arXiv:1805.09501. RandAugment: Cubuk et al. 2019, arXiv:1909.13719. TrivialAugment
 *   (Wide): Müller and Hutter 2021, arXiv:2103.10158
 */
import type { Rng } from "../base/index.js";
import autoAugment from "./autoaugment-policies.json" with { type: "json" };
import { roundHalfToEven } from "./half-to-even.js";
import type { Picture } from "./picture.js";
import { type PictureOp, pictureOps } from "./picture-ops.js";

export type AugmentationPolicy =
  /** One change, drawn evenly, at a magnitude drawn evenly. */
  | { readonly kind: "trivial" }
  /** So many changes, each drawn evenly, all at one of 31 magnitudes, 0 to 30. */
  | { readonly kind: "randaugment"; readonly ops: number; readonly magnitude: number }
  /** One of the 25 pairs of changes found on that dataset, each with its probability and magnitude. */
  | { readonly kind: "autoaugment"; readonly of: "imagenet" | "cifar10" | "svhn" };

type Range = {
  /** Magnitude at a level in [0, 1]. */
  readonly at: (level: number, side: number) => number;
  readonly signed: boolean;
};

const signed = (at: Range["at"]): Range => ({ at, signed: true });
const unsigned = (at: Range["at"]): Range => ({ at, signed: false });
const upTo = (most: number) => signed((level) => most * level);
const none = unsigned(() => 0);
const sideways = signed((level, side) => (150 / 331) * side * level);
/** Bits that are kept: from 8 down by so many. */
const bits = (fewer: number) => unsigned((level) => 8 - roundHalfToEven(fewer * level));
const brightest = unsigned((level) => 255 * (1 - level));

const ranges: Readonly<Record<PictureOp, Range>> = {
  Identity: none,
  ShearX: upTo(0.3),
  ShearY: upTo(0.3),
  TranslateX: sideways,
  TranslateY: sideways,
  Rotate: upTo(30),
  Brightness: upTo(0.9),
  Color: upTo(0.9),
  Contrast: upTo(0.9),
  Sharpness: upTo(0.9),
  Posterize: bits(4),
  Solarize: brightest,
  AutoContrast: none,
  Equalize: none,
  Invert: none,
};

const { Invert: _, ...withoutInvert } = ranges;
const wide = { ShearX: upTo(0.99), ShearY: upTo(0.99), TranslateX: upTo(32), TranslateY: upTo(32), Rotate: upTo(135) };
const factors = { Brightness: upTo(0.99), Color: upTo(0.99), Contrast: upTo(0.99), Sharpness: upTo(0.99) };

const entriesOf = (table: Partial<Readonly<Record<PictureOp, Range>>>) =>
  Object.entries(table) as unknown as readonly (readonly [PictureOp, Range])[];

const randChanges = entriesOf(withoutInvert);
const trivialChanges = entriesOf({ ...withoutInvert, ...wide, ...factors, Posterize: bits(6) });

/** Of RandAugment and TrivialAugment, beside zero. */
const LEVELS = 30;
/** Of AutoAugment. */
const AUTO_LEVELS = 9;

/** One change that is to be made. */
export type PolicyStep = { readonly op: PictureOp; readonly magnitude: number };

/** Draws what happens to one picture of this side. */
export function drawPolicy(policy: AugmentationPolicy, side: number, rng: Rng): PolicyStep[] {
  const stepOf = (op: PictureOp, { at, signed }: Range, level: number): PolicyStep => {
    const magnitude = at(level, side);
    return { op, magnitude: signed && rng.uniform() < 0.5 ? -magnitude : magnitude };
  };
  switch (policy.kind) {
    case "trivial": {
      const [op, range] = rng.choice(trivialChanges);
      return [stepOf(op, range, rng.integer(LEVELS + 1) / LEVELS)];
    }
    case "randaugment":
      return Array.from({ length: policy.ops }, () => {
        const [op, range] = rng.choice(randChanges);
        return stepOf(op, range, policy.magnitude / LEVELS);
      });
    case "autoaugment": {
      const pair = rng.choice(autoAugment[policy.of]) as unknown as readonly (readonly [
        PictureOp,
        number,
        number | null,
      ])[];
      return pair.flatMap(([op, probability, level]) =>
        rng.uniform() < probability ? [stepOf(op, ranges[op], (level ?? 0) / AUTO_LEVELS)] : [],
      );
    }
    default:
      return policy satisfies never;
  }
}

/** The pixels after all steps; the picture's own are left as they are. */
export function applyPolicy({ side, channels, ...picture }: Picture, steps: readonly PolicyStep[]): Uint8Array {
  return steps.reduce(
    (pixels, { op, magnitude }) => pictureOps[op]({ pixels, side, channels }, magnitude),
    picture.pixels,
  );
}
