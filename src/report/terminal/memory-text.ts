/** Peak memory of a network for a terminal: in each number format and order, and as others count it. */
import { formatBytes } from "../../base/index.js";
import {
  type Align,
  columns,
  narrowest,
  palette,
  plain,
  shortened,
  type TextOptions,
  truncate,
  whatFits,
} from "../kit/text-table.js";
import { wrap } from "../kit/wrap.js";

type Peak = { readonly bytes: number; readonly at: string };
type Order = "given" | "lowest" | "greedy";

export type MemoryTable = {
  readonly network: string;
  /** Side of the input, px. */
  readonly resolution: number;
  readonly peaks: readonly {
    /** `fp32`, `fp16`, `int8`. */
    readonly format: string;
    /** Needed at the node of this path. */
    readonly given: Peak;
    readonly lowest: Peak & { readonly order: Order };
    readonly inPlaceDepthwise: Peak & { readonly order: Order };
  }[];
  /** The same graph by the rules of other implementations. */
  readonly conventions: readonly {
    readonly name: string;
    readonly format: string;
    readonly bytes: number;
    readonly parts: readonly { readonly what: string; readonly bytes: number }[];
    readonly without: string;
  }[];
  /** Figures printed elsewhere for this very network. */
  readonly published: readonly { readonly bytes: number; readonly note: string; readonly source: string }[];
};

/** Ends with a line break. */
export function renderMemory(table: MemoryTable, options: TextOptions): string {
  const width = Math.max(options.width, narrowest);
  const paint = palette(options.colour);
  const size = `${table.resolution}×${table.resolution} px`;
  const title = whatFits([truncate(plain(table.network), width), size, "peak memory of activations"], width);
  return [
    paint.strong(title),
    "",
    ...peakLines(table, width, paint),
    "",
    paint.strong("as others count it"),
    ...conventionLines(table, width, paint),
    ...publishedLines(table, width, paint),
    "",
  ]
    .join("\n")
    .replaceAll("\u00a0", " ");
}

type Palette = ReturnType<typeof palette>;

function peakLines({ peaks }: MemoryTable, width: number, paint: Palette): string[] {
  const align: readonly Align[] = ["left", "right", "right", "right", "left"];
  const rows = (room: number) => {
    const nodes = shortened(
      peaks.map(({ lowest }) => plain(lowest.at)),
      room,
    );
    return columns(
      [
        ["format", "given order", "best order", "in place", "needed at"],
        ...peaks.map(({ format, given, lowest, inPlaceDepthwise }, i) => [
          format,
          ...[given, lowest, inPlaceDepthwise].map(({ bytes }) => formatBytes(bytes)),
          nodes[i]!,
        ]),
      ].map((row) => (room > 0 ? row : row.slice(0, 4))),
      align,
    );
  };
  const bare = Math.max(...rows(0).map((line) => line.length));
  const room = width - bare - 2;
  const [head, ...body] = rows(room >= 12 ? room : 0);
  return [paint.quiet(head!), ...body, ...wrap(remark(peaks), width).map(paint.quiet)];
}

/** What the columns mean, and what is known of the order. */
function remark(peaks: MemoryTable["peaks"]): string {
  return `In place: the best order, with depthwise convolutions that write over their input. ${orderRemark(peaks)}`;
}

function orderRemark(peaks: MemoryTable["peaks"]): string {
  const searched = peaks.flatMap(({ lowest, inPlaceDepthwise }) => [lowest, inPlaceDepthwise]);
  if (searched.some(({ order }) => order === "greedy")) {
    return "The search for the best order reached its limit; a better one than this may exist.";
  }
  return peaks.every(({ given, lowest }) => given.bytes === lowest.bytes)
    ? "No order of the nodes needs less than the one given."
    : "No order of the nodes needs less than the best.";
}

function conventionLines({ conventions }: MemoryTable, width: number, paint: Palette): string[] {
  const rows = conventions.flatMap(({ name, format, bytes, parts }) => [
    [`${plain(name)}, ${format}`, formatBytes(bytes)],
    ...(parts.length < 2 ? [] : parts.map((part) => [`  ${part.what}`, formatBytes(part.bytes)])),
  ]);
  const widest = Math.max(...rows.map(([, bytes]) => bytes!.length));
  const names = shortened(
    rows.map(([what]) => what!),
    width - widest - 2,
  );
  const shown = columns(
    rows.map(([, bytes], i) => [names[i]!, bytes!]),
    ["left", "right"],
  );
  let line = 0;
  return conventions.flatMap(({ parts, without }) => {
    const [head, ...rest] = shown.slice(line, line + 1 + (parts.length < 2 ? 0 : parts.length));
    line += 1 + rest.length;
    return [head!, ...[...rest, ...wrap(`  without ${without}`, width, "    ")].map(paint.quiet)];
  });
}

function publishedLines({ published }: MemoryTable, width: number, paint: Palette): string[] {
  return published.flatMap(({ bytes, note, source }) => [
    "",
    `published: ${formatBytes(bytes)} (${Math.round(bytes / 1024)} KiB)`,
    ...wrap(`  ${note} ${source}`, width, "  ").map(paint.quiet),
  ]);
}
