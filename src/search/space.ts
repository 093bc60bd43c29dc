/**
 * What a search may vary: inverted-residual stages with their kernel, expansion, squeeze-excite, width and depth, and for the
 * whole network activation, stem, head and resolution. The space is data; a candidate is a choice of one entry from each of
 * its lists, so equal candidates are equal JSON.
 */
import type { Rng } from "../base/index.js";
import { type Activation, type Architecture, halvingsFor, makeDivisible, type Stage } from "../networks/index.js";

export type StageSpace = {
  readonly stride: 1 | 2;
  readonly kernels: readonly (3 | 5)[];
  readonly expansions: readonly number[];
  readonly squeezeExcite: readonly boolean[];
  readonly channels: readonly number[];
  readonly repeats: readonly number[];
};

/** Every list runs from cheap to expensive, where one of two choices is cheaper. */
export type SearchSpace = {
  readonly classes: number;
  readonly channels: 1 | 3;
  readonly resolutions: readonly number[];
  /** Multiplies stem, stages and head; the result is rounded to a multiple of 4. */
  readonly widths: readonly number[];
  readonly stemStrides: readonly (1 | 2)[];
  readonly stemChannels: number;
  readonly activations: readonly Activation[];
  readonly stages: readonly StageSpace[];
  readonly headChannels: readonly number[];
};

export type StageChoice = {
  readonly kernel: 3 | 5;
  readonly expansion: number;
  readonly squeezeExcite: boolean;
  readonly channels: number;
  readonly repeats: number;
};

export type Candidate = {
  readonly resolution: number;
  readonly width: number;
  readonly stemStride: 1 | 2;
  readonly activation: Activation;
  readonly stages: readonly StageChoice[];
  readonly headChannels: number;
};

/** Channel counts of searched networks are multiples of this: fine enough for small budgets, and what SIMD units like. */
export const CHANNEL_DIVISOR = 4;

/** Strides of the five stages, by how often the map is halved in all, the stem's halving included. */
const stageStrides: Readonly<Record<number, readonly (1 | 2)[]>> = {
  1: [1, 1, 1, 1, 1],
  2: [1, 1, 2, 1, 1],
  3: [1, 2, 1, 2, 1], // 28 px: 14 14 7 7 4 4
  4: [1, 2, 2, 1, 2], // 64 px: 32 32 16 8 8 4
  5: [1, 2, 2, 2, 2], // 224 px: 112 112 56 28 14 7
};

/**
 * The space for images of one size: five stages as in MobileNet v3 and EfficientNet, each free in five ways. Small images
 * are halved less often, by the rule for the published networks.
 *
 * @param resolutions from small to large, px.
 */
export function imageSpace(options: { classes: number; channels: 1 | 3; resolutions: readonly number[] }): SearchSpace {
  const largest = Math.max(...options.resolutions);
  const strides = stageStrides[Math.max(1, halvingsFor(largest, 5))]!;
  const stage = (index: number, channels: readonly number[], repeats: readonly number[]): StageSpace => ({
    stride: strides[index]!,
    kernels: [3, 5],
    expansions: index === 0 ? [1, 2, 3] : [2, 3, 4, 6],
    squeezeExcite: [false, true],
    channels,
    repeats,
  });
  return {
    ...options,
    widths: [0.25, 0.35, 0.5, 0.75, 1, 1.25, 1.5, 2],
    // A stem that keeps the map is affordable, and worth it, where there are few pixels.
    stemStrides: largest < 48 ? [2, 1] : [2],
    stemChannels: 16,
    activations: ["relu", "relu6", "hardSwish"],
    stages: [
      stage(0, [12, 16, 20], [1]),
      stage(1, [16, 24, 32], [1, 2]),
      stage(2, [32, 40, 48], [1, 2, 3]),
      stage(3, [56, 72, 88], [1, 2, 3]),
      stage(4, [88, 112, 136], [1, 2]),
    ],
    headChannels: [128, 192, 256, 384],
  };
}

export function sampleCandidate(space: SearchSpace, rng: Rng): Candidate {
  return {
    resolution: rng.choice(space.resolutions),
    width: rng.choice(space.widths),
    stemStride: rng.choice(space.stemStrides),
    activation: rng.choice(space.activations),
    stages: space.stages.map((stage) => sampleStage(stage, rng)),
    headChannels: rng.choice(space.headChannels),
  };
}

