/**
 * What a search may vary: per stage its block, kernel, expansion, squeeze-excite, residual, width and depth, and for the whole
 * network activation, stem, head, width and resolution. The space is data; a candidate is a choice of one entry from each
 * of its lists, so equal candidates are equal JSON.
 *
 * Factorized and hierarchical: all blocks of a stage are alike, and stages differ. @source Tan et al. 2018, arXiv:1807.11626, §4.1
 */
import type { Rng } from "../base/index.js";
import {
  type Activation,
  type Architecture,
  absent,
  blocks,
  makeDivisible,
  type SqueezeExcite,
  type Stage,
} from "../networks/index.js";

export type StageSpace = {
  readonly stride: 1 | 2;
  readonly blocks: readonly Stage["block"][];
  readonly kernels: readonly Stage["kernel"][];
  /** Of universal blocks' first filters; left out, there are none. */
  readonly startKernels?: readonly (3 | 5 | 7 | null)[];
  /** For blocks that have one; as the next two. */
  readonly expansions: readonly number[];
  readonly squeezeExcite: readonly boolean[];
  readonly residual: readonly boolean[];
  readonly channels: readonly number[];
  readonly repeats: readonly number[];
};

/** Every list runs from cheap to expensive, where one of two choices is cheaper. */
export type SearchSpace = {
  readonly classes: number;
  readonly channels: 1 | 3;
  readonly resolutions: readonly number[];
  /** Multiplies stem, stages and head. */
  readonly widths: readonly number[];
  /** Channel counts are multiples of this. */
  readonly channelDivisor: 4 | 8;
  readonly stemStrides: readonly (1 | 2)[];
  readonly stemChannels: readonly number[];
  readonly activations: readonly Activation[];
  /** What a stage with squeeze-excite has. */
  readonly squeezeExcite: SqueezeExcite;
  readonly stages: readonly StageSpace[];
  /** Of the last convolution; null leaves it out. */
  readonly headChannels: readonly (number | null)[];
  /** Of the layer between pool and classifier; null leaves it out. */
  readonly hiddenChannels: readonly (number | null)[];
};

export type StageChoice = {
  readonly block: Stage["block"];
  readonly kernel: Stage["kernel"];
  readonly startKernel?: 3 | 5 | 7 | null;
  readonly expansion: number;
  readonly squeezeExcite: boolean;
  readonly residual: boolean;
  readonly channels: number;
  readonly repeats: number;
};

export type Candidate = {
  readonly resolution: number;
  readonly width: number;
  readonly stemStride: 1 | 2;
  readonly stemChannels: number;
  readonly activation: Activation;
  readonly stages: readonly StageChoice[];
  readonly headChannels: number | null;
  readonly hiddenChannels: number | null;
};

/** One decision: its place in a candidate and what it may be. */
export type Gene = { readonly path: readonly (string | number)[]; readonly options: readonly unknown[] };

/** Every decision of the space, those without a choice too, in the order of the network. */
export function genesOf(space: SearchSpace): Gene[] {
  return [
    { path: ["resolution"], options: space.resolutions },
    { path: ["width"], options: space.widths },
    { path: ["stemStride"], options: space.stemStrides },
    { path: ["stemChannels"], options: space.stemChannels },
    { path: ["activation"], options: space.activations },
    ...space.stages.flatMap((stage, i) => [
      { path: ["stages", i, "block"], options: stage.blocks },
      { path: ["stages", i, "kernel"], options: stage.kernels },
      ...(stage.startKernels === undefined
        ? []
        : [{ path: ["stages", i, "startKernel"], options: stage.startKernels }]),
      { path: ["stages", i, "expansion"], options: stage.expansions },
      { path: ["stages", i, "squeezeExcite"], options: stage.squeezeExcite },
      { path: ["stages", i, "residual"], options: stage.residual },
      { path: ["stages", i, "channels"], options: stage.channels },
      { path: ["stages", i, "repeats"], options: stage.repeats },
    ]),
    { path: ["headChannels"], options: space.headChannels },
    { path: ["hiddenChannels"], options: space.hiddenChannels },
  ];
}

/** The candidate with this option at each gene. @param choices indices, in the order of `genesOf`. */
export function candidateOf(space: SearchSpace, choices: readonly number[]): Candidate {
  const blank = { stages: space.stages.map(() => ({})) };
  return genesOf(space).reduce<unknown>(
    (candidate, { path, options }, i) => write(candidate, path, options[choices[i]!]),
    blank,
  ) as Candidate;
}

/** The inverse of `candidateOf`. */
export function choicesOf(space: SearchSpace, candidate: Candidate): number[] {
  return genesOf(space).map(({ path, options }) => options.indexOf(read(candidate, path)));
}

/** Whether a value that was read back is one of the space. */
export function isCandidate(space: SearchSpace, value: unknown): value is Candidate {
  try {
    const choices = choicesOf(space, value as Candidate);
    // More than the space has would be another candidate with the same key.
    return !choices.includes(-1) && JSON.stringify(candidateOf(space, choices)) === JSON.stringify(value);
  } catch {
    return false;
  }
}

