/** Learning curves for a terminal. */
import { extentOf, formatPercent } from "../../base/index.js";
import type { EpochRecord } from "../fit-report.js";
import { palette, type TextOptions } from "../kit/text-table.js";

const ROWS = 7;
const MOST_COLUMNS = 48;
/** Characters of a label, the line after it included. */
const MARGIN = 8;
const GAP = 3;

/**
 * Training loss and validation accuracy over the epochs, side by side where the window is wide enough. ASCII; ends with a line break.
 *
 * @returns nothing for fewer than two epochs.
 */
export function renderCurves(epochs: readonly EpochRecord[], { colour, width }: TextOptions): string {
  if (epochs.length < 2) return "";
  const panels = [
    { title: "training loss", values: epochs.map((epoch) => epoch.trainLoss), format: (v: number) => v.toFixed(3) },
    { title: "validation accuracy", values: epochs.map((epoch) => epoch.validationAccuracy), format: formatPercent },
  ];
  const half = Math.floor((width - GAP) / 2) - MARGIN;
  const isWide = half >= 20;
  const columns = Math.min(MOST_COLUMNS, isWide ? half : Math.max(width - MARGIN, 1));
  const paint = palette(colour);
  const drawn = panels.map(({ title, values, format }) => {
    const [head, ...lines] = panel(title, values, format, columns).map((line) => line.padEnd(MARGIN + columns));
    return [paint.strong(head!), ...lines];
  });
  const lines = isWide ? drawn[0]!.map((line, i) => line + " ".repeat(GAP) + drawn[1]![i]!) : drawn.flat();
  return `${lines.map((line) => line.trimEnd()).join("\n")}\n`;
}

function panel(
  title: string,
  values: readonly number[],
  format: (value: number) => string,
  columns: number,
): readonly string[] {
  const finite = values.filter(Number.isFinite);
  const [least, most] = extentOf(finite);
  const rows = plot(values, [least, most], columns);
  const labels = rows.map((_, row) =>
    row === 0 ? format(most) : row === rows.length - 1 && least < most ? format(least) : "",
  );
  const last = String(values.length);
  return [
    title,
    ...rows.map((row, i) => `${labels[i]!.replaceAll("\u00a0", " ").padStart(MARGIN - 2)} |${row}`),
    `${" ".repeat(MARGIN)}1${last.padStart(columns - 1)}`,
  ];
}

/** `ROWS` lines of `columns` characters, the largest value in the first. What is not finite leaves a gap. */
export function plot(
  values: readonly number[],
  [least, most]: readonly [number, number],
  columns: number,
): readonly string[] {
  const grid = Array.from({ length: ROWS }, () => new Array<string>(columns).fill(" "));
  let before: number | null = null;
  for (let column = 0; column < columns; column++) {
    const value = between(values, columns === 1 ? 0 : (column / (columns - 1)) * (values.length - 1));
    if (!Number.isFinite(value)) {
      before = null;
      continue;
    }
    const row = most > least ? Math.round(((most - value) / (most - least)) * (ROWS - 1)) : 0;
    // A steep curve is joined to what came before it.
    const from: number = before === null ? row : before + Math.sign(row - before);
    for (let at = Math.min(from, row); at <= Math.max(from, row); at++) grid[at]![column] = "*";
    before = row;
  }
  return grid.map((line) => line.join(""));
}

/** At a place between two of them, by a straight line. */
function between(values: readonly number[], place: number): number {
  const [low, share] = [Math.floor(place), place - Math.floor(place)];
  return share === 0 ? values[low]! : values[low]! * (1 - share) + values[low + 1]! * share;
}

const blocks = "▁▂▃▄▅▆▇█";

/** The last values as small bars, from the least of them to the most; nothing for fewer than two. */
export function sparkline(values: readonly number[], most = 12): string {
  const shown = values.filter(Number.isFinite).slice(-most);
  if (shown.length < 2) return "";
  const [low, high] = extentOf(shown);
  const level = (value: number) =>
    high === low ? 0 : Math.round(((value - low) / (high - low)) * (blocks.length - 1));
  return shown.map((value) => blocks[level(value)]).join("");
}