const sampleStage = (stage: StageSpace, rng: Rng): StageChoice => ({
  kernel: rng.choice(stage.kernels),
  expansion: rng.choice(stage.expansions),
  squeezeExcite: rng.choice(stage.squeezeExcite),
  channels: rng.choice(stage.channels),
  repeats: rng.choice(stage.repeats),
});

/** One gene: where it lies, what it may be. */
type Gene = { readonly path: readonly (string | number)[]; readonly options: readonly unknown[] };

function genesOf(space: SearchSpace): Gene[] {
  return [
    { path: ["resolution"], options: space.resolutions },
    { path: ["width"], options: space.widths },
    { path: ["stemStride"], options: space.stemStrides },
    { path: ["activation"], options: space.activations },
    { path: ["headChannels"], options: space.headChannels },
    ...space.stages.flatMap((stage, i) => [
      { path: ["stages", i, "kernel"], options: stage.kernels },
      { path: ["stages", i, "expansion"], options: stage.expansions },
      { path: ["stages", i, "squeezeExcite"], options: stage.squeezeExcite },
      { path: ["stages", i, "channels"], options: stage.channels },
      { path: ["stages", i, "repeats"], options: stage.repeats },
    ]),
  ].filter(({ options }) => options.length > 1);
}

/** Another value for one gene, each gene equally likely. A space of one point gives the candidate itself. */
export function mutate(space: SearchSpace, candidate: Candidate, rng: Rng): Candidate {
  const genes = genesOf(space);
  if (genes.length === 0) return candidate;
  const { path, options } = rng.choice(genes);
  const current = read(candidate, path);
  return write(candidate, path, rng.choice(options.filter((option) => option !== current)));
}

/** Every candidate that is one step cheaper in one gene. */
export function cheaperNeighbours(space: SearchSpace, candidate: Candidate): Candidate[] {
  return genesOf(space).flatMap(({ path, options }) => {
    const index = options.indexOf(read(candidate, path));
    return index > 0 && path[0] !== "activation" ? [write(candidate, path, options[index - 1])] : [];
  });
}

/** The first entry of every list. */
export function smallestCandidate(space: SearchSpace): Candidate {
  return sampleCandidate(space, firstChoice);
}

const firstChoice: Rng = {
  uniform: () => 0,
  integer: () => 0,
  normal: () => 0,
  choice: (items) => items[0]!,
  shuffle: (items) => [...items],
  fork: () => firstChoice,
};

function read(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

function write<T>(value: T, [key, ...rest]: readonly (string | number)[], replacement: unknown): T {
  if (key === undefined) return replacement as T;
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? write(item, rest, replacement) : item)) as T;
  return { ...value, [key]: write((value as Record<string | number, unknown>)[key], rest, replacement) };
}

/** The network that a candidate stands for. */
export function decode(space: SearchSpace, candidate: Candidate): Architecture {
  const widened = (channels: number) => makeDivisible(channels * candidate.width, CHANNEL_DIVISOR);
  const { activation } = candidate;
  return {
    name: "searched",
    classes: space.classes,
    channels: space.channels,
    resolution: candidate.resolution,
    padding: "same",
    norm: { epsilon: 1e-3, momentum: 0.9 },
    stem: { channels: widened(space.stemChannels), kernel: 3, stride: candidate.stemStride, activation },
    stages: candidate.stages.map(
      ({ kernel, expansion, squeezeExcite, channels, repeats }, i): Stage => ({
        block: "invertedResidual",
        kernel,
        stride: space.stages[i]!.stride,
        channels: widened(channels),
        repeats,
        expansion,
        squeezeExcite: squeezeExcite
          ? { ratio: 0.25, of: "expanded", divisor: 4, activation: "relu", gate: "hardSigmoid" }
          : null,
        activation,
        residual: true,
      }),
    ),
    head: { conv: widened(candidate.headChannels), hidden: null, activation },
    dropout: 0.1,
    dropPath: 0,
  };
}

/** The genes in a line, for tables and pictures. */
export function describe({ resolution, width, stemStride, activation, stages, headChannels }: Candidate): string {
  const rows = stages.map(
    ({ kernel, expansion, squeezeExcite, channels, repeats }) =>
      `${repeats}×(e${expansion} k${kernel} c${channels}${squeezeExcite ? " se" : ""})`,
  );
  return `${resolution} px · width ${width} · stem /${stemStride} · ${activation} · ${rows.join(" ")} · head ${headChannels}`;
}
