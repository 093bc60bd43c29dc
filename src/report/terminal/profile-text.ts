import { formatBytes, formatCount, formatPercent } from "../../base/index.js";
import {
  type Column,
  columns,
  fittingTable,
  narrowest,
  palette,
  plain,
  shortened,
  type TextOptions,
  textBar,
  whatFits,
} from "../kit/text-table.js";
import { counted, exactly } from "../kit/words.js";
import type { ProfileTable } from "../profile-table.js";
import { networkLines } from "./network-drawing-text.js";

const barWidth = 16;

/** The drawing, a line a layer, totals below; columns that the window has no room for are left out, the bar first. Ends with a line break. */
export function renderProfile(profile: ProfileTable, options: TextOptions): string {
  const width = Math.max(options.width, narrowest);
  const paint = palette(options.colour);
  const { network, resolution, classes } = profile;
  const [head, ...lines] = layerLines(profile, width);
  const rule = "-".repeat(Math.min(width, Math.max(...[head!, ...lines].map((line) => line.length))));
  return [
    paint.strong(`${plain(network)} · ${resolution}×${resolution} px · ${counted(classes, "class", "classes")}`),
    "",
    ...drawing(profile, paint, width),
    paint.quiet(head!),
    paint.quiet(rule),
    ...lines.slice(0, -1),
    paint.quiet(rule),
    paint.strong(lines.at(-1)!),
    "",
    ...totalLines(profile, width),
    "",
  ]
    .join("\n")
    .replaceAll("\u00a0", " ");
}

/** The head, a line a layer and the totals, in as many columns as fit. */
function layerLines(profile: ProfileTable, width: number): string[] {
  const { layers, params, macs } = profile;
  const share = (layer: ProfileTable["layers"][number]) => (macs > 0 ? layer.macs / macs : 0);
  const cut = shortened(
    layers.map(({ name }) => plain(name)),
    Number.isFinite(width) ? 32 : width,
  );
  const names = new Map(layers.map((layer, i) => [layer, cut[i]!]));
  const all: readonly Column<ProfileTable["layers"][number]>[] = [
    { head: "layer", align: "left", cell: (layer) => names.get(layer)!, total: "total" },
    { head: "kind", align: "left", cell: (layer) => plain(layer.kind), drop: 3 },
    { head: "output", align: "right", cell: (layer) => layer.output.join("×"), drop: 5 },
    { head: "params", align: "right", cell: (layer) => formatCount(layer.params), total: formatCount(params) },
    { head: "MACs", align: "right", cell: (layer) => formatCount(layer.macs), total: formatCount(macs) },
    { head: "output bytes", align: "right", cell: (layer) => formatBytes(layer.activationBytes), drop: 2 },
    { head: "share", align: "right", cell: (layer) => formatPercent(share(layer)), drop: 4 },
    { head: "of MACs", align: "left", cell: (layer) => textBar(share(layer), barWidth), drop: 1 },
  ];
  return fittingTable(all, layers, width);
}

function totalLines({ params, macs, weightBytes, peakActivationBytes }: ProfileTable, width: number): string[] {
  const rows = [
    ["params", exactly(params), "trainable; batch-norm statistics not counted"],
    ["MACs", exactly(macs), "multiply-adds per image; papers say FLOPs"],
    ["weights", formatBytes(weightBytes), ""],
    ["peak activations", formatBytes(peakActivationBytes), "fp32, batch 1"],
  ] as const;
  const room = width - "peak activations".length - Math.max(...rows.map(([, total]) => total.length)) - 4;
  return columns(
    rows.map(([name, total, note]) => [name, total, whatFits([note], room)]),
    ["left", "right", "left"],
  );
}

function drawing({ resolution, stages }: ProfileTable, paint: ReturnType<typeof palette>, width: number): string[] {
  if (stages === undefined || stages.length === 0) return [];
  const [head, ...lines] = networkLines(resolution, stages, width);
  return [paint.quiet(head!), ...lines, ""];
}
