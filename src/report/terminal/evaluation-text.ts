/** What `eval` and `predict` print. */
import { formatPercent } from "../../base/index.js";
import type { ClassScore } from "../fit-report.js";
import { accuracyInWords, FEW_IMAGES, wilson } from "../kit/interval.js";
import { besideLines, leadLines } from "../kit/overall-lines.js";
import { columns, palette, plain, shortened, type TextOptions } from "../kit/text-table.js";

export function renderEvaluation(
  {
    accuracy,
    count,
    perClass,
    confusion,
    split,
  }: {
    accuracy: number;
    count: number;
    perClass: readonly ClassScore[];
    confusion: readonly (readonly number[])[];
    split: string;
  },
  { colour, width }: TextOptions,
): string {
  const { strong, quiet } = palette(colour);
  const [low, high] = wilson(accuracy, count);
  const share = (value: number | null) => (value === null ? "–" : formatPercent(value));
  const labels = shortened(
    perClass.map(({ label }) => plain(label)),
    Math.max(10, width - 34),
  );
  const rows = perClass.map(({ count: images, precision, recall }, i) => [
    labels[i]!,
    String(images),
    share(precision),
    share(recall),
  ]);
  const [head, ...body] = columns(
    [["class", "images", "precision", "recall"], ...rows],
    ["left", "right", "right", "right"],
  );
  return [
    ...leadLines(confusion, strong),
    `${accuracyInWords(accuracy, count, `${split === "all" ? "" : `${split} `}images`, strong, 2)}${count < FEW_IMAGES ? "" : `, 95 % interval ${formatPercent(low)} to ${formatPercent(high)}`}`,
    ...besideLines(
      confusion,
      perClass.map(({ label }) => plain(label)),
    ),
    "",
    quiet(head!),
    ...body,
    "",
  ].join("\n");
}

/** A line for each picture. In a terminal, classes that its width has no room for stand on lines below. */
export function renderPredictions(
  predictions: readonly {
    readonly file: string;
    readonly top: readonly { readonly label: string; readonly probability: number }[];
  }[],
  { colour, width }: TextOptions,
): string {
  const { strong, quiet } = palette(colour);
  const label = ({ top }: (typeof predictions)[number]) => plain(top[0]!.label);
  const figures = Math.max(0, ...predictions.map((each) => [...label(each)].length)) + "  100.0 %  ".length;
  const names = shortened(
    predictions.map(({ file }) => plain(file)),
    Math.max(16, width - figures),
  );
  const rows = predictions.map((each, i) => [names[i]!, strong(label(each)), formatPercent(each.top[0]!.probability)]);
  const lines = columns(rows, ["left", "left", "right"]);
  const taken = figures + Math.max(0, ...names.map((name) => [...name].length));
  return predictions
    .flatMap(({ top }, i) => {
      const others = top.slice(1).map((other) => `${plain(other.label)} ${formatPercent(other.probability)}`);
      const beside = width - taken - 2;
      const isBeside = others.length > 0 && Math.max(...others.map((text) => text.length)) <= beside;
      const below = filled(others, isBeside ? beside : width - 2).map(quiet);
      if (!isBeside) return [lines[i]!, ...below.map((text) => `  ${text}`)];
      const [first, ...more] = below;
      return [`${lines[i]}  ${first}`, ...more.map((text) => " ".repeat(taken + 2) + text)];
    })
    .map((line) => `${line}\n`)
    .join("");
}

/** Pieces in lines of at most `width` characters, ` · ` between those of a line. */
function filled(pieces: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + piece.length + 3 <= width) lines[lines.length - 1] = `${last} · ${piece}`;
    else lines.push(piece);
  }
  return lines;
}
