/**
 * The costs of one width of a network at every depth and resolution, compiled once.
 *
 * Every map of a network has the side ⌈resolution / 2ˡ⌉ for some level l. So MACs are a sum over levels of a coefficient times the
 * squared side, to which each repeat of a stage adds its own; parameters do not know the side at all; memory is the
 * largest of some forms in two squared sides, one for each layer, of which few can ever be the largest. Counting a candidate is then a
 * few dozen multiplications. The rules are those of `countArchitecture`; tests hold the two together.
 */
import {
  type Architecture,
  addsInput,
  blocks,
  type LayerReader,
  type Stage,
  squeezedWidth,
} from "../networks/index.js";

const FP32_BYTES = 4;

/** Numbers that live at one step: `input · side(level of input)² + output · side(level of output)² + vectors`. */
export type MapForm = {
  readonly inputLevel: number;
  readonly input: number;
  readonly outputLevel: number;
  readonly output: number;
  readonly vectors: number;
};

export type WidthForms = {
  /** Of stem, head and the first block of every stage. */
  readonly params: number;
  /** The same after folding, which leaves no place for the γ of batch norms. */
  readonly foldedParams: number;
  /** MACs that do not change with the side. */
  readonly macs: number;
  /** MACs per place of the map, by level. */
  readonly macsPerPlace: Float64Array;
  /** What one repeat of each stage adds, `REPEAT` numbers each: zeros in stages without repeats. One array, to be fast. */
  readonly repeats: Float64Array;
  /** For each of the masks given to `compileWidth`. */
  readonly memory: readonly (readonly MapForm[])[];
};

/** Places in `WidthForms.repeats`: all blocks of a repeat stand on the stage's own level. */
const [PARAMS, FOLDED, MACS, PER_PLACE, LEVEL, REPEAT] = [0, 1, 2, 3, 4, 5] as const;

type Work = { params: number; foldedAway: number; macs: number; readonly macsPerPlace: number[] };

type Tally = Work & {
  readonly steps: MapForm[];
  channels: number;
  level: number;
  /** Channels of the block's input, where they are kept to be added at its end. */
  keeps: number;
  /** Those of them that live beside the map that the next layer reads. */
  kept: number;
};

/**
 * @param repeats of each stage as published, 2 or more where depth can reach it. `architecture` has as many; its rows may
 *   be finer than these stages.
 * @param masks of each combination that will be asked for, which stages are repeated at all.
 */
export function compileWidth(
  architecture: Architecture,
  repeats: readonly number[],
  masks: readonly (readonly boolean[])[],
): WidthForms {
  const { stem, head, classes } = architecture;
  const levels = levelsOf(architecture);
  const once = newTally(levels, architecture.channels, 0);
  const rows = blocksOf(architecture);
  dense(once, stem.channels, stem.kernel, stem.stride);
  let start = 0;
  const repeated = repeats.map((count) => {
    const [first, next] = [rows[start]!, rows[start + 1]];
    start += count;
    block(once, first.stage, first.stride);
    if (count === 1) return null;
    const tally = newTally(levels, once.channels, once.level);
    block(tally, next!.stage, 1);
    return tally;
  });
  if (head.conv !== null) dense(once, head.conv, 1, 1);
  alive(once, once.level, once.channels, 0, once.channels); // the pool
  if (head.hidden !== null) {
    biased(once, once.channels, head.hidden, 0);
    if (head.hiddenNorm) normInPlaceOfBias(once, head.hidden);
  }
  biased(once, head.hidden ?? once.channels, classes, 0);
  return {
    params: once.params,
    foldedParams: once.params - once.foldedAway,
    macs: once.macs,
    macsPerPlace: Float64Array.from(once.macsPerPlace),
    repeats: Float64Array.from(repeated.flatMap(repeatNumbers)),
    memory: masks.map((mask) =>
      undominated([once, ...repeated.flatMap((tally, i) => (tally && mask[i] ? [tally] : []))], levels),
    ),
  };
}

function repeatNumbers(tally: Tally | null): readonly number[] {
  if (tally === null) return Array<number>(REPEAT).fill(0);
  const { params, foldedAway, macs, macsPerPlace, level } = tally;
  return [params, params - foldedAway, macs, macsPerPlace[level]!, level];
}

/** How many sides there are: the image's and one more for each stride. */
export function levelsOf({ stem, stages }: Architecture): number {
  return 1 + [stem, ...stages].filter(({ stride }) => stride === 2).length;
}

/** @param counts repeats of each stage beyond its first block. */
export function countParams({ params, repeats }: WidthForms, counts: Float64Array): number {
  return params + repeatedSum(repeats, PARAMS, counts);
}

/** Of folded weights. @param counts as in `countParams`. */
export function countWeightBytes({ foldedParams, repeats }: WidthForms, counts: Float64Array): number {
  return FP32_BYTES * (foldedParams + repeatedSum(repeats, FOLDED, counts));
}

function repeatedSum(repeats: Float64Array, what: number, counts: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]! * repeats[i * REPEAT + what]!;
  return sum;
}

