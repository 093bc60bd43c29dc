/** Latencies for a terminal. */
import { formatPercent } from "../../base/index.js";
import { columns, palette, plain, type TextOptions } from "../kit/text-table.js";

export type LatencyRow = {
  readonly network: string;
  readonly runtime: string;
  readonly threads: number;
  readonly batch: number;
  /** Multiply-accumulates of one image. */
  readonly macs: number;
  /** From nothing loaded to the first result, in milliseconds. */
  readonly coldMs: number;
  readonly firstMs: number;
  readonly timing: {
    readonly medianMs: number;
    readonly lowerMs: number;
    readonly upperMs: number;
    readonly runs: number;
  };
};

/** Three digits that mean something. */
const ms = (value: number) => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));

/** A line per network, provider and thread count. Ends with a line break. */
export function renderLatency(rows: readonly LatencyRow[], { colour }: TextOptions): string {
  const paint = palette(colour);
  const head = ["network", "engine", "threads", "cold", "first", "median", "quartiles", "images/s", "GMAC/s"];
  const cells = rows.map(({ network, runtime, threads, batch, macs, coldMs, firstMs, timing }) => {
    const imagesPerSecond = (1000 * batch) / timing.medianMs;
    return [
      plain(network),
      plain(runtime).replace(/, \d+ threads?$/, ""),
      String(threads),
      ms(coldMs),
      ms(firstMs),
      ms(timing.medianMs),
      `${ms(timing.lowerMs)} – ${ms(timing.upperMs)}`,
      ms(imagesPerSecond),
      ((imagesPerSecond * macs) / 1e9).toFixed(1),
    ];
  });
  const [first, ...lines] = columns(
    [head, ...cells],
    ["left", "left", "right", "right", "right", "right", "right", "right", "right"],
  );
  const batch = rows[0]?.batch ?? 1;
  const notes = [
    `milliseconds for ${batch === 1 ? "one image" : `${batch} images`}; cold: engine, session and first run in a fresh process`,
    "median and quartiles of the warm runs; random weights",
  ];
  return [paint.quiet(first!), ...lines, "", ...notes.map(paint.quiet), ""].join("\n");
}

export type LatencyCheck = {
  readonly configuration: { readonly runtime: string; readonly blocks: number; readonly networks: number };
  readonly rows: readonly {
    readonly network: string;
    readonly predictedMs: number;
    readonly measuredMs: number;
    readonly error: number;
    readonly exact: number;
  }[];
  /** Mean of the errors without their signs. */
  readonly meanAbsoluteError: number | null;
};

/** Predictions beside what was measured. Ends with a line break. */
export function renderLatencyCheck(
  { configuration, rows, meanAbsoluteError }: LatencyCheck,
  { colour }: TextOptions,
): string {
  const paint = palette(colour);
  const { runtime, blocks, networks } = configuration;
  const signed = (error: number) => `${error < 0 ? "−" : "+"}${formatPercent(Math.abs(error))}`;
  const [head, ...lines] = columns(
    [
      ["network", "measured", "predicted", "error", "blocks known"],
      ...rows.map(({ network, measuredMs, predictedMs, error, exact }) => [
        ...[plain(network), ms(measuredMs), ms(predictedMs)],
        ...[signed(error), formatPercent(exact, 0)],
      ]),
    ],
    ["left", "right", "right", "right", "right"],
  );
  return [
    paint.strong(`${plain(runtime)} · ${blocks} blocks of ${networks} networks measured`),
    "",
    paint.quiet(head!),
    ...lines,
    "",
    meanAbsoluteError === null
      ? "nothing to predict from without this network: measure a second one into the table"
      : `mean absolute error ${formatPercent(meanAbsoluteError)}`,
    "",
    paint.quiet(
      "milliseconds; each network is predicted as if it, and the blocks that only it has, had never been measured",
    ),
    "",
  ]
    .join("\n")
    .replaceAll("\u00a0", " ");
}
