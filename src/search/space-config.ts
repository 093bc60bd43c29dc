/**
 * A space out of a file.
 *
 * Either it narrows a built-in space, keeping of each list what it names, or it is a space of its own, with every list of
 * `SearchSpace` but for what the images decide (`classes`, `channels`, and `resolutions` where left out):
 *
 *     { "base": "image", "activations": ["relu"], "stages": [{}, { "kernels": [3] }, {}, {}, { "repeats": [1] }] }
 *
 * Lists may be written in any order; what comes of them runs from cheap to expensive. `schema/space.schema.json` tells
 * editors the same as this file tells the program; a file may name it as its `$schema`.
 */
import { z } from "zod";
import { closest, parseJson, UsageError } from "../base/index.js";
import { blockNames, type Stage } from "../networks/index.js";
import type { SearchSpace, StageSpace } from "./space.js";
import {
  type BaseName,
  baseNames,
  bases,
  MOST_IN_LIST,
  type Narrowing,
  narrowingOf,
  unknownBase,
  type WholeSpace,
  wholeSpace,
} from "./space-schema.js";
import type { SpaceOptions } from "./spaces.js";

/** The space for given images. @throws {UsageError} when a built-in space has nothing of what was asked for at their size. */
export type SpaceMaker = (options: SpaceOptions) => SearchSpace;

/** Where the built-in spaces have most to choose from. */
const smallImages: SpaceOptions = { classes: 2, channels: 3, resolutions: [28] };

/**
 * @param source the text of a JSON file, or what was parsed of it.
 * @param at where it came from, for the message.
 * @throws {UsageError} that lists every mistake with its path, what was expected there and what came.
 */
export function parseSpaceConfig(source: unknown, at: string): SpaceMaker {
  const json =
    typeof source === "string"
      ? parseJson(source, at, "JSON that describes a search space", (facts) => new UsageError(facts))
      : source;
  if (!isRecord(json) || !("base" in json)) {
    const whole = check(wholeSpace, json, at) as WholeSpace;
    return (options) => wholeFor(whole, options);
  }
  if (!baseNames.includes(json.base as BaseName)) check(unknownBase, json, at);
  const makeBase = bases[json.base as BaseName];
  const narrowed = (options: SpaceOptions, at: string) => {
    const resolutions = areSides(json.resolutions) ? json.resolutions : options.resolutions;
    const base = makeBase({ ...options, resolutions: inOrder("resolutions", resolutions) });
    return narrow(base, check(narrowingOf(json.base as BaseName, base), json, at) as Narrowing);
  };
  narrowed(smallImages, at); // Mistakes show when the file is read, not when the images are there.
  return (options) => narrowed(options, `${at}, for images of ${options.resolutions.join(", ")} px`);
}

/** What editors check such files by. @source https://json-schema.org/draft/2020-12 */
export function spaceJsonSchema(): object {
  const narrowings = baseNames.map((name) => narrowingOf(name, bases[name](smallImages)));
  return {
    title: "A search space of Bantam",
    ...z.toJSONSchema(z.union([...narrowings, wholeSpace]), { unrepresentable: "throw" }),
  };
}

function wholeFor({ $schema: _, ...whole }: WholeSpace, { classes, channels, resolutions }: SpaceOptions): SearchSpace {
  return {
    ...(sorted({ ...whole, resolutions: whole.resolutions ?? resolutions }) as Omit<WholeSpace, "resolutions">),
    resolutions: inOrder("resolutions", whole.resolutions ?? resolutions),
    classes,
    channels,
    stages: whole.stages.map((stage) => sorted(stage) as StageSpace),
  };
}

function narrow(base: SearchSpace, { base: _, stages, ...lists }: Narrowing): SearchSpace {
  return {
    ...kept(base, lists),
    stages: base.stages.map((stage, i) => kept(stage, stages?.[i] ?? {})),
  };
}

/** Of each list what is named, in the order it has. */
function kept<T extends object>(from: T, named: { readonly [K in keyof T]?: T[K] }): T {
  return Object.fromEntries(
    Object.entries(from).map(([key, options]) => {
      const wanted = named[key as keyof T];
      return [key, Array.isArray(wanted) ? options.filter((option: unknown) => wanted.includes(option)) : options];
    }),
  ) as T;
}

