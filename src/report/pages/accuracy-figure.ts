/**
 * Accuracy against cost, one point a published network, as the papers draw it: families as lines, others as grey points, the
 * compared networks ringed, and a bracket from each to the costliest network that it equals.
 * @source Tan and Le 2019, arXiv:1905.11946, figures 1 and 5
 */
import { extentOf, formatPercent } from "../../base/index.js";
import {
  type AccuracyFigure,
  type AccuracyPoint,
  type Comparison,
  type Quantity,
  type Rival,
  samePoint,
  times,
} from "../comparison-facts.js";
import { linearScale, logScale } from "../kit/axis.js";
import { type Frame, figure, linePath, svg, xAxis, yAxis } from "../kit/figure.js";
import { html, type Markup, type Part } from "../kit/html.js";
import { alongLine, drawLabel, type LabelWish, type Mark, type Place, placeLabels } from "../kit/labels.js";
import { svgFile } from "../kit/svg-file.js";
import { count, percent, percentTick } from "../kit/words.js";

const axisTitles = {
  macs: "multiply-adds per image (log scale)",
  params: "parameters (log scale)",
} as const;

export function accuracyFigure(data: AccuracyFigure, quantity: Quantity): Markup {
  const what = quantity === "macs" ? "multiply-adds" : "parameters";
  return figure(
    (width) => accuracySvg(data, quantity, width),
    html`ImageNet top-1 accuracy against ${what}. How to read it: up and to the left is better. A line is a family at its full
resolution, its marks are its members; grey points are other published networks. ${data.chosen.length > 0 && "Ringed points are the compared networks. "}A bracket runs at the height
of a network to the costliest one that is no more accurate, and says how many times fewer ${what} the network takes.`,
  );
}

/** The figure against multiply-adds, as a file of its own. */
export function renderComparisonSvg(comparison: Comparison): string {
  return svgFile(accuracySvg(comparison, "macs", 1000));
}

/** What is drawn, and where. */
type Drawing = {
  readonly quantity: Quantity;
  readonly families: readonly {
    readonly name: string;
    readonly index: number;
    readonly points: readonly AccuracyPoint[];
  }[];
  readonly others: readonly AccuracyPoint[];
  readonly chosen: readonly AccuracyPoint[];
  /** From a network to the rival that it equals. */
  readonly brackets: readonly { readonly rival: Rival; readonly from: Place; readonly to: Place }[];
  readonly place: (point: AccuracyPoint) => Place;
};

export function accuracySvg(data: AccuracyFigure, quantity: Quantity, width: number): Markup {
  const wide = width > 500;
  const height = wide ? Math.round(width * 0.72) : 430;
  const frame: Frame = { left: 46, top: 34, right: width - 18, bottom: height - 46 };
  const known = (points: readonly AccuracyPoint[]) => points.filter((point) => point[quantity] !== null);
  const families = data.families.map(({ name, points }, index) => ({ name, index, points: known(points) }));
  const others = known(data.others);
  const chosen = known(data.chosen);
  const all = [...families.flatMap(({ points }) => points), ...others, ...chosen];
  const x = logScale(extentOf(all.map((point) => point[quantity]!)), [frame.left, frame.right], wide ? 14 : 6);
  const y = linearScale(extentOf(all.map(({ top1 }) => top1)), [frame.bottom, frame.top], wide ? 8 : 6);
  const place = (point: AccuracyPoint): Place => [x.at(point[quantity]!), y.at(point.top1)];
  const brackets = bracketsOf(data, quantity, chosen, wide).map(({ point, rival }) => ({
    rival,
    from: place(point),
    to: [x.at(rival.cost), y.at(rival.top1)] as const,
  }));
  const drawing: Drawing = { quantity, families, others, chosen, brackets, place };
  const room = { ...frame, left: frame.left + 2, top: frame.top - 6, right: width - 2 };
  return svg(width, height, summary(data, quantity), [
    xAxis(x, frame, count, axisTitles[quantity]),
    yAxis(y, frame, percentTick(y.ticks), "ImageNet top-1 accuracy"),
    lines(drawing),
    marks(drawing),
    names(wishes(drawing, wide), obstacles(drawing), room),
  ]);
}

