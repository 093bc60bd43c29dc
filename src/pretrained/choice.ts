/** Which network the weights are for: what the user says and what the source says must agree. */
import { UsageError } from "../base/index.js";
import { type Architecture, type BuildOptions, buildArchitecture, parseNetwork } from "../networks/index.js";
import { bareName } from "./layouts/layer.js";
import type { LayoutName } from "./layouts/weight-layout.js";
import { ownerOf } from "./match.js";

export type NetworkChoice = { readonly name: string } & Pick<BuildOptions, "width" | "depth" | "resolution">;

/**
 * @param said by the user, in one word or as options.
 * @param found what the source says of itself, in one word.
 * @returns null when nobody says anything.
 * @throws {UsageError} when they name two networks, or one that there is not. The resolution is the user's to choose.
 */
export function chooseNetwork(
  said: string | NetworkChoice | undefined,
  found: { readonly network: string; readonly at: string } | null,
): NetworkChoice | null {
  const chosen: NetworkChoice | null = typeof said === "string" ? parseNetwork(said) : (said ?? null);
  if (chosen !== null) buildArchitecture(chosen.name, chosen); // finds fault with its options
  if (found === null) return chosen;
  const source = parseNetwork(found.network);
  if (chosen === null) return source;
  if (wordOf(chosen) === wordOf(source)) return { ...source, ...resolutionOf(chosen) };
  throw new UsageError({
    at: "network",
    expected: `${wordOf(source)}, as ${found.at} says`,
    received: wordOf(chosen),
    hint: "leave --network out, or name a source of that network",
  });
}

const resolutionOf = ({ resolution }: NetworkChoice) => (resolution === undefined ? {} : { resolution });

/** The network in one word, without its resolution; the papers' own release without a prefix. */
export function wordOf({ name, width = 1, depth = 1 }: NetworkChoice): string {
  const bare = name.replace(/^tf-/, "");
  return `${bare}${width === 1 ? "" : `-${width}`}${depth === 1 ? "" : ` of depth ${depth}`}`;
}

/**
 * With the strides that the weights were trained with, whatever the resolution: those of the published one.
 */
export function buildChosen(
  { name, width = 1, depth = 1 }: NetworkChoice,
  options: { readonly classes: number; readonly channels: 1 | 3; readonly resolution?: number | undefined },
): Architecture {
  const { classes, channels, resolution } = options;
  const published = buildArchitecture(name, { width, depth, classes, channels });
  return resolution === undefined ? published : { ...published, resolution };
}

/** Prefixes of the networks that a library runs its weights in; the empty one is the papers' own release. */
const dialects: Readonly<Record<LayoutName, readonly string[]>> = {
  timm: ["timm-", "tf-", ""],
  torchvision: ["torch-"],
  keras: ["tf-", ""],
};

/** All shapes would fit, and the logits be wrong. @throws {UsageError} when the weights' library pads or norms otherwise. */
export function requireDialect(architecture: Architecture, layout: LayoutName): void {
  const prefix = /^(?:tf|torch|timm)-/.exec(architecture.name)?.[0] ?? "";
  if (dialects[layout].includes(prefix)) return;
  throw new UsageError({
    at: "network",
    expected: dialects[layout].map((fitting) => `${fitting}${bareName(architecture)}`).join(" or "),
    received: architecture.name,
    hint: `the weights have ${ownerOf[layout]} names, and its padding and epsilon go with them`,
  });
}