function sorted(lists: object): object {
  return Object.fromEntries(
    Object.entries(lists).map(([key, value]) => [
      key,
      Array.isArray(value) && key !== "stages" ? inOrder(key, value) : value,
    ]),
  );
}

/** From cheap to expensive: nothing before something, false before true, small before large, but stride 2 before 1. */
function inOrder<T>(key: string, values: readonly T[]): T[] {
  if (key === "activations") return [...values]; // They cost the same.
  const price = (value: T) => {
    if (key === "stemStrides") return -Number(value);
    return key === "blocks" ? blockNames.indexOf(value as Stage["block"]) : Number(value);
  };
  return values.toSorted((a, b) => price(a) - price(b));
}

/** To be read at once; a file may have a mistake in every value. */
const MOST_MISTAKES = 20;

function check(schema: z.ZodType, json: unknown, at: string): unknown {
  const result = schema.safeParse(json, { reportInput: true });
  if (result.success) return result.data;
  const mistakes = result.error.issues.flatMap((issue) => describe(issue, schema));
  const shown = mistakes.slice(0, MOST_MISTAKES);
  if (mistakes.length > shown.length) shown.push(`… and ${mistakes.length - shown.length} more`);
  throw new UsageError({
    at,
    expected: "a search space",
    received: `${mistakes.length === 1 ? "a mistake" : `${mistakes.length} mistakes`}\n  ${shown.join("\n  ")}`,
  });
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodType): string[] {
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, issue.path);
    if (issue.path.length === 0) known.push("base");
    return issue.keys.map((key) => {
      const guess = closest(key, known);
      const instead = guess === null ? `expected ${known.join(", ")}` : `did you mean ${guess}?`;
      return `${pathOf([...issue.path, key])}: unknown key; ${instead}`;
    });
  }
  return [`${pathOf(issue.path)}: ${sentence(issue)}`];
}

function sentence(issue: z.core.$ZodIssue): string {
  if (issue.message.startsWith("expected ")) return issue.message;
  const received = `received ${issue.input === undefined ? "nothing" : shortened(JSON.stringify(issue.input))}`;
  if (issue.code === "invalid_value") {
    const allowed = issue.values.map(String);
    const guess = typeof issue.input === "string" ? closest(issue.input, allowed) : null;
    const hint = guess === null ? "" : `; did you mean ${guess}?`;
    return `expected ${allowed.length === 1 ? "" : "one of "}${allowed.join(", ")}, ${received}${hint}`;
  }
  const expected = issue.message
    .replace(/^[^:]*: (expected )?/, "")
    .replace(/, received .*$/, "")
    .replace("tuple", "array")
    .replace("to have <=", "of at most ")
    .replace("to be <=", "of at most ")
    .replace("to be >=", "of at least ")
    .replace("to be >", "above ");
  return `expected ${expected}, ${received}`;
}

const shortened = (text: string) => (text.length > 60 ? `${text.slice(0, 57)}…` : text);

/** Keys that an object of the schema may have, at the place where one had another. */
function keysAt(schema: unknown, path: readonly PropertyKey[]): string[] {
  let inner = schema;
  for (const key of [undefined, ...path]) {
    if (inner instanceof z.ZodObject && key !== undefined) inner = inner.shape[key as string];
    else if (inner instanceof z.ZodArray && key !== undefined) inner = inner.element;
    else if (inner instanceof z.ZodTuple && key !== undefined) inner = inner.def.items[key as number];
    while (inner instanceof z.ZodOptional) inner = inner.unwrap();
  }
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
}

const pathOf = (path: readonly PropertyKey[]) => (path.length === 0 ? "(the whole)" : z.core.toDotPath(path));

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Whether a space can be made for them; what is wrong with others is said by the schema. */
const areSides = (value: unknown): value is number[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.length <= MOST_IN_LIST &&
  value.every((side) => Number.isInteger(side) && side >= 8);
