/** What a network was scaled to, for a terminal: its size, its costs against the limits, what stopped it, what to expect. */
import { formatPercent } from "../../base/index.js";
import { type Costs, costRows, costsInRows } from "../kit/cost-rows.js";
import { columns, narrowest, palette, plain, type TextOptions, textBar } from "../kit/text-table.js";
import { count, counted } from "../kit/words.js";

type Limit = keyof Costs;
type Dimension = "depth" | "width" | "resolution";
type Size = { readonly [D in Dimension]: number };

type Share = { readonly limit: Limit; readonly allowed: number; readonly used: number; readonly share: number };

type Prediction = {
  readonly top1: number;
  readonly from: { readonly label: string; readonly top1: number; readonly source: string };
  readonly residual: number;
  readonly extrapolated: readonly Dimension[];
};

/** Depth and width relative to the named network, resolution in pixels. */
export type ScaledFacts = Size & {
  readonly name: string;
  readonly phi?: number;
  readonly costs: Costs;
  /** Relative to the network that scaling began with. */
  readonly multipliers: Size;
  readonly prediction: Prediction | null;
};

export type WithinBudgetFacts = ScaledFacts & {
  /** The fullest first. */
  readonly shares: readonly Share[];
  readonly binding: readonly Limit[];
  readonly next: readonly (Size & { readonly dimension: Dimension; readonly breaks: readonly Share[] })[];
  readonly searched: {
    readonly [D in Dimension]: { readonly from: number; readonly to: number; readonly count: number };
  } & {
    readonly networks: number;
  };
};

const dimensions = ["depth", "width", "resolution"] as const satisfies readonly Dimension[];

const barWidth = 20;

/** A network scaled by φ. Ends with a line break. */
export function renderScaled(facts: ScaledFacts, options: TextOptions): string {
  const rows = costRows.map(({ key, short, format }) => [short, format(facts.costs[key])]);
  return page([head(facts, options), columns(rows, ["left", "right"]), expectation(facts, options)]);
}

/** The best network within a budget. Ends with a line break. */
export function renderWithinBudget(facts: WithinBudgetFacts, options: TextOptions): string {
  return page([
    head(facts, options),
    costLines(facts, options),
    stepLines(facts, options),
    expectation(facts, options),
    searchedLines(facts, options),
  ]);
}

const page = (blocks: readonly (readonly string[])[]) =>
  `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`.replaceAll("\u00a0", " ");

function head({ name, depth, width, resolution, phi, multipliers }: ScaledFacts, { colour }: TextOptions): string[] {
  const word = `${plain(name)}${width === 1 ? "" : `-${short(width)}`}@${resolution}`;
  const { depth: d, width: w, resolution: r } = multipliers;
  const grown = `depth × ${short(d)}, width × ${short(w)}, resolution × ${short(r)}`;
  return [
    palette(colour).strong(depth === 1 ? word : `${word}, depth ${short(depth)}`),
    phi === undefined ? grown : `φ = ${short(phi)}: ${grown}`,
  ];
}

/** No more than three places, no zeros at the end. */
const short = (n: number) => String(Number(n.toFixed(3)));

function costLines({ costs, shares, binding }: WithinBudgetFacts, { colour, width }: TextOptions): string[] {
  const paint = palette(colour);
  const table = costsInRows(costs).map(({ key, short: name, format, cost }) => {
    const limit = shares.find((share) => share.limit === key);
    if (limit === undefined) return [name, format(cost), "not limited", "", ""];
    const bar = `${textBar(limit.share, barWidth)}${binding.includes(key) ? " binds" : ""}`;
    return [name, format(limit.used), format(limit.allowed), formatPercent(limit.share), bar];
  });
  const all = [["cost", "reached", "limit", "used", ""], ...table];
  const align = ["left", "right", "right", "right", "left"] as const;
  const full = columns(all, align);
  const fits = Math.max(...full.map((line) => line.length)) <= Math.max(width, narrowest);
  const [first, ...rest] = fits
    ? full
    : columns(
        all.map((row) => row.slice(0, 4)),
        align.slice(0, 4),
      );
  return [paint.quiet(first!), ...rest];
}

