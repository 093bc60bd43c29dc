import { extentOf } from "../../base/index.js";
import type { EpochRecord, FitReport } from "../fit-report.js";
import { between, linearScale, linearTicks, type Scale } from "../kit/axis.js";
import { type Frame, figure, linePath, spread, svg, xAxis, yAxis } from "../kit/figure.js";
import { html, type Markup } from "../kit/html.js";
import { count, counted, percent, percentTick } from "../kit/words.js";

type Panel = {
  readonly title: string;
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly format: (ticks: readonly number[]) => (tick: number) => string;
};

/** Loss and accuracy of a training, epoch by epoch. @param network what was trained, as a sentence begins. */
export function curves({ curve: epochs, course }: Pick<FitReport, "curve" | "course">, network: string): Markup {
  if (epochs.length === 0)
    return html`<section aria-labelledby="training"><h2 id="training">Training</h2><p class="read">No epoch was recorded.</p></section>`;
  const last = epochs.at(-1)!;
  const speed = epochs.reduce((sum, epoch) => sum + epoch.imagesPerSecond, 0) / epochs.length;
  return html`<section aria-labelledby="training"><h2 id="training">Training</h2>
<p class="read">${network} was trained for ${counted(epochs.length, "epoch")} at ${count(Math.round(speed))} images a second; the learning rate ${rates(epochs)}. After the last epoch the loss was ${loss(last.trainLoss)} on the training images and ${loss(last.validationLoss)} on the validation images.</p>
${course.map(
  (line) => html`<p class="read">${line}</p>
`,
)}${figure(
  (width) => drawing(epochs, width),
  html`Loss and accuracy per epoch. How to read it: solid lines are validation images, dashed lines training images as they were learnt
from, augmented and before the epoch's end. A solid line that turns away from the dashed one means overfitting; lines still moving at the right
edge mean that more epochs would help.`,
)}</section>`;
}

/** From the first epoch to the last, by way of the highest where a warm-up led to it. */
function rates(epochs: readonly EpochRecord[]): string {
  const values = epochs.map((epoch) => epoch.learningRate);
  const [first, highest, last] = [values[0]!, Math.max(...values), values.at(-1)!].map((v) =>
    String(Number(v.toPrecision(2))),
  );
  if (first === highest && highest === last) return `was ${first}`;
  return first === highest || last === highest
    ? `went from ${first} to ${last}`
    : `rose from ${first} to ${highest} and fell to ${last}`;
}

const loss = (value: number) => (Number.isFinite(value) ? value.toFixed(3) : "not finite");

function drawing(epochs: readonly EpochRecord[], width: number): Markup {
  const panels: readonly Panel[] = [
    {
      title: "loss (cross-entropy)",
      train: epochs.map((epoch) => epoch.trainLoss),
      validation: epochs.map((epoch) => epoch.validationLoss),
      format: () => (tick) => String(tick),
    },
    {
      title: "accuracy",
      train: epochs.map((epoch) => epoch.trainAccuracy),
      validation: epochs.map((epoch) => epoch.validationAccuracy),
      format: percentTick,
    },
  ];
  const sideBySide = width > 500;
  const each = { width: sideBySide ? (width - 16) / 2 : width, height: 262 };
  const frames = panels.map((_, i): Frame => {
    const [left, top] = sideBySide ? [i * (each.width + 16), 0] : [0, i * (each.height + 14)];
    return { left: left + 46, top: top + 34, right: left + each.width - 66, bottom: top + each.height - 46 };
  });
  const height = sideBySide ? each.height : 2 * each.height + 14;
  return svg(
    width,
    height,
    summary(epochs),
    panels.map((panel, i) => draw(panel, frames[i]!)),
  );
}

function draw(panel: Panel, frame: Frame): Markup {
  const values = [...panel.train, ...panel.validation].filter(Number.isFinite);
  const y = linearScale(extent(values), [frame.bottom, frame.top], 5);
  const x = epochScale(panel.train.length, [frame.left, frame.right]);
  const at = (value: number, i: number) => [x.at(i + 1), y.at(value)] as const;
  const series = [
    { name: "train", values: panel.train },
    { name: "validation", values: panel.validation },
  ].map((one) => ({ ...one, points: one.values.map(at), last: one.values.findLast(Number.isFinite) }));
  const ended = series.filter((one) => one.last !== undefined);
  const labels = spread(
    ended.map((one) => y.at(one.last!) + 4),
    14,
  );
  return html`${xAxis(x, frame, String, "epoch")}${yAxis(y, frame, panel.format(y.ticks), panel.title)}
${series.map(({ name, points }) => html`<path class="curve ${name}" d="${linePath(points)}"/>`)}
${series.map(({ name, points }) => (points.length <= 30 ? points.filter(([, py]) => Number.isFinite(py)).map(([px, py]) => html`<circle class="dot ${name}" cx="${px}" cy="${py}" r="1.8"/>`) : null))}
${ended.map(({ name }, i) => html`<text class="${name}" x="${frame.right + 7}" y="${labels[i]!}">${name}</text>`)}`;
}

function extent(values: readonly number[]): readonly [number, number] {
  return values.length === 0 ? [0, 1] : extentOf(values);
}

/** Whole epochs, from the first to the last. */
function epochScale(epochs: number, pixels: readonly [number, number]): Scale {
  if (epochs === 1) return { ticks: [1], at: () => (pixels[0] + pixels[1]) / 2 };
  const inner = linearTicks(0, epochs, 5).filter((tick) => Number.isInteger(tick) && tick > 1 && tick <= epochs);
  return { ticks: [1, ...inner.filter((tick) => tick > epochs / 10)], at: between([1, epochs], pixels) };
}

function summary(epochs: readonly EpochRecord[]): string {
  const [first, last] = [epochs[0]!, epochs.at(-1)!];
  return `Learning curves over ${counted(epochs.length, "epoch")}: validation loss from ${loss(first.validationLoss)} to ${loss(last.validationLoss)}, validation accuracy from ${percent(first.validationAccuracy)} to ${percent(last.validationAccuracy)}`;
}
