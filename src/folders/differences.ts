/** What two runs differ in, in the words of the command line. */
import type { RunFile } from "./run-file.js";

export type Asked = Pick<RunFile, "settings" | "facts">;

export type Difference = { readonly what: string; readonly there: string; readonly asked: string };

/** How a kind of job speaks of its facts. */
export type Words = {
  /** Options by the paths of their facts. */
  readonly options: Readonly<Record<string, string>>;
  /** Facts of several paths, or that are told by the settings: those whose paths begin so are not spoken of again. */
  readonly special?: Readonly<Record<string, (there: Asked, asked: Asked) => readonly Difference[]>>;
  /** Of a fact, for people; by default as JSON. */
  readonly show?: (path: string, value: unknown) => string | null;
};

const MOST_SHOWN = 6;

/** Those of facts that are the same in both are left out. */
export function differences(there: Asked, asked: Asked, { options, special = {}, show }: Words): Difference[] {
  const leaves = [leavesOf(there.facts), leavesOf(asked.facts)] as const;
  const paths = [...new Set([...leaves[0].keys(), ...leaves[1].keys()])];
  const different = paths.filter((path) => JSON.stringify(leaves[0].get(path)) !== JSON.stringify(leaves[1].get(path)));
  const isBelow = (path: string, prefix: string) => path === prefix || path.startsWith(`${prefix}.`);
  const found: Difference[] = [];
  for (const [prefix, told] of Object.entries(special)) {
    if (different.some((path) => isBelow(path, prefix))) found.push(...told(there, asked));
  }
  const prefixes = Object.keys(special);
  for (const path of different) {
    if (prefixes.some((prefix) => isBelow(path, prefix))) continue;
    const value = (side: 0 | 1) => {
      const leaf = leaves[side].get(path);
      return leaf === undefined ? "none" : (show?.(path, leaf) ?? JSON.stringify(leaf));
    };
    found.push({ what: options[path] ?? path, there: value(0), asked: value(1) });
  }
  return found.slice(0, MOST_SHOWN);
}

/** The images of two runs, of which the facts have but a fingerprint. */
export function imagesOf(there: Asked, asked: Asked): Difference[] {
  const [before, now] = [String(there.settings.data), String(asked.settings.data)];
  return [byName("images", before, now, { there: `of ${before} as they were`, asked: "others there" })];
}

/** By its names, or where they are the same by words for what is behind them. */
export const byName = (what: string, there: string, asked: string, behind: Omit<Difference, "what">): Difference => ({
  what,
  ...(there === asked ? behind : { there, asked }),
});

/** By path. */
function leavesOf(value: unknown, path = ""): Map<string, unknown> {
  if (typeof value !== "object" || value === null) return new Map([[path, value]]);
  const below = Object.entries(value).flatMap(([key, part]) => [
    ...leavesOf(part, path === "" ? key : `${path}.${key}`),
  ]);
  return new Map(below.length === 0 ? [[path, value]] : below);
}
