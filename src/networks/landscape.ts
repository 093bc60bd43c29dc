/** Networks side by side with each other and with everything that was published: who gets how far with how much. */
import { type Costs, costsOfProfile } from "../cost/index.js";
import { profileArchitecture } from "./architecture-profile.js";
import { buildArchitecture, parseNetwork } from "./catalog.js";
import { countArchitecture } from "./count.js";
import { type PublishedResult, publishedFor, publishedResults } from "./published.js";

/** A published accuracy and what it cost. */
export type AccuracyPoint = {
  readonly label: string;
  /** The label without its family's name, as one would write it beside the family's line; empty for one that stands alone. */
  readonly member: string;
  readonly top1: number;
  readonly top5: number | null;
  readonly params: number | null;
  /** Per image. */
  readonly macs: number | null;
  /** Our exact counts, or the rounded ones that were printed. */
  readonly counted: "here" | "printed";
  readonly source: string;
};

/** Members of a family at full resolution, from small to large; or a single network. */
export type FamilyCurve = { readonly name: string; readonly points: readonly AccuracyPoint[] };

export type ComparedNetwork = Costs & {
  /** As it was asked for. */
  readonly network: string;
  readonly resolution: number;
  /** Where an accuracy was published for it. */
  readonly published: AccuracyPoint | null;
};

/** What a network of another family costs at the same accuracy. */
export type Rivals = {
  readonly label: string;
  readonly quantity: "macs" | "params";
  /** The costliest that is no more accurate. */
  readonly costliest: Rival | null;
  /** The cheapest that is no less accurate. */
  readonly cheapest: Rival | null;
};

/** `factor`: its cost ÷ that of the network. */
export type Rival = { readonly label: string; readonly top1: number; readonly cost: number; readonly factor: number };

export type Landscape = { readonly families: readonly FamilyCurve[]; readonly others: readonly AccuracyPoint[] };

const familyNames: ReadonlyMap<string, string> = new Map([
  ["mobilenet-v1", "MobileNetV1"],
  ["mobilenet-v2", "MobileNetV2"],
  ["mobilenet-v3-large", "MobileNetV3-Large"],
  ["mobilenet-v3-small", "MobileNetV3-Small"],
  ["mobilenet-v3-large-minimalistic", "MobileNetV3-Large minimalistic"],
  ["mobilenet-v3-small-minimalistic", "MobileNetV3-Small minimalistic"],
  ["mnasnet-a1", "MnasNet-A1"],
  ["mnasnet-b1", "MnasNet-B1"],
  ["mnasnet-small", "MnasNet-Small"],
  ["efficientnet-lite", "EfficientNet-Lite"],
  ["efficientnet-b", "EfficientNet"],
]);

/** `torch-efficientnet-b3` and `efficientnet-b0` are of one family. */
const familyOf = (network: string) =>
  network.replace(/^(tf|torch|timm)-/, "").replace(/^(efficientnet-(?:b|lite))\d$/, "$1");

/** Every family at full resolution, by the papers' own releases, and the networks that are not built here. */
export function landscape(): Landscape {
  const families = [...familyNames].map(([family, name]) => {
    const seen = new Set<string>();
    const points = publishedResults.flatMap((row) => {
      const { network, width, resolution } = row;
      if (network === null || /^(torch|timm)-/.test(network) || familyOf(network) !== family) return [];
      if (seen.has(`${network} ${width}`) || resolution !== buildArchitecture(network).resolution) return [];
      const point = pointOf(row);
      if (point !== null) seen.add(`${network} ${width}`);
      return point === null ? [] : [point];
    });
    return { name, points: points.toSorted((a, b) => a.macs! - b.macs!) };
  });
  return { families, others: publishedResults.flatMap((row) => (row.network === null ? (pointOf(row) ?? []) : [])) };
}

/** With our own counts where the network is built here. Null where no accuracy was printed. */
function pointOf(row: PublishedResult): AccuracyPoint | null {
  const { network, label, width, resolution, top1, top5, source } = row;
  if (top1 === null) return null;
  const told = { label, top1, top5, source };
  if (network === null || resolution === null) {
    return {
      ...told,
      member: "",
      params: row.params?.value ?? null,
      macs: row.macs?.value ?? null,
      counted: "printed",
    };
  }
  const { params, macs } = countArchitecture(buildArchitecture(network, { width, resolution }));
  const member = /^EfficientNet-(B\d|Lite\d)/.exec(label)?.[1] ?? String(width);
  return { ...told, member, params, macs, counted: "here" };
}

/**
 * @param network in one word, as `parseNetwork` takes it.
 * @throws {UsageError} as `parseNetwork` and `buildArchitecture` do.
 */
export function compareNetwork(network: string): ComparedNetwork {
  const { name, ...options } = parseNetwork(network);
  const architecture = buildArchitecture(name, options);
  const { resolution } = architecture;
  const row = publishedFor(name, options.width ?? 1, resolution).find(({ top1 }) => top1 !== null);
  const published = row === undefined ? null : pointOf(row);
  return { network, resolution, ...costsOfProfile(profileArchitecture(architecture)), published };
}

/** What others of the landscape cost at the accuracy of this network; its own family is left out. Null without an accuracy. */
export function rivalsOf(
  { network, published }: Pick<ComparedNetwork, "network" | "published">,
  { families, others }: Landscape,
  quantity: Rivals["quantity"],
): Rivals | null {
  const own = published?.[quantity];
  if (published == null || own == null) return null;
  const family = familyNames.get(familyOf(parseNetwork(network).name));
  const rest = [...families.flatMap(({ name, points }) => (name === family ? [] : points)), ...others];
  const rivals = rest.flatMap(({ label, top1, [quantity]: cost }): Rival[] =>
    cost === null ? [] : [{ label, top1, cost, factor: cost / own }],
  );
  const pick = (keep: (rival: Rival) => boolean, better: (a: Rival, b: Rival) => boolean) =>
    rivals
      .filter(keep)
      .reduce<Rival | null>((best, rival) => (best === null || better(rival, best) ? rival : best), null);
  return {
    label: published.label,
    quantity,
    costliest: pick(
      ({ top1 }) => top1 <= published.top1,
      (a, b) => a.cost > b.cost,
    ),
    cheapest: pick(
      ({ top1 }) => top1 >= published.top1,
      (a, b) => a.cost < b.cost,
    ),
  };
}
