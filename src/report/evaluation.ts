/** What `eval` and `predict` print. */
import { formatPercent } from "../base/index.js";
import type { ClassScore } from "./fit-report.js";
import { wilson } from "./interval.js";
import { columns, palette, plain, type TextOptions, truncate } from "./text-table.js";

export function renderEvaluation(
  {
    accuracy,
    count,
    perClass,
    split,
  }: { accuracy: number; count: number; perClass: readonly ClassScore[]; split: string },
  { colour, width }: TextOptions,
): string {
  const { strong, quiet } = palette(colour);
  const [low, high] = wilson(accuracy, count);
  const share = (value: number | null) => (value === null ? "–" : formatPercent(value));
  const rows = perClass.map(({ label, count: images, precision, recall }) => [
    truncate(plain(label), Math.max(10, width - 34)),
    String(images),
    share(precision),
    share(recall),
  ]);
  const [head, ...body] = columns(
    [["class", "images", "precision", "recall"], ...rows],
    ["left", "right", "right", "right"],
  );
  return [
    `${strong(formatPercent(accuracy, 2))} of ${count} ${split} images, 95 % interval ${formatPercent(low)} to ${formatPercent(high)}`,
    "",
    quiet(head!),
    ...body,
    "",
  ].join("\n");
}

export function renderPredictions(
  predictions: readonly {
    readonly file: string;
    readonly top: readonly { readonly label: string; readonly probability: number }[];
  }[],
  { colour, width }: TextOptions,
): string {
  const { strong, quiet } = palette(colour);
  const rows = predictions.map(({ file, top: [first, ...others] }) => [
    truncate(plain(file), Math.max(16, Math.floor(width / 2))),
    strong(plain(first!.label)),
    formatPercent(first!.probability),
    quiet(
      others
        .slice(0, 2)
        .map(({ label, probability }) => `${plain(label)} ${formatPercent(probability)}`)
        .join(" · "),
    ),
  ]);
  return `${columns(rows, ["left", "left", "right", "left"]).join("\n")}\n`;
}