/** Whether one of the points is a compared network's. */
const isChosen = ({ chosen }: Drawing, points: readonly AccuracyPoint[]) =>
  points.some((point) => chosen.some((one) => samePoint(one, point)));

/** Families, then the brackets, each with the head of an arrow at its rival. */
function lines(drawing: Drawing): Part {
  const { families, brackets, place } = drawing;
  return [
    families.map(
      ({ index, points }) =>
        points.length > 1 &&
        html`<path class="family${isChosen(drawing, points) && " chosen"}" stroke-dasharray="${dashes[index % dashes.length]!}" d="${linePath(points.map(place))}"/>`,
    ),
    brackets.map(
      ({ from: [x0, y0], to: [x1, y1] }) =>
        html`<path class="span" d="M${x0 + 8} ${y0}H${x1}V${y1 - (y1 > y0 ? 5 : -5)}M${x1 - 3} ${y1 > y0 ? y1 - 9 : y1 + 9}L${x1} ${y1 > y0 ? y1 - 4 : y1 + 4}L${x1 + 3} ${y1 > y0 ? y1 - 9 : y1 + 9}"/>`,
    ),
  ];
}

function marks(drawing: Drawing): Part {
  const { quantity, families, others, chosen, place } = drawing;
  const circle = (kind: string, point: AccuracyPoint, radius: number) => {
    const [x, y] = place(point);
    return marked(point, quantity, html`<circle class="${kind}" cx="${x}" cy="${y}" r="${radius}"/>`);
  };
  return [
    others.map((point) => circle("point other", point, 2.6)),
    families.map(({ index, points }) =>
      points.map((point) => marked(point, quantity, mark(index, isChosen(drawing, points), place(point)))),
    ),
    chosen.map((point) => circle("ring", point, 7)),
  ];
}

type Wish = LabelWish & { readonly kind: string };

/** Names of brackets and chosen networks first, then what brackets point at, families, other networks, members. */
function wishes(drawing: Drawing, wide: boolean): Wish[] {
  const { families, others, chosen, brackets, place } = drawing;
  const beside = (point: AccuracyPoint, text: string, reach: number): Wish => ({
    kind: "",
    text,
    anchors: [place(point)],
    clear: 6,
    reach,
  });
  const isRival = ({ label }: AccuracyPoint) => brackets.some(({ rival }) => rival.label === label);
  return [
    ...brackets.map(({ rival, from: [x0, y0], to: [x1] }) => {
      const anchors = [0.5, 0.7, 0.3, 0.85].map((share): Place => [x0 + (x1 - x0) * share, y0]);
      return { kind: "claim", text: `${times(rival.factor)} fewer`, anchors, clear: 3, reach: 24, bold: true };
    }),
    ...chosen.map((point) => ({ ...beside(point, point.label, 60), kind: "strong", clear: 9, bold: true })),
    ...others.filter(isRival).map((point) => beside(point, point.label, wide ? 72 : 40)),
    ...families.flatMap(({ name, points }) => {
      // A family of one that is compared has its name already.
      if (points.length === 0 || (points.length === 1 && isChosen(drawing, points))) return [];
      const kind = `familyname${isChosen(drawing, points) ? " chosen" : ""}`;
      return [{ kind, text: name, anchors: points.map(place).reverse(), clear: 7, reach: 130, bold: true }];
    }),
    ...others.filter((point) => !isRival(point)).map((point) => beside(point, point.label, wide ? 72 : 0)),
    ...families
      .filter(({ points }) => points.length > 1)
      .flatMap(({ points }) => points.filter((point) => !isChosen(drawing, [point])))
      .map((point) => beside(point, point.member, 0)),
  ];
}

