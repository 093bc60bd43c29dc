/**
 * Accuracy against multiply-adds as scaling multiplies them: each dimension alone, width at several depths and resolutions, and
 * single dimensions beside compound scaling. A mark is the mean over seeds, its bar the 95 % t-interval.
 * @source Tan and Le 2019, arXiv:1905.11946, figures 3, 4 and 8
 */
import { extentOf, formatPercent } from "../../base/index.js";
import { linearScale, logScale, type Scale } from "../kit/axis.js";
import { type Frame, linePath, svg, textWidth, xAxis, yAxis } from "../kit/figure.js";
import { html, type Markup } from "../kit/html.js";
import { alongLine, drawLabel, type LabelWish, type Place, placeLabels } from "../kit/labels.js";
import { svgFile } from "../kit/svg-file.js";
import { count, percent, percentTick } from "../kit/words.js";
import { dimensions, type ScaledDimension, type ScalingStudyFacts, type StudiedPoint } from "../scaling-facts.js";
import { shapes } from "./accuracy-figure.js";

/** A point with what it is called beside its mark. */
type Labelled = { readonly point: StudiedPoint & { readonly mean: number }; readonly text: string };

type Line = {
  readonly name: string;
  readonly points: readonly Labelled[];
  /** Chooses dash and mark: they tell lines apart without colour. */
  readonly index: number;
  readonly isChosen: boolean;
};

const letters: Readonly<Record<ScaledDimension, string>> = { depth: "d", width: "w", resolution: "r" };

export const renderSingleSvg = (facts: ScalingStudyFacts): string => svgFile(singleSvg(facts, 960));
export const renderSettingsSvg = (facts: ScalingStudyFacts): string => svgFile(settingsSvg(facts, 720));
export const renderCompoundSvg = (facts: ScalingStudyFacts): string => svgFile(compoundSvg(facts, 720));

/** One panel a dimension, side by side or, on a phone, one above the other; all have the same axes. */
export function singleSvg(facts: ScalingStudyFacts, width: number): Markup {
  const wide = width > 500;
  const lines = dimensions.map((dimension) => aloneLine(facts, dimension, true));
  const all = lines.flatMap(({ points }) => points);
  const margin = leftMargin(all);
  const notes = noteLines(facts, all, width - margin);
  const panelHeight = wide ? 330 : 250;
  const height = (wide ? panelHeight : 3 * panelHeight) + NOTE_LINE * (notes.length - 1);
  // Between two panels stand half of the last number of one axis and half of the first of the next.
  const gap = wide ? 48 : 0;
  const panelWidth = (width - margin - 18 - 2 * gap) / (wide ? 3 : 1);
  const frames = lines.map((_, i): Frame => {
    const left = margin + (wide ? i * (panelWidth + gap) : 0);
    const top = 34 + (wide ? 0 : i * panelHeight);
    return { left, top, right: left + panelWidth, bottom: top + panelHeight - 96 };
  });
  return svg(
    width,
    height,
    `Three plots of validation accuracy against multiply-adds: ${dimensions.map((one) => spoken(facts, one)).join("; ")}`,
    [
      lines.map((line, i) => {
        const frame = frames[i]!;
        const x = logScale(extentOf(all.map(({ point }) => point.macs)), [frame.left + 8, frame.right], 4);
        const y = accuracyScale(all, frame);
        const isFirst = !wide || i === 0;
        return html`${xAxis(x, frame, count, wide && i !== 1 ? "" : "multiply-adds per image (log scale)")}
${isFirst ? yAxis(y, frame, percentTick(y.ticks), "validation accuracy") : hairs(y, frame)}
<text class="strong" x="${frame.right}" y="${frame.top - 12}" text-anchor="end">${line.name}</text>
${drawLines([line], x, y, frame, 24)}`;
      }),
      drawNote(notes, margin, height),
    ],
  );
}

/** Width at several depths and resolutions. */
export function settingsSvg(facts: ScalingStudyFacts, width: number): Markup {
  const lines = facts.settings.map(({ depth, resolution, line }, index) => ({
    name: `d = ${depth}, r = ${resolution}`,
    index,
    isChosen: index === facts.settings.length - 1,
    points: labelled(facts, line, ({ width }) => `w ${width}`),
  }));
  return plot(
    facts,
    lines,
    width,
    `Validation accuracy against multiply-adds as the width grows, at ${facts.settings.map(({ depth, resolution }) => `depth ${depth} and resolution ${resolution}`).join("; ")}`,
  );
}

