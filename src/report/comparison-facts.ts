/** Networks side by side, among all that are published: what text, page, drawing and CSV say of them. */
import { csv, formatPercent } from "../base/index.js";
import type { Costs } from "./kit/cost-rows.js";

export type Quantity = "macs" | "params";

export type AccuracyPoint = {
  readonly label: string;
  /** The label without the name of its family. */
  readonly member: string;
  /** Fractions. */
  readonly top1: number;
  readonly top5: number | null;
  readonly params: number | null;
  readonly macs: number | null;
  readonly counted: "here" | "printed";
  readonly source: string;
};

export type Rival = { readonly label: string; readonly top1: number; readonly cost: number; readonly factor: number };

export type AccuracyFigure = {
  readonly families: readonly { readonly name: string; readonly points: readonly AccuracyPoint[] }[];
  readonly others: readonly AccuracyPoint[];
  /** The compared ones. */
  readonly chosen: readonly AccuracyPoint[];
  /** Of each of them, at most one a quantity. */
  readonly rivals: readonly {
    readonly label: string;
    readonly quantity: Quantity;
    /** The costliest that is no more accurate, and the cheapest that is no less. */
    readonly costliest: Rival | null;
    readonly cheapest: Rival | null;
  }[];
};

export type Comparison = AccuracyFigure & {
  /** The first is what the others are measured against. */
  readonly networks: readonly (Costs & {
    readonly network: string;
    readonly resolution: number;
    readonly published: AccuracyPoint | null;
  })[];
};

type Compared = Comparison["networks"][number];

export const samePoint = (a: AccuracyPoint, b: AccuracyPoint) => a.label === b.label && a.source === b.source;

/** `16×`, `2.7×`. */
export const times = (factor: number) => `${factor < 10 ? factor.toFixed(1) : Math.round(factor)}×`;

/** Many networks would make many sentences: then the one with the largest factor speaks for all. */
const mostClaims = 6;

/** What can be said of the compared networks, in sentences. */
export function claimsOn(quantity: Quantity, { rivals: all, networks }: Comparison): string[] {
  const rivals = all.filter((rival) => rival.quantity === quantity);
  if (networks.length <= mostClaims) return claimsOf(rivals);
  const factor = ({ costliest }: AccuracyFigure["rivals"][number]) => costliest?.factor ?? 0;
  return claimsOf(rivals.toSorted((a, b) => factor(b) - factor(a)).slice(0, 1));
}

const unit: Readonly<Record<Quantity, string>> = { macs: "multiply-adds", params: "parameters" };

/** What can be said of each network at its accuracy, in sentences. */
export function claimsOf(rivals: AccuracyFigure["rivals"]): string[] {
  return rivals.flatMap(({ label, quantity, costliest, cheapest }) => {
    const what = unit[quantity];
    const named = ({ label, top1 }: { label: string; top1: number }) =>
      `${label} (${formatPercent(top1).replace(" ", "\u00a0")})`;
    const said: string[] = [];
    if (costliest !== null && costliest.factor >= 1.05)
      said.push(`takes ${times(costliest.factor)} fewer ${what} than ${named(costliest)}, which is no more accurate`);
    if (cheapest !== null && cheapest.factor >= 1)
      said.push(
        `the cheapest of another family that is no less accurate, ${named(cheapest)}, takes ${times(cheapest.factor)} as many`,
      );
    if (cheapest !== null && cheapest.factor < 1)
      said.push(`${named(cheapest)} is no less accurate and takes ${times(1 / cheapest.factor)} fewer ${what}`);
    return said.length === 0 ? [] : [`${label}: ${said.join("; ")}.`];
  });
}

/** Every point of the figure and every compared network, one a line. @source RFC 4180 */
export function renderComparisonCsv(comparison: Comparison): string {
  const head = ["network", "family", "top1", "top5", "params", "macs", "weight_bytes", "peak_activation_bytes"];
  const rows = comparisonRows(comparison).map(({ point, compared, ...row }) => [
    ...[row.label, row.family, point?.top1, point?.top5, row.params, row.macs],
    ...[compared?.weightBytes, compared?.peakActivationBytes],
    ...[row.counted, compared === null ? "" : "yes", point?.source],
  ]);
  return csv([[...head, "counted", "compared", "source"], ...rows]);
}

export type ComparisonRow = {
  readonly label: string;
  /** Empty for a network of no family that is drawn. */
  readonly family: string;
  readonly params: number | null;
  readonly macs: number | null;
  readonly counted: "here" | "printed";
  /** null where no accuracy was published. */
  readonly point: AccuracyPoint | null;
  /** null where it is not one of the compared networks. */
  readonly compared: Compared | null;
};

/** What the drawing and the tables show, each network once: families, others, then compared ones that are neither. */
export function comparisonRows({ families, others, networks }: Comparison): ComparisonRow[] {
  const rowOf = (point: AccuracyPoint, family: string): ComparisonRow => {
    const compared = networks.find(({ published }) => published !== null && samePoint(published, point)) ?? null;
    const { label, params, macs, counted } = point;
    return { label, family, params, macs, counted, point, compared };
  };
  const drawn = [
    ...families.flatMap(({ name, points }) => points.map((point) => rowOf(point, name))),
    ...others.map((point) => rowOf(point, "")),
  ];
  const shown = new Set(drawn.flatMap(({ compared }) => compared ?? []));
  const rest = networks.filter((one) => !shown.has(one));
  return [
    ...drawn,
    ...rest.map((compared): ComparisonRow => {
      const { published, network, params, macs } = compared;
      if (published !== null) return { ...rowOf(published, ""), compared };
      return { label: network, family: "", params, macs, counted: "here", point: null, compared };
    }),
  ];
}