/** What one step more would break. */
function stepLines({ next, searched }: WithinBudgetFacts, { colour }: TextOptions): string[] {
  const rows = next.map(({ dimension, breaks, ...size }) => [
    `${dimension} ${short(size[dimension])}${dimension === "resolution" ? " px" : ""}`,
    breaks.map(({ limit, share }) => `${formatPercent(share)} of ${limitWord(limit)}`).join(", "),
  ]);
  const ended = dimensions.filter((dimension) => !next.some((step) => step.dimension === dimension));
  return [
    palette(colour).quiet("one step larger"),
    ...columns(
      [...rows, ...ended.map((d) => [`${d} ${searched[d].to}`, "the end of what was searched"])],
      ["left", "left"],
    ),
  ];
}

const limitWord = (limit: Limit) => costRows.find(({ key }) => key === limit)?.short ?? "latency";

function expectation({ prediction }: ScaledFacts, { colour }: TextOptions): string[] {
  if (prediction === null) return ["no accuracy predicted: no result of this network is published"];
  const { top1, from, residual, extrapolated } = prediction;
  const paint = palette(colour);
  const rows = [
    ["top-1 predicted", paint.strong(formatPercent(top1)), `± ${(100 * residual).toFixed(1)} points, on ImageNet`],
    ["published", formatPercent(from.top1), `${from.label}, ${from.source}`],
  ];
  const beyond =
    extrapolated.length === 0 ? [] : [`beyond all published sizes in ${extrapolated.join(" and ")}: a guess`];
  return [...columns(rows, ["left", "right", "left"]), ...beyond];
}

function searchedLines(
  { searched: { depth, width, resolution, networks } }: WithinBudgetFacts,
  { colour }: TextOptions,
): string[] {
  const range = ({ from, to }: { from: number; to: number }) =>
    from === to ? short(from) : `${short(from)} to ${short(to)}`;
  const rows = [
    ["depth", range(depth), counted(depth.count, "step")],
    ["width", range(width), counted(width.count, "step")],
    ["resolution", `${range(resolution)} px`, counted(resolution.count, "side")],
  ];
  return [
    palette(colour).quiet(`the best by prediction of ${count(networks)} networks`),
    ...columns(rows, ["left", "left", "right"]),
  ];
}

export type SeriesFacts = readonly {
  readonly published: Size & {
    readonly name: string;
    readonly costs: Costs;
    readonly top1: number | null;
    readonly phi: Size;
  };
  readonly scaled: ScaledFacts;
}[];

/** A published series, and below each network what φ makes in its place. Ends with a line break. */
export function renderSeries(series: SeriesFacts, { colour, width }: TextOptions): string {
  const paint = palette(colour);
  const cells = (name: string, { depth, width, resolution }: Size, { params, macs }: Costs, top1: number | null) => [
    ...[name, depth.toFixed(2), width.toFixed(2), String(resolution), count(params), count(macs)],
    top1 === null ? "–" : formatPercent(top1),
  ];
  const rows = series.flatMap(({ published, scaled }) => [
    [
      ...cells(plain(published.name), published, published.costs, published.top1),
      dimensions.map((dimension) => published.phi[dimension].toFixed(2)).join(" "),
    ],
    cells(`  φ = ${short(scaled.phi ?? 0)}`, scaled, scaled.costs, scaled.prediction?.top1 ?? null),
  ]);
  const all = [["", "depth", "width", "px", "params", "MACs", "top-1", "φ by each"], ...rows];
  const align = ["left", "right", "right", "right", "right", "right", "right", "left"] as const;
  const full = columns(all, align);
  const fits = full.every((line) => line.length <= width);
  const withoutPhi = () => all.map((row) => row.slice(0, align.length - 1));
  const [first, ...rest] = fits ? full : columns(withoutPhi(), align.slice(0, -1));
  const notes = [
    "top-1: of a published network as published, of the others predicted",
    "φ by each: from depth, width and resolution alone; no single φ gives the published sizes",
  ];
  return page([
    [paint.quiet(first!), ...rest.map((text, i) => (i % 2 === 0 ? text : paint.quiet(text)))],
    fits ? notes : notes.slice(0, 1),
  ]);
}