/** @param counts as in `countParams`. @param squares of the sides of the maps, by level. */
export function countMacs(forms: WidthForms, counts: Float64Array, squares: Float64Array): number {
  const { macsPerPlace, repeats } = forms;
  let { macs } = forms;
  for (let level = 0; level < macsPerPlace.length; level++) macs += macsPerPlace[level]! * squares[level]!;
  for (let i = 0, at = 0; i < counts.length; i++, at += REPEAT) {
    macs += counts[i]! * (repeats[at + MACS]! + repeats[at + PER_PLACE]! * squares[repeats[at + LEVEL]!]!);
  }
  return macs;
}

/** @param forms those of the mask that goes with the depth. */
export function countMemory(forms: readonly MapForm[], squares: Float64Array): number {
  let most = 0;
  for (let i = 0; i < forms.length; i++) {
    const { inputLevel, input, outputLevel, output, vectors } = forms[i]!;
    const numbers = input * squares[inputLevel]! + output * squares[outputLevel]! + vectors;
    if (numbers > most) most = numbers;
  }
  return FP32_BYTES * most;
}

function blocksOf({ stages }: Architecture): { readonly stage: Stage; readonly stride: 1 | 2 }[] {
  return stages.flatMap((stage) =>
    Array.from({ length: stage.repeats }, (_, i) => ({ stage, stride: i === 0 ? stage.stride : 1 })),
  );
}

const newTally = (levels: number, channels: number, level: number): Tally => ({
  params: 0,
  foldedAway: 0,
  macs: 0,
  macsPerPlace: Array<number>(levels).fill(0),
  steps: [],
  channels,
  level,
  keeps: 0,
  kept: 0,
});

function alive(tally: Tally, inputLevel: number, input: number, output: number, vectors: number): void {
  tally.steps.push({ inputLevel, input, outputLevel: tally.level, output, vectors });
}

function dense(tally: Tally, channels: number, kernel: number, stride: number): void {
  filter(tally, channels, channels * tally.channels * kernel * kernel, stride);
}

function filter(tally: Tally, channels: number, weights: number, stride: number): void {
  const [inputLevel, input] = [tally.level, tally.channels];
  if (stride === 2) tally.level++;
  tally.channels = channels;
  tally.params += weights + 2 * channels;
  tally.foldedAway += channels;
  tally.macsPerPlace[tally.level]! += weights;
  // A block that keeps its input keeps its side, so that both maps are of one level.
  alive(tally, inputLevel, input + tally.kept, channels, 0);
  tally.kept = tally.keeps;
}

/** On a pooled vector, beside maps of `kept` channels. */
function biased(tally: Tally, input: number, output: number, kept: number): void {
  tally.params += (input + 1) * output;
  tally.macs += input * output;
  alive(tally, tally.level, kept, 0, input + output);
}

/** γ and β where a bias was counted; folded, a bias again. */
function normInPlaceOfBias(tally: Tally, channels: number): void {
  tally.params += channels;
  tally.foldedAway += channels;
}

function block(tally: Tally, stage: Stage, stride: 1 | 2): void {
  tally.keeps = addsInput(stage, tally.channels, stride) ? tally.channels : 0;
  tally.kept = 0;
  blocks[stage.block].layers(readerOf(tally), stage, tally.channels, stride);
  tally.keeps = 0;
  tally.kept = 0;
}

const readerOf = (tally: Tally): LayerReader => ({
  convolution: (_, channels, kernel, stride) => dense(tally, channels, kernel, stride),
  depthwise: (_, kernel, stride) => filter(tally, tally.channels, tally.channels * kernel * kernel, stride),
  squeezeExcite: (spec, blockInput) => {
    const wide = tally.channels;
    const squeezed = squeezedWidth(spec, blockInput, wide);
    alive(tally, tally.level, tally.kept + wide, 0, wide); // the pool
    biased(tally, wide, squeezed, tally.kept + wide);
    biased(tally, squeezed, wide, tally.kept + wide);
    tally.kept = tally.keeps;
    alive(tally, tally.level, tally.kept + wide, 0, wide); // the product
  },
});

/** Which blocks add their input to their output: where two widths differ in it, the wider one may need less memory. */
export function residualPattern(architecture: Architecture): string {
  let input = architecture.stem.channels;
  return blocksOf(architecture)
    .map(({ stage, stride }) => {
      const adds = addsInput(stage, input, stride);
      input = stage.channels;
      return adds ? "+" : "-";
    })
    .join("");
}

/** The forms that can be the largest for some sides, each level's at most as large as that of the level before. */
function undominated(tallies: readonly Tally[], levels: number): readonly MapForm[] {
  const forms = tallies
    .flatMap(({ steps }) => steps)
    .map((form) => ({ form, sums: prefixSums(form, levels) }))
    // The larger ones first, so that most others fall to the first comparisons.
    .sort((a, b) => b.sums.at(-1)! - a.sums.at(-1)!);
  const kept: typeof forms = [];
  for (const each of forms) {
    if (!kept.some(({ sums }) => sums.every((sum, level) => sum >= each.sums[level]!))) kept.push(each);
  }
  return kept.map(({ form }) => form);
}

/**
 * Coefficients summed from the finest level on, vectors last. Sides never grow with the level, so a form whose sums are all as
 * large as another's is never the smaller of the two (summation by parts).
 */
function prefixSums({ inputLevel, input, outputLevel, output, vectors }: MapForm, levels: number): number[] {
  let sum = 0;
  const sums = Array.from({ length: levels }, (_, level) => {
    if (level === inputLevel) sum += input;
    if (level === outputLevel) sum += output;
    return sum;
  });
  return [...sums, sum + vectors];
}
