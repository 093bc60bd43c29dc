/** Networks side by side: as text, as a page with the accuracy figure, as one drawing, as rows for a spreadsheet. */
import { formatBytes, formatCount, formatPercent } from "../../base/index.js";
import type { Costs } from "../fit-report.js";
import { svgFile } from "../kit/svg-file.js";
import { type Align, columns, narrowest, palette, plain, type TextOptions } from "../kit/text-table.js";
import { wrap } from "../kit/wrap.js";
import {
  type AccuracyFigure,
  type AccuracyPoint,
  accuracySvg,
  type Quantity,
  samePoint,
  times,
} from "../pages/accuracy-figure.js";

export type Comparison = AccuracyFigure & {
  /** The first is what the others are measured against. */
  readonly networks: readonly (Costs & {
    readonly network: string;
    readonly resolution: number;
    readonly published: AccuracyPoint | null;
  })[];
};

type Compared = Comparison["networks"][number];

/** A line a network, then what others need for the same accuracy, then the sources. Ends with a line break. */
export function renderComparison({ networks, rivals }: Comparison, { colour, width }: TextOptions): string {
  const paint = palette(colour);
  const room = Math.max(width, narrowest);
  const sources = [...new Set(networks.flatMap(({ published }) => published?.source ?? []))];
  const first = networks[0]!;
  const ratio = (one: Compared, key: "params" | "macs" | "peakActivationBytes") =>
    one === first ? "" : `×${Number((one[key] / first[key]).toPrecision(3))}`;
  const cells: readonly { head: string; align: Align; cell: (one: Compared) => string }[] = [
    { head: "network", align: "left", cell: ({ network }) => plain(network) },
    { head: "px", align: "right", cell: ({ resolution }) => String(resolution) },
    { head: "params", align: "right", cell: ({ params }) => formatCount(params) },
    { head: "", align: "right", cell: (one) => ratio(one, "params") },
    { head: "MACs", align: "right", cell: ({ macs }) => formatCount(macs) },
    { head: "", align: "right", cell: (one) => ratio(one, "macs") },
    { head: "weights", align: "right", cell: ({ weightBytes }) => formatBytes(weightBytes) },
    { head: "activations", align: "right", cell: ({ peakActivationBytes }) => formatBytes(peakActivationBytes) },
    { head: "", align: "right", cell: (one) => ratio(one, "peakActivationBytes") },
    { head: "top-1", align: "right", cell: ({ published }) => accuracy(published?.top1) },
    { head: "top-5", align: "right", cell: ({ published }) => accuracy(published?.top5) },
    {
      head: "",
      align: "left",
      cell: ({ published }) => (published === null ? "" : `[${sources.indexOf(published.source) + 1}]`),
    },
  ];
  const lines = (chosen: readonly number[]) =>
    columns(
      [chosen.map((i) => cells[i]!.head), ...networks.map((one) => chosen.map((i) => cells[i]!.cell(one)))],
      chosen.map((i) => cells[i]!.align),
    );
  // What can go, in this order, until a line fits; a network compared with itself needs no ratio.
  const dispensable = [6, 1, 8, 10, 3, 7, 5];
  let chosen = cells.map((_, i) => i).filter((i) => networks.length > 1 || ![3, 5, 8].includes(i));
  for (const i of dispensable) {
    if (Math.max(...lines(chosen).map((line) => line.length)) <= room) break;
    chosen = chosen.filter((one) => one !== i);
  }
  const [head, ...rows] = lines(chosen);
  const claims = claimsOf(
    strongest(
      rivals.filter(({ quantity }) => quantity === "macs"),
      networks.length,
    ),
  );
  return `${[
    paint.quiet(head!),
    ...rows,
    ...(claims.length === 0 ? [] : ["", ...claims.flatMap((claim) => wrap(claim, room, "  "))]),
    ...(sources.length === 0 ? [] : ["", paint.quiet("accuracies on ImageNet, as published in")]),
    ...sources.flatMap((source, i) => wrap(`[${i + 1}] ${source}`, room, "    ")),
  ].join("\n")}\n`.replaceAll("\u00a0", " ");
}

/** One place, as most papers print it, and more where the source has them. */
const accuracy = (fraction: number | null | undefined) => (fraction == null ? "–" : formatPercent(fraction));

/** Many networks would make many sentences: then the one with the largest factor speaks for all. */
const mostClaims = 6;

/** @param networks how many are compared. */
export function strongest(rivals: AccuracyFigure["rivals"], networks: number): AccuracyFigure["rivals"] {
  if (networks <= mostClaims) return rivals;
  const factor = ({ costliest }: AccuracyFigure["rivals"][number]) => costliest?.factor ?? 0;
  return rivals.toSorted((a, b) => factor(b) - factor(a)).slice(0, 1);
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

/** The figure against multiply-adds, as a file of its own. */
export function renderComparisonSvg(comparison: Comparison): string {
  return svgFile(accuracySvg(comparison, "macs", 1000));
}

/** Every point of the figure and every compared network, one a line. @source RFC 4180 */
export function renderComparisonCsv(comparison: Comparison): string {
  const head = ["network", "family", "top1", "top5", "params", "macs", "weight_bytes", "peak_activation_bytes"];
  const rows = comparisonRows(comparison).map(({ point, compared, ...row }) => [
    ...[row.label, row.family, point?.top1, point?.top5, row.params, row.macs],
    ...[compared?.weightBytes, compared?.peakActivationBytes],
    ...[row.counted, compared === null ? "" : "yes", point?.source],
  ]);
  const all = [[...head, "counted", "compared", "source"], ...rows];
  return all.map((cells) => `${cells.map(csvCell).join(",")}\r\n`).join("");
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

export function csvCell(value: string | number | null | undefined): string {
  const text = value == null ? "" : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
