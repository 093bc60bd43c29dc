/** A recipe out of a file: a named one with what differs from it, or every field. */
import { z } from "zod";
import { closest, findingsOf, parseJson, UsageError } from "../../base/index.js";
import type { Recipe } from "./recipe.js";
import { type NamedRecipe, recipes } from "./recipes.js";

const share = z.number().min(0).max(1);
const positive = z.number().positive();

const fields = {
  optimizer: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("sgd"), momentum: share, nesterov: z.boolean() }),
    z.strictObject({ kind: z.literal("rmsprop"), decay: share, momentum: share, epsilon: positive }),
    z.strictObject({ kind: z.literal(["adamw", "lamb"]), beta1: share, beta2: share, epsilon: positive }),
  ]),
  learningRate: positive,
  batchSize: z.int().min(1).max(65_536),
  accumulate: z.int().min(1).max(65_536),
  schedule: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("cosine") }),
    z.strictObject({ kind: z.literal("constant") }),
    z.strictObject({ kind: z.literal("exponential"), factor: share, every: positive, inSteps: z.boolean() }),
    z.strictObject({ kind: z.literal("one-cycle"), rise: share, divide: positive, divideEnd: positive }),
  ]),
  warmupEpochs: z.number().min(0),
  weightDecay: z.number().min(0),
  clipNorm: positive.nullable(),
  ema: share.nullable(),
  labelSmoothing: share,
  balance: z.boolean().optional(),
  augmentation: z.strictObject({
    shift: share,
    flip: z.boolean(),
    erase: share,
    crop: share.optional(),
    policy: z
      .discriminatedUnion("kind", [
        z.strictObject({ kind: z.literal("trivial") }),
        z.strictObject({
          kind: z.literal("randaugment"),
          ops: z.int().min(1).max(14),
          magnitude: z.number().min(0).max(30),
        }),
        z.strictObject({ kind: z.literal("autoaugment"), of: z.literal(["imagenet", "cifar10", "svhn"]) }),
      ])
      .optional(),
  }),
  mixing: z.strictObject({ mixup: share, cutmix: share }),
  dropout: share.nullable(),
  dropPath: share.nullable(),
} satisfies Record<keyof Recipe, z.ZodType>;

/** Every field of a recipe, as a file has it. */
export const recipeSchema = z.strictObject(fields);

const file = z.strictObject({ base: z.string(), ...recipeSchema.partial().shape });

export type FoundRecipe = Pick<NamedRecipe, "name" | "recipe" | "epochs"> & {
  /** The file's own: it mirrors images of every kind, where a named recipe's mirroring is meant for photos. */
  readonly ownAugmentation?: boolean | undefined;
};

/** @throws {UsageError} when there is no recipe of that name, with the nearest. */
export function recipeNamed(name: string): NamedRecipe {
  const found = recipes.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = recipes.map((each) => each.name);
  const near = closest(name, names);
  throw new UsageError({
    at: "recipe",
    expected: `one of ${names.join(", ")}, or a .json file`,
    received: JSON.stringify(name),
    ...(near !== null && { hint: `did you mean ${JSON.stringify(near)}?` }),
  });
}

/**
 * @example parseRecipe('{ "base": "quick", "ema": 0.999 }', "mine.json")
 * @throws {UsageError} that lists every mistake with its path.
 */
export function parseRecipe(text: string, at: string): FoundRecipe {
  const result = file.safeParse(parseJson(text, at, "a recipe in JSON", (facts) => new UsageError(facts)));
  if (!result.success) {
    const mistakes = findingsOf(result.error);
    throw new UsageError({
      at,
      expected: `a recipe: "base", one of ${recipes.map(({ name }) => name).join(", ")}, and what differs from it`,
      received: `${mistakes.length} mistake${mistakes.length === 1 ? "" : "s"}\n  ${mistakes.join("\n  ")}`,
    });
  }
  const { base, ...changes } = result.data;
  const { recipe, epochs } = recipeNamed(base);
  const ownAugmentation = changes.augmentation !== undefined;
  return { name: at, epochs, recipe: { ...recipe, ...changes } as Recipe, ...(ownAugmentation && { ownAugmentation }) };
}
