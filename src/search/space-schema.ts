/**
 * What may stand in a file that describes a space, as schemas: one for each built-in space that a file narrows, in which
 * every list allows the values of that space alone, and one for a space of one's own.
 */
import { z } from "zod";
import { blockNames, blocks, MOST_BLOCKS, type OptionalField, type Stage } from "../networks/index.js";
import type { SearchSpace, StageSpace } from "./space.js";
import { imageSpace, mnasnetSpace, mobilenetV3Space, type SpaceOptions } from "./spaces.js";

export const bases = {
  image: imageSpace,
  mnasnet: mnasnetSpace,
  "mobilenet-v3": mobilenetV3Space,
} as const satisfies Record<string, (options: SpaceOptions) => SearchSpace>;

export type BaseName = keyof typeof bases;
export const baseNames = Object.keys(bases) as [BaseName, ...BaseName[]];

/** What a space takes to be judged, and what a step of a search does, grows with its values and with the blocks of its networks. */
export const MOST_IN_LIST = 64;
const MOST_STAGES = 64;
/** MnasNet's space has 119. */
const MOST_VALUES = 1024;

/** Values each once, at least one and not too many. */
const list = <T extends z.ZodType>(entry: T, about: string) =>
  z
    .array(entry)
    .min(1, "expected at least one value, received none: the space would be empty")
    .max(MOST_IN_LIST, { error: ({ input }) => tooMany("values", MOST_IN_LIST, input) })
    .refine((values) => repeated(values) === undefined, {
      when: always,
      error: ({ input }) => `expected each value once, received ${JSON.stringify(repeated(input))} again`,
    })
    .meta({ description: about, uniqueItems: true });

/** For checks that are made, and reported, beside those of the entries, not after them. */
const always = () => true;

function repeated(values: unknown): unknown {
  const seen = new Set();
  return Array.isArray(values) ? values.find((value) => seen.size === seen.add(value).size) : undefined;
}

const tooMany = (what: string, most: number, input: unknown) =>
  `expected at most ${most} ${what}, received ${(input as unknown[]).length}`;

const width = z.int().min(1).max(65_536);
const activation = z.literal(["relu", "relu6", "hardSwish", "silu"]);

const about = {
  resolutions: "Side of the input image, px. Left out: what the images allow",
  widths: "Multiplies stem, stages and head",
  stemStrides: "Stride of the first convolution",
  stemChannels: "Output channels of the first convolution",
  activations: "Of the whole network",
  headChannels: "Of the 1×1 convolution before the pool; null leaves it out",
  hiddenChannels: "Of the layer between pool and classifier; null leaves it out",
} as const;

const takesPointwise = (name: Stage["block"]) => blocks[name].pointwise;

/** Which blocks have no use for a list. */
const lackedBy = (field: OptionalField) =>
  `not of ${blockNames.filter((name) => blocks[name].lacks.includes(field)).join(", ")} blocks`;

const aboutStage = {
  blocks: "What the stage repeats",
  kernels: "Side of the kernel; 1 in universalInvertedBottleneck blocks: none there",
  startKernels: "Side of the kernel before the expansion; null: none; of universalInvertedBottleneck blocks alone",
  expansions: `Hidden ÷ input channels; ${lackedBy("expansion")}`,
  squeezeExcite: `Whether the blocks weigh their channels; ${lackedBy("squeezeExcite")}`,
  residual: `Whether a block that keeps its input's shape adds it to its output; ${lackedBy("residual")}`,
  channels: "Output channels",
  repeats: "How many blocks",
} as const;

const entries = {
  resolutions: z.int().min(8).max(4096),
  widths: z.number().positive().max(16),
  stemStrides: z.literal([1, 2]),
  stemChannels: width,
  activations: activation,
  headChannels: width.nullable(),
  hiddenChannels: width.nullable(),
} as const satisfies Record<keyof typeof about, z.ZodType>;

const stageEntries = {
  blocks: z.literal(blockNames),
  kernels: z.literal([1, 3, 5, 7]),
  startKernels: z.literal([3, 5, 7]).nullable(),
  expansions: z.number().positive().max(64),
  squeezeExcite: z.boolean(),
  residual: z.boolean(),
  channels: width,
  repeats: z.int().min(1).max(256),
} as const satisfies Record<keyof typeof aboutStage, z.ZodType>;

const lists = <K extends string, E extends Record<K, z.ZodType>>(of: E, texts: Record<K, string>) =>
  Object.fromEntries((Object.keys(texts) as K[]).map((key) => [key, list(of[key], texts[key])])) as {
    [key in K]: ReturnType<typeof list<E[key]>>;
  };

