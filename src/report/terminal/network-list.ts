import { formatCount, formatPercent } from "../../base/index.js";
import { columns, palette, plain, type TextOptions } from "../kit/text-table.js";

/** A network in the catalogue. */
export type CatalogueRow = {
  /** The word that names it on the command line. */
  readonly network: string;
  readonly paper: { readonly title: string; readonly authors: string; readonly year: number; readonly source: string };
  readonly resolution: number;
  readonly params: number;
  readonly macs: number;
  /** On ImageNet, as published, a fraction; null where nothing was. */
  readonly top1: number | null;
  readonly dialects: readonly string[];
};

/** A block per paper, a line per network. Ends with a line break. */
export function renderNetworks(rows: readonly CatalogueRow[], { colour }: TextOptions): string {
  const paint = palette(colour);
  const head = ["network", "px", "params", "MACs", "top-1", "dialects"];
  const cells = rows.map((row) => [
    `  ${row.network}`,
    String(row.resolution),
    formatCount(row.params),
    formatCount(row.macs),
    row.top1 === null ? "–" : formatPercent(row.top1),
    row.dialects.map((name) => `${name}-`).join(" "),
  ]);
  const [first, ...lines] = columns([head, ...cells], ["left", "right", "right", "right", "right", "left"]);
  const body = rows.flatMap(({ paper }, i) => {
    const isNew = paper.title !== rows[i - 1]?.paper.title;
    const { title, authors, year, source } = paper;
    return [
      ...(isNew ? ["", paint.strong(plain(title)), paint.quiet(`${authors} ${year}, ${source}`)] : []),
      lines[i]!,
    ];
  });
  const notes = [
    "top-1 on ImageNet as published; params trainable; MACs per image, the papers' FLOPs",
    "tf- is what a bare name means; torch- and timm- pad, round and normalise as those libraries do",
  ];
  return [paint.quiet(first!), ...body, "", ...notes.map(paint.quiet), ""].join("\n").replaceAll("\u00a0", " ");
}
