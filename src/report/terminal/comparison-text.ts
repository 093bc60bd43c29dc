/** Networks side by side for a terminal. */
import { formatBytes, formatCount, formatPercent } from "../../base/index.js";
import { type Comparison, claimsOf, strongest } from "../comparison-facts.js";
import { type Align, columns, narrowest, palette, plain, type TextOptions } from "../kit/text-table.js";
import { wrap } from "../kit/wrap.js";

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