/** Each dimension alone beside all three together. */
export function compoundSvg(facts: ScalingStudyFacts, width: number): Markup {
  const phis = new Map(facts.compound.map(({ phi, key }) => [key, phi]));
  const compound = {
    name: "all three together",
    index: 3,
    isChosen: true,
    points: labelled(facts, [...phis.keys()], ({ key }) => (phis.get(key) === 0 ? "" : `φ ${phis.get(key)}`)),
  };
  const lines = [...dimensions.map((one) => aloneLine(facts, one, false)), compound];
  const last = compound.points.at(-1);
  const told = last === undefined ? "" : `; all three together reach ${formatPercent(last.point.mean)}`;
  return plot(
    facts,
    lines,
    width,
    `Validation accuracy against multiply-adds: ${dimensions.map((one) => spoken(facts, one)).join("; ")}${told}`,
  );
}

function aloneLine(facts: ScalingStudyFacts, dimension: ScaledDimension, isChosen: boolean): Line {
  const text = (point: StudiedPoint) => `${letters[dimension]} ${point[dimension]}`;
  return {
    name: `${dimension} alone`,
    index: dimensions.indexOf(dimension),
    isChosen,
    points: labelled(facts, facts.alone[dimension], (point) =>
      point[dimension] === 1 && !isChosen ? "" : text(point),
    ),
  };
}

/** Those of the line that were trained to the end, by rising multiply-adds. */
function labelled(
  { points }: ScalingStudyFacts,
  line: readonly string[],
  text: (point: StudiedPoint) => string,
): Labelled[] {
  return line
    .flatMap((key) => points.filter((point) => point.key === key))
    .flatMap((point) => (point.mean === null ? [] : [{ point: { ...point, mean: point.mean }, text: text(point) }]))
    .sort((a, b) => a.point.macs - b.point.macs);
}

function plot(facts: ScalingStudyFacts, all: readonly Line[], width: number, label: string): Markup {
  const lines = all.filter(({ points }) => points.length > 0);
  const points = lines.flatMap((line) => line.points);
  const left = leftMargin(points);
  const key = legend(lines, width - left);
  const notes = noteLines(facts, points, width - left);
  const below = key.height + NOTE_LINE * (notes.length - 1);
  const height = (width > 500 ? Math.round(width * 0.6) : 340) + below;
  const frame: Frame = { left, top: 34, right: width - 24, bottom: height - 74 - below };
  const x = logScale(
    extentOf(points.map(({ point }) => point.macs)),
    [frame.left + 8, frame.right],
    width > 500 ? 8 : 5,
  );
  const y = accuracyScale(points, frame);
  return svg(width, height, label, [
    xAxis(x, frame, count, "multiply-adds per image (log scale)"),
    yAxis(y, frame, percentTick(y.ticks), "validation accuracy"),
    drawLines(lines, x, y, { ...frame, right: width - 2 }, 24),
    html`<g transform="translate(${left} ${frame.bottom + 58})">${key.drawing}</g>`,
    drawNote(notes, left, height),
  ]);
}

/** A line's stroke, mark and name, as many in a row as there is room for. @param width of the room, px. */
function legend(lines: readonly Line[], width: number): { readonly drawing: Markup; readonly height: number } {
  let [x, y] = [0, 0];
  const entries = lines.map(({ name, index, isChosen }) => {
    const needed = 40 + textWidth(name) + 16;
    if (x > 0 && x + needed > width) [x, y] = [0, y + 18];
    const kind = isChosen ? " chosen" : "";
    const entry = html`<g transform="translate(${x} ${y})"><path class="family${kind}" stroke-dasharray="${dashOf(index, isChosen)}" d="M0 0H34"/><path class="point full${kind}" transform="translate(17 0)" d="${shapeOf(index)}"/><text class="familyname${kind}" x="40" y="4">${name}</text></g>`;
    x += needed;
    return entry;
  });
  return { drawing: html`${entries}`, height: y + 18 };
}

/** @param reach how far the name of a point may go from it, px. */
function drawLines(lines: readonly Line[], x: Scale, y: Scale, frame: Frame, reach: number): Markup[] {
  const place = ({ point }: Labelled): Place => [x.at(point.macs), y.at(point.mean)];
  return [
    ...lines.map(({ points, index, isChosen }) =>
      points.length > 1
        ? html`<path class="family${isChosen && " chosen"}" stroke-dasharray="${dashOf(index, isChosen)}" d="${linePath(points.map(place))}"/>`
        : html``,
    ),
    ...lines.flatMap(({ points, isChosen }) => points.map((one) => whisker(one, x, y, isChosen))),
    ...lines.flatMap(({ points, index, isChosen }) => points.map((one) => mark(one, index, isChosen, place(one)))),
    ...labels(),
  ];

  function labels(): Markup[] {
    const wishes: LabelWish[] = lines.flatMap(({ points }) =>
      points
        .filter(({ text }) => text !== "")
        .map((one) => ({ text: one.text, clear: 7, reach, anchors: [place(one)] })),
    );
    const marks = lines.flatMap(({ points }) => [
      ...points.map((one) => ({ at: place(one), radius: 4, named: true })),
      ...[...alongLine(points.map(place)), ...points.flatMap((one) => alongLine(whiskerEnds(one, x, y)))].map((at) => ({
        at,
        radius: 1.5,
        named: false,
      })),
    ]);
    const room = { ...frame, left: frame.left + 2, top: frame.top - 6 };
    return placeLabels(wishes, marks, room).flatMap((at, i) =>
      at === null ? [] : [drawLabel(at, wishes[i]!.text, "halo")],
    );
  }
}