/** Points and lines, which no name may cover. */
function obstacles({ families, others, chosen, brackets, place }: Drawing): Mark[] {
  const points = [...families.flatMap(({ points }) => points), ...others, ...chosen];
  const spans = brackets.map(({ from: [x0, y0], to: [x1, y1] }): Place[] => [[x0, y0], [x1, y0], [x1, y1]]); // biome-ignore format: a list of corners
  const drawn = [...families.map(({ points }) => points.map(place)), ...spans];
  return [
    ...points.map((point) => ({ at: place(point), radius: 4, named: true })),
    ...drawn.flatMap(alongLine).map((at) => ({ at, radius: 2, named: false })),
  ];
}

function names(wishes: readonly Wish[], obstacles: readonly Mark[], room: Frame): Markup[] {
  return placeLabels(wishes, obstacles, room).flatMap((at, i) => {
    if (at === null) return [];
    const { kind, text } = wishes[i]!;
    return [drawLabel(kind === "claim" ? { ...at, leader: null } : at, text, `${kind} halo`)];
  });
}

type Bracket = { readonly point: AccuracyPoint; readonly rival: Rival };

/** Most brackets that can be told apart. */
const mostBrackets = 3;

/**
 * Those of the compared networks with the largest factors, as far as there is room; where none are compared, the largest of all.
 * A rival that costs about the same needs no bracket.
 */
function bracketsOf(
  { rivals, families }: AccuracyFigure,
  quantity: Quantity,
  chosen: readonly AccuracyPoint[],
  wide: boolean,
): Bracket[] {
  const candidates = chosen.length > 0 ? chosen : families.flatMap(({ points }) => points);
  const brackets = rivals.flatMap((one): Bracket[] => {
    const point = candidates.find(({ label }) => label === one.label);
    const isShown = one.quantity === quantity && one.costliest !== null && one.costliest.factor >= 1.5;
    return point === undefined || !isShown ? [] : [{ point, rival: one.costliest! }];
  });
  const most = wide && chosen.length > 0 ? mostBrackets : 1;
  return brackets.toSorted((a, b) => b.rival.factor - a.rival.factor).slice(0, most);
}

/** Dash and mark tell families apart without colour; a family of one needs no dash. */
const dashes = ["2 3", "7 3", "4 2", "7 3 2 3", "", "", "10 3 2 3 2 3", "", "", "12 4", "none"] as const;

export const shapes = [
  "M-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0 -6.8 0z", // disc
  "M0 -4.4l4.2 7.4h-8.4z", // triangle
  "M-3.1 -3.1h6.2v6.2h-6.2z", // square
  "M0 -4.6l4.6 4.6l-4.6 4.6l-4.6 -4.6z", // diamond
  "M0 4.4l4.2 -7.4h-8.4z", // triangle on its head
  "M-4.2 -1.4h2.8v-2.8h2.8v2.8h2.8v2.8h-2.8v2.8h-2.8v-2.8h-2.8z", // cross
] as const;

/** Each shape hollow, then full. */
function mark(index: number, isChosen: boolean, [x, y]: Place): Markup {
  const kind = `point${isChosen ? " chosen" : ""}${index % 2 === 1 ? " full" : ""}`;
  return html`<path class="${kind}" transform="translate(${x} ${y})" d="${shapes[Math.floor(index / 2) % shapes.length]!}"/>`;
}

const marked = (point: AccuracyPoint, quantity: Quantity, shape: Markup) =>
  html`<g><title>${point.label}: ${percent(point.top1)}, ${count(point[quantity]!)} ${quantity === "macs" ? "MACs" : "parameters"}${"\n"}${point.source}</title>${shape}</g>`;

function summary({ families, others, chosen }: AccuracyFigure, quantity: Quantity): string {
  const what = quantity === "macs" ? "multiply-adds" : "parameters";
  const total = families.reduce((sum, { points }) => sum + points.length, 0) + others.length;
  const compared = chosen.map(({ label, top1 }) => `${label} ${formatPercent(top1)}`).join(", ");
  return `Scatter plot of ${total} published networks, ImageNet top-1 accuracy against ${what}${compared === "" ? "" : `; compared: ${compared}`}`;
}