const $schema = z.string().meta({ description: "For editors" }).optional();
const resolutions = list(entries.resolutions, about.resolutions).optional();

const wholeLists = { ...lists(entries, about), resolutions };
const wholeStage = z.strictObject({
  stride: z.literal([1, 2]).meta({ description: "Of the stage's first block" }),
  ...lists(stageEntries, aboutStage),
  startKernels: list(stageEntries.startKernels, aboutStage.startKernels).optional(),
});

/** A space of one's own: every list is there. */
export const wholeSpace = z
  .strictObject({
    $schema,
    ...wholeLists,
    channelDivisor: z.literal([4, 8]).meta({ description: "Channel counts are multiples of this" }),
    squeezeExcite: z
      .strictObject({
        ratio: z.number().positive().max(1),
        of: z.literal(["input", "expanded"]),
        divisor: z.int().min(1).max(64),
        activation,
        gate: z.literal(["sigmoid", "hardSigmoid"]),
      })
      .meta({ description: "What a stage with squeeze-excite has" }),
    stages: z
      .array(
        wholeStage.refine(({ kernels, blocks: names }) => !kernels.includes(1) || names.every(takesPointwise), {
          path: ["kernels"],
          error: ({ input }) =>
            `expected no 1 beside the blocks ${(input as StageSpace).blocks.filter((name) => !takesPointwise(name)).join(", ")}`,
        }),
      )
      .min(1, "expected at least one stage, received none: the space would be empty")
      .max(MOST_STAGES, { error: ({ input }) => tooMany("stages", MOST_STAGES, input) })
      .refine((stages) => mostBlocks(stages) <= MOST_BLOCKS, {
        error: ({ input }) =>
          `expected at most ${MOST_BLOCKS} blocks in all, received ${mostBlocks(input as WholeStage[])} where each stage repeats most`,
      }),
  })
  .refine((space) => valuesOf(space) <= MOST_VALUES, {
    error: ({ input }) =>
      `expected at most ${MOST_VALUES} values in all lists together, received ${valuesOf(input as object)}`,
  });

type WholeStage = z.infer<typeof wholeStage>;

const mostBlocks = (stages: readonly WholeStage[]) =>
  stages.reduce((total, { repeats }) => total + repeats.reduce((most, count) => Math.max(most, count), 0), 0);

/** In the lists of a space and of its stages. */
function valuesOf(lists: object): number {
  return Object.values(lists).reduce<number>((total, list) => {
    if (!Array.isArray(list)) return total;
    return total + list.reduce<number>((sum, each) => sum + (isStage(each) ? valuesOf(each) : 1), 0);
  }, 0);
}

const isStage = (value: unknown): value is WholeStage => typeof value === "object" && value !== null;

export type WholeSpace = z.infer<typeof wholeSpace>;

/** For a file whose base is not known: what can be said of it without. */
export const unknownBase = z.strictObject({
  $schema,
  base: z.literal(baseNames),
  ...z.strictObject(wholeLists).partial().shape,
  stages: z.array(wholeStage.omit({ stride: true }).partial()).optional(),
});

/** A file that narrows `space`: lists that it leaves out stay as they are. */
export function narrowingOf(base: BaseName, space: SearchSpace) {
  const stages = space.stages.map((stage) => z.strictObject(optionalLists(aboutStage, stage)).optional());
  return z.strictObject({
    $schema,
    base: z.literal(base),
    ...optionalLists(about, space),
    resolutions,
    stages: z
      .tuple([stages[0]!, ...stages.slice(1)])
      .refine((rows) => !Array.isArray(rows) || rows.length >= stages.length, {
        when: always,
        error: ({ input }) =>
          `expected all ${stages.length} stages, {} for one that stays as it is, received ${(input as unknown[]).length}`,
      })
      .meta({ description: "In the order of the network; {} leaves a stage as it is", minItems: stages.length })
      .optional(),
  });
}

/** Every list named in `texts`, with the values that it has in `space`. */
function optionalLists<K extends string>(
  texts: Record<K, string>,
  space: { readonly [key in NoInfer<K>]?: readonly unknown[] },
): Record<string, z.ZodType> {
  const allowed = (key: K) => z.literal(space[key] as readonly [string | number | boolean | null]);
  const keys = (Object.keys(texts) as K[]).filter((key) => space[key] !== undefined);
  return Object.fromEntries(keys.map((key) => [key, list(allowed(key), texts[key]).optional()]));
}

export type Narrowing = {
  readonly base: BaseName;
  readonly stages?: readonly Partial<StageSpace>[];
} & Partial<Omit<SearchSpace, "stages">>;
