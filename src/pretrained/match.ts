/** Whose names a file's tensors have, and whether they are all there. */
import { ModelError } from "../base/index.js";
import type { Architecture } from "../networks/index.js";
import type { TensorInfo } from "../weights/index.js";
import { canonicalKerasName, kerasEntries } from "./layouts/keras.js";
import { timmEntries } from "./layouts/timm.js";
import { torchvisionEntries } from "./layouts/torchvision.js";
import type { Entry, LayoutName } from "./layouts/weight-layout.js";

type Layout = {
  readonly name: LayoutName;
  readonly entries: (architecture: Architecture) => readonly Entry[] | null;
  /** One spelling of a name, where files in use have several. */
  readonly canonical: (name: string) => string;
  /** What a file may hold beside weights; it has no bearing on a result. */
  readonly ignores: RegExp;
};

const asItIs = (name: string) => name;
/** How many batches a running statistic has seen. */
const counters = /\.num_batches_tracked$/;

const layouts: readonly Layout[] = [
  { name: "timm", entries: timmEntries, canonical: asItIs, ignores: counters },
  { name: "torchvision", entries: torchvisionEntries, canonical: asItIs, ignores: counters },
  {
    name: "keras",
    entries: kerasEntries,
    canonical: canonicalKerasName,
    // The input scaling of EfficientNet, whose "variance" holds standard deviations in Keras' own files; and dropout's seeds.
    ignores: /^normalization(_\d+)?\/(mean|variance|count)$|\/seed_generator_state$/,
  },
];

export type TensorInfos = ReadonlyMap<string, Pick<TensorInfo, "shape" | "dtype">>;

/** A file seen as one layout's. */
export type Recognised = {
  readonly layout: LayoutName;
  /** Of the network that it was recognised as. */
  readonly entries: readonly Entry[];
  readonly entriesOf: (architecture: Architecture) => readonly Entry[];
  /** By canonical name: what the file says, without what is ignored. */
  readonly tensors: ReadonlyMap<string, Pick<TensorInfo, "shape" | "dtype"> & { readonly written: string }>;
  /** Names with the same meaning as another one of the file. */
  readonly doubled: readonly string[];
};

/**
 * The layout that most of the network's names are found under.
 *
 * @throws {ModelError} when not one name is known.
 */
export function recognise(infos: TensorInfos, architecture: Architecture, at: string): Recognised {
  let best: { readonly layout: Layout; readonly entries: readonly Entry[]; readonly found: number } | null = null;
  for (const layout of layouts) {
    const names = new Set([...infos.keys()].map(layout.canonical));
    const entries = layout.entries(architecture) ?? [];
    const found = entries.filter(({ foreign }) => names.has(foreign)).length;
    if (found > (best?.found ?? 0)) best = { layout, entries, found };
  }
  if (best !== null) return seenAs(best.layout, best.entries, infos);
  throw new ModelError({
    at,
    expected: `weights of ${architecture.name} under the names of timm, torchvision or Keras`,
    received: infos.size === 0 ? "no tensors" : `names such as ${[...infos.keys()].slice(0, 3).join(", ")}`,
    hint: familiar(infos) ?? "is it another network?",
  });
}

/** What the names tell where no network was named; null when they are nobody's. */
export function familiar(infos: TensorInfos): string | null {
  const has = (pattern: RegExp) => [...infos.keys()].some((name) => pattern.test(name));
  if (has(/^conv_stem\.weight$/)) return "the names are timm's: for example --network timm-mobilenet-v2";
  if (has(/^(features\.0\.0|layers\.0)\.weight$/)) {
    return "the names are torchvision's: for example --network torch-mobilenet-v2";
  }
  if (has(/\/(depthwise_)?kernel(:0)?$/)) return "the names are Keras': for example --network mobilenet-v2";
  return null;
}

function seenAs(layout: Layout, entries: readonly Entry[], infos: TensorInfos): Recognised {
  const { name, canonical, ignores } = layout;
  const tensors = new Map<string, Pick<TensorInfo, "shape" | "dtype"> & { written: string }>();
  const doubled: string[] = [];
  for (const [written, { shape, dtype }] of infos) {
    const meant = canonical(written);
    if (ignores.test(meant)) continue;
    if (tensors.has(meant)) doubled.push(written);
    else tensors.set(meant, { shape, dtype, written });
  }
  return { layout: name, entries, entriesOf: (architecture) => layout.entries(architecture)!, tensors, doubled };
}

/** Lines of a list that is read by eye. */
const mostLines = 10;

/**
 * @param entries what the network needs of the file.
 * @param unneeded foreign names that may be there or not, in any shape.
 * @throws {ModelError} that lists what is missing, of another shape or not expected.
 */
export function requireAll(
  entries: readonly Entry[],
  { tensors, doubled, layout }: Recognised,
  { network, at, unneeded }: { network: string; at: string; unneeded: ReadonlySet<string> },
): void {
  const [missing, misshapen, unexpected]: string[][] = [[], [], []];
  for (const { name, shape, foreign, foreignShape } of entries) {
    const tensor = tensors.get(foreign);
    const both = `${name} [${shape.join(", ")}] is ${foreign} [${foreignShape.join(", ")}]`;
    if (tensor === undefined) missing!.push(`missing: ${both}`);
    else if (tensor.shape.join() !== foreignShape.join()) {
      misshapen!.push(`another shape: ${both}, not [${tensor.shape.join(", ")}]`);
    }
  }
  const known = new Set(entries.map(({ foreign }) => foreign));
  for (const [meant, { written, shape }] of tensors) {
    if (!known.has(meant) && !unneeded.has(meant)) unexpected!.push(`unexpected: ${written} [${shape.join(", ")}]`);
  }
  unexpected!.push(...doubled.map((written) => `twice: ${written}`));

  const lines = [...missing!, ...misshapen!, ...unexpected!];
  if (lines.length === 0) return;
  const counts = [
    [missing!.length, "missing"],
    [misshapen!.length, "of another shape"],
    [unexpected!.length, "unexpected"],
  ].flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`]));
  const shown = lines.slice(0, mostLines).join("\n  ");
  const rest = lines.length > mostLines ? `\n  and ${lines.length - mostLines} more` : "";
  throw new ModelError({
    at,
    expected: `the ${entries.length} tensors of ${network} under ${ownerOf[layout]} names`,
    received: `${counts.join(", ")}\n  ${shown}${rest}`,
    hint: lines.every((line) => /: classifier\./.test(line))
      ? "with --replace-classifier CLASSES the network gets a new classifier, to be trained"
      : "is it another network, or another width? --network says which",
  });
}

export const ownerOf: Readonly<Record<LayoutName, string>> = {
  timm: "timm's",
  torchvision: "torchvision's",
  keras: "Keras'",
};