/** Its choices where there is one, as digits: short, the same for equal candidates, and different for others of the space. */
export function candidateKey(space: SearchSpace, candidate: Candidate): string {
  const choices = choicesOf(space, candidate);
  return genesOf(space)
    .map(({ options: { length } }, i) =>
      length === 1 && choices[i] === 0 ? "" : String(choices[i]).padStart(String(length - 1).length, "0"),
    )
    .join("");
}

/** How many candidates there are. */
export function spaceSize(space: SearchSpace): number {
  return genesOf(space).reduce((size, { options }) => size * options.length, 1);
}

export function sampleCandidate(space: SearchSpace, rng: Rng): Candidate {
  return candidateOf(
    space,
    genesOf(space).map(({ options }) => rng.integer(options.length)),
  );
}

/** Another value for one gene, each gene equally likely. A space of one point gives the candidate itself. */
export function mutate(space: SearchSpace, candidate: Candidate, rng: Rng): Candidate {
  const genes = genesOf(space).filter(({ options }) => options.length > 1);
  if (genes.length === 0) return candidate;
  const { path, options } = rng.choice(genes);
  const current = read(candidate, path);
  return write(candidate, path, rng.choice(options.filter((option) => option !== current)));
}

/** Of the network: the same for candidates that differ only in what makes no difference. */
export const networkKey = (space: SearchSpace, candidate: Candidate): string =>
  JSON.stringify(decode(space, candidate));

/** Every candidate that is one step cheaper in one gene. */
export function cheaperNeighbours(space: SearchSpace, candidate: Candidate): Candidate[] {
  return genesOf(space).flatMap(({ path, options }) => {
    const index = options.indexOf(read(candidate, path));
    return index > 0 && path[0] !== "activation" ? [write(candidate, path, options[index - 1])] : [];
  });
}

/** Every candidate that differs in this gene alone. */
export function variantsOf(candidate: Candidate, { path, options }: Gene): Candidate[] {
  const current = read(candidate, path);
  return options.filter((option) => option !== current).map((option) => write(candidate, path, option));
}

/** The first entry of every list. */
export function smallestCandidate(space: SearchSpace): Candidate {
  return candidateOf(
    space,
    genesOf(space).map(() => 0),
  );
}

function read(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

function write<T>(value: T, [key, ...rest]: readonly (string | number)[], replacement: unknown): T {
  if (key === undefined) return replacement as T;
  if (Array.isArray(value)) return value.map((item, i) => (i === key ? write(item, rest, replacement) : item)) as T;
  return { ...value, [key]: write((value as Record<string | number, unknown>)[key], rest, replacement) };
}

/** The network that a candidate stands for. Candidates that differ in what a block has no use for stand for the same one. */
export function decode(space: SearchSpace, candidate: Candidate): Architecture {
  const widened = (channels: number) => makeDivisible(channels * candidate.width, space.channelDivisor);
  const widenedOrNull = (channels: number | null) => (channels === null ? null : widened(channels));
  const { activation } = candidate;
  return {
    name: "searched",
    classes: space.classes,
    channels: space.channels,
    resolution: candidate.resolution,
    padding: "same",
    norm: { epsilon: 1e-3, momentum: 0.9 },
    stem: { channels: widened(candidate.stemChannels), kernel: 3, stride: candidate.stemStride, activation },
    // Written out: a rest and two spreads here take ten times as long as counting the network.
    stages: candidate.stages.map(
      ({ block, kernel, startKernel = null, expansion, squeezeExcite, residual, channels, repeats }, i): Stage => {
        const { lacks } = blocks[block];
        const stage: Stage = {
          kernel,
          stride: space.stages[i]!.stride,
          channels: widened(channels),
          repeats,
          activation,
          block,
          expansion: lacks.includes("expansion") ? absent.expansion : expansion,
          squeezeExcite: squeezeExcite && !lacks.includes("squeezeExcite") ? space.squeezeExcite : absent.squeezeExcite,
          residual: residual && !lacks.includes("residual"),
        };
        return startKernel === null || lacks.includes("startKernel") ? stage : { ...stage, startKernel };
      },
    ),
    head: { conv: widenedOrNull(candidate.headChannels), hidden: widenedOrNull(candidate.hiddenChannels), activation },
    dropout: 0.1,
    dropPath: 0,
  };
}

/** The network in a line, for tables and pictures. */
export function describe({ resolution, stem, stages, head }: Architecture): string {
  const rows = stages.map(
    ({ block, kernel, startKernel = null, expansion, squeezeExcite, residual, channels, repeats }) => {
      const { abbreviation, lacks } = blocks[block];
      const words = [
        abbreviation,
        lacks.includes("expansion") ? "" : `e${Number(expansion.toFixed(2))}`,
        `k${startKernel === null ? "" : `${startKernel}-`}${kernel} c${channels}`,
        squeezeExcite === null ? "" : "se",
        residual || lacks.includes("residual") ? "" : "no skip",
      ];
      return `${repeats}×(${words.filter((word) => word !== "").join(" ")})`;
    },
  );
  const parts = [
    `${resolution} px`,
    `stem ${stem.channels} /${stem.stride}`,
    stem.activation,
    rows.join(" "),
    head.conv === null ? "" : `head ${head.conv}`,
    head.hidden === null ? "" : `hidden ${head.hidden}`,
  ];
  return parts.filter((part) => part !== "").join(" · ");
}
