/** Networks side by side for a terminal. */
import { formatBytes, formatCount, formatPercent } from "../../base/index.js";
import { type Comparison, claimsOn } from "../comparison-facts.js";
import { type Column, fittingTable, narrowest, palette, plain, type TextOptions } from "../kit/text-table.js";
import { wrap } from "../kit/wrap.js";

type Compared = Comparison["networks"][number];

/** A line a network, then what others need for the same accuracy, then the sources. Ends with a line break. */
export function renderComparison(comparison: Comparison, { colour, width }: TextOptions): string {
  const { networks } = comparison;
  const paint = palette(colour);
  const room = Math.max(width, narrowest);
  const sources = [...new Set(networks.flatMap(({ published }) => published?.source ?? []))];
  const first = networks[0]!;
  // A network compared with itself needs no ratio.
  const ratio = (key: "params" | "macs" | "peakActivationBytes", drop: number): Column<Compared>[] => {
    const cell = (one: Compared) => (one === first ? "" : `×${Number((one[key] / first[key]).toPrecision(3))}`);
    return networks.length === 1 ? [] : [{ head: "", align: "right", cell, drop }];
  };
  const place = ({ published }: Compared) => (published === null ? "" : `[${sources.indexOf(published.source) + 1}]`);
  const cells: readonly Column<Compared>[] = [
    { head: "network", align: "left", cell: ({ network }) => plain(network) },
    { head: "px", align: "right", cell: ({ resolution }) => String(resolution), drop: 2 },
    { head: "params", align: "right", cell: ({ params }) => formatCount(params) },
    ...ratio("params", 5),
    { head: "MACs", align: "right", cell: ({ macs }) => formatCount(macs) },
    ...ratio("macs", 7),
    { head: "weights", align: "right", cell: ({ weightBytes }) => formatBytes(weightBytes), drop: 1 },
    { head: "activations", align: "right", cell: (one) => formatBytes(one.peakActivationBytes), drop: 6 },
    ...ratio("peakActivationBytes", 3),
    { head: "top-1", align: "right", cell: ({ published }) => accuracy(published?.top1) },
    { head: "top-5", align: "right", cell: ({ published }) => accuracy(published?.top5), drop: 4 },
    { head: "", align: "left", cell: place },
  ];
  const [head, ...rows] = fittingTable(cells, networks, room);
  const claims = claimsOn("macs", comparison);
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
