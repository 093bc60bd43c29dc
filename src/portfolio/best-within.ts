/** The size of a rule's networks that makes most of a budget. */
import { InfeasibleError } from "../base/index.js";
import type { Architecture } from "../networks/index.js";
import { type Budget, brokenLimits, type CostsAndLatency, costOf, inWords, type LimitName } from "../scaling/index.js";
import { type Input, networkOf, type ShapeRule, type Size } from "./shape-rule.js";
import { trainingWork } from "./training-work.js";

export type Sized = {
  readonly size: Size;
  readonly architecture: Architecture;
  readonly costs: CostsAndLatency;
  /** Limits that a next larger network breaks, in one of its numbers, the others as they are; the fullest here first. */
  readonly binding: readonly LimitName[];
};

export type SizeOptions = {
  readonly input: Input;
  /** That the images can be had in, px. */
  readonly sides: readonly number[];
  readonly budget: Budget;
  readonly costsOf: (architecture: Architecture) => CostsAndLatency;
  /** `trainingWork` of a network that can be trained to its end in the time there is; no limit where left out. A network of more is trained less. */
  readonly work?: number | undefined;
};

/** From small to large: costs rise along each. */
const choices = {
  stem: [4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192],
  growth: [1, 1.2, 1.4, 1.6, 1.8, 2, 2.25, 2.5, 2.75, 3],
  depth: [1, 2, 3, 4, 5, 6, 7, 8],
  lastDepth: [1, 2, 3, 4, 5, 6, 7, 8, 10, 12],
} as const;

/** @throws {InfeasibleError} when not even the smallest keeps the budget. */
export function bestWithin(rule: ShapeRule, options: SizeOptions): Sized {
  let best: Counted | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (const counted of within(rule, options)) {
    const score = scoreOf(rule, counted, options);
    if (score > most) [best, most] = [counted, score];
  }
  if (best === undefined) throw tooSmall(rule, options);
  const fullness = (limit: LimitName) => costOf(best!.costs, limit) / options.budget[limit]!;
  const binding = bindingOf(rule, best.size, options).sort((a, b) => fullness(b) - fullness(a));
  return { ...best, binding };
}

type Counted = Omit<Sized, "binding">;

/** All that keep the budget. Costs rise with each number, so the first that breaks a limit ends its line. */
function* within(rule: ShapeRule, options: SizeOptions): Generator<Counted> {
  const least = { growth: choices.growth[0], depth: 1, lastDepth: 1 };
  for (const side of options.sides.toSorted((a, b) => a - b)) {
    for (const stem of choices.stem) {
      if (fitting(rule, { side, stem, ...least }, options) === null) break;
      for (const growth of choices.growth) {
        if (fitting(rule, { ...least, side, stem, growth }, options) === null) break;
        for (const depth of choices.depth) {
          if (fitting(rule, { ...least, side, stem, growth, depth }, options) === null) break;
          for (const lastDepth of choices.lastDepth) {
            const counted = fitting(rule, { side, stem, growth, depth, lastDepth }, options);
            if (counted === null) break;
            yield counted;
          }
        }
      }
    }
  }
}

function fitting(rule: ShapeRule, size: Size, { input, budget, costsOf }: SizeOptions): Counted | null {
  const architecture = networkOf(rule, input, size);
  const costs = costsOf(architecture);
  return brokenLimits(costs, budget).length === 0 ? { size, architecture, costs } : null;
}

/**
 * A guess at accuracy, for networks of one rule: it rises with parameters, operations and side. It falls with the distance from the
 * proportions that are usual for the side, and with what the training is too short by.
 */
function scoreOf(
  { usual }: ShapeRule,
  { size, costs, architecture }: Counted,
  { budget, work = Number.POSITIVE_INFINITY }: SizeOptions,
): number {
  // What nobody limits is grown for its own sake only a little.
  const gain = (limit: "params" | "macs") => (budget[limit] === undefined ? 0.3 : 1) * Math.log2(costs[limit]);
  const away = (value: number, from: number, weight: number) => weight * Math.log2(value / from) ** 2;
  const tooShort = Math.max(0, Math.log2(trainingWork(architecture) / work));
  return (
    gain("params") +
    gain("macs") +
    0.5 * Math.log2(size.side) -
    away(size.stem, usual.stem * (size.side / usual.side) ** 0.15, 0.5) -
    away(size.growth, usual.growth, 2) -
    away(size.lastDepth / size.depth, usual.lastDepth / usual.depth, 0.25) -
    0.5 * tooShort ** 2
  );
}

function bindingOf(rule: ShapeRule, size: Size, options: SizeOptions): LimitName[] {
  const { budget, costsOf, input, sides } = options;
  const next = (values: readonly number[], value: number) => values.find((each) => each > value);
  const larger = [
    ...Object.entries(choices).map(([key, values]) => [key, next(values, size[key as keyof typeof choices])] as const),
    [
      "side",
      next(
        sides.toSorted((a, b) => a - b),
        size.side,
      ),
    ] as const,
  ];
  const broken = larger.flatMap(([key, value]) =>
    value === undefined ? [] : brokenLimits(costsOf(networkOf(rule, input, { ...size, [key]: value })), budget),
  );
  return [...new Set(broken)];
}

function tooSmall(rule: ShapeRule, { input, sides, budget, costsOf }: SizeOptions): InfeasibleError {
  const size = { side: Math.min(...sides), stem: choices.stem[0], growth: choices.growth[0], depth: 1, lastDepth: 1 };
  const costs = costsOf(networkOf(rule, input, size));
  const broken = brokenLimits(costs, budget);
  return new InfeasibleError({
    at: "budget",
    expected: `at most ${inWords(broken, budget)}`,
    received: `${inWords(broken, costs)} in the smallest network there is for these images (${size.side} px)`,
    hint: "raise the limit",
  });
}