const dashes = ["2 3", "7 3", "7 3 2 3", "12 4", "10 3 2 3 2 3"] as const;

const shapeOf = (index: number) => shapes[index % shapes.length]!;

const dashOf = (index: number, isChosen: boolean) => (isChosen ? "none" : dashes[index % dashes.length]!);

/** Ends of the error bar; nothing without an interval. */
const whiskerEnds = ({ point }: Labelled, x: Scale, y: Scale): Place[] =>
  (point.interval ?? []).map((end) => [x.at(point.macs), y.at(clipped(end, y))]);

/** An accuracy ends at 0 and 1, and a drawing at its axis. */
const clipped = (value: number, { ticks }: Scale) => Math.min(Math.max(value, ticks[0]!), ticks.at(-1)!);

function whisker(one: Labelled, x: Scale, y: Scale, isChosen: boolean): Markup {
  const [low, high] = whiskerEnds(one, x, y);
  if (low === undefined || high === undefined) return html``;
  const cap = (at: number) => html`M${low[0] - 3} ${at}h6`;
  return html`<path class="whisker${isChosen && " chosen"}" d="M${low[0]} ${low[1]}V${high[1]}${cap(low[1])}${cap(high[1])}"/>`;
}

/** Full, or hollow where images had to be enlarged. */
function mark({ point }: Labelled, index: number, isChosen: boolean, [x, y]: Place): Markup {
  const kind = `point${isChosen ? " chosen" : ""}${point.isEnlarged ? "" : " full"}`;
  const spread = point.interval === null ? "" : ` (${percent(point.interval[0])} to ${percent(point.interval[1])})`;
  const title = `depth ${point.depth}, width ${point.width}, resolution ${point.resolution} (${point.side} px): ${percent(point.mean)}${spread}, ${count(point.macs)} MACs, ${count(point.params)} parameters`;
  return html`<g><title>${title}</title><path class="${kind}" transform="translate(${x} ${y})" d="${shapeOf(index)}"/></g>`;
}

function hairs(y: Scale, { left, right }: Frame): Markup {
  return html`<g class="axis">${y.ticks.map((tick) => html`<path class="hair" d="M${left} ${y.at(tick)}H${right}"/>`)}</g>`;
}

/** What the bars and the hollow marks are, in a line where there is room. Trainings may have failed, so seeds are counted where they are drawn. */
function noteLines({ data }: ScalingStudyFacts, all: readonly Labelled[], room: number): readonly string[] {
  const [fewest, most] = extentOf(all.map(({ point }) => point.accuracies.length));
  const bars =
    most > 1
      ? `mean of ${fewest === most ? "" : `${fewest} to `}${most} seeds, bars: 95 % t-interval`
      : "one seed: the spread is not known";
  if (!all.some(({ point }) => point.isEnlarged)) return [bars];
  const hollow = `hollow: images enlarged beyond ${data.side} px`;
  const line = `${bars}; ${hollow}`;
  return 0.82 * textWidth(line) <= room ? [line] : [bars, hollow];
}

const NOTE_LINE = 15;

/** @param bottom of the drawing, px. */
const drawNote = (lines: readonly string[], x: number, bottom: number): Markup[] =>
  lines.map((text, i) => html`<text x="${x}" y="${bottom - 10 - NOTE_LINE * (lines.length - 1 - i)}">${text}</text>`);

/** Room for the longest number beside the axis, px. */
function leftMargin(all: readonly Labelled[]): number {
  const { ticks } = accuracyScale(all, { bottom: 1, top: 0 });
  const format = percentTick(ticks);
  return Math.max(46, 10 + Math.ceil(Math.max(...ticks.map((tick) => textWidth(format(tick))))));
}

function accuracyScale(all: readonly Labelled[], { bottom, top }: Pick<Frame, "bottom" | "top">): Scale {
  const values = all.flatMap(({ point }) => [point.mean, ...(point.interval ?? [])]);
  const [low, high] = extentOf(values.map((value) => Math.min(Math.max(value, 0), 1)));
  return linearScale([low, high], [bottom, top], 6);
}

/** From where to where a dimension alone goes, for who cannot see it. */
function spoken(facts: ScalingStudyFacts, dimension: ScaledDimension): string {
  const points = labelled(facts, facts.alone[dimension], () => "");
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return `${dimension} alone was not trained`;
  return `${dimension} alone from ${formatPercent(first.point.mean)} to ${formatPercent(last.point.mean)}`;
}
