/** Where names can stand in a crowded drawing: near their points and over nothing. */
import { type Frame, linePath, textWidth } from "./figure.js";
import { html, type Markup } from "./html.js";

export type Place = readonly [x: number, y: number];

export type LabelWish = {
  readonly text: string;
  /** Places that the name may stand beside, the best first. */
  readonly anchors: readonly Place[];
  /** How far from the anchor a letter must stay, px. */
  readonly clear: number;
  /** How far the name may go from its anchor; a line then leads to it. 0: beside an anchor or nowhere. */
  readonly reach: number;
  /** Bold letters are wider. */
  readonly bold?: boolean;
};

export type Mark = {
  readonly at: Place;
  readonly radius: number;
  /** A name that is about as near to this as to its own anchor would be taken for its name. */
  readonly named: boolean;
};

export type PlacedLabel = {
  /** The middle of the text's box. */
  readonly x: number;
  readonly y: number;
  /** From the anchor to the name, where it is too far away to be understood without. */
  readonly leader: readonly [Place, Place] | null;
};

type Box = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** Of letters of 11 px, with some air. */
const height = 12;

/** Farther from its anchor than this, a name needs a line. */
const near = 8;

/** Right, left, above, below, then the corners, as one would try by hand. */
// biome-ignore format: a list of pairs
const directions = [[1, 0], [-1, 0], [0, -1], [0, 1], [1, -1], [-1, -1], [1, 1], [-1, 1]] as const;

/**
 * A place for each name inside the frame, the first ones served first; null where there is none left.
 *
 * @param marks what is drawn already and must stay visible: points and bits of lines.
 */
export function placeLabels(
  wishes: readonly LabelWish[],
  marks: readonly Mark[],
  frame: Frame,
): readonly (PlacedLabel | null)[] {
  const taken: Box[] = marks.map(({ at: [x, y], radius }) => around(x, y, 2 * radius, 2 * radius));
  const names: Box[] = [];
  const leaders: Place[] = [];
  return wishes.map((wish) => {
    for (const { x, y, box, anchor, away } of candidates(wish)) {
      if (!within(box, frame) || [...taken, ...names].some((other) => overlap(box, other))) continue;
      if (leaders.some((at) => holds(box, at))) continue;
      const misleads = ({ at, named }: Mark) =>
        named && !isAt(at, anchor) && distance(box, at) < 1.7 * distance(box, anchor);
      if (away <= near && marks.some(misleads)) continue;
      const leader = away > near ? ([anchor, edgeTowards(box, anchor)] as const) : null;
      const path = leader === null ? [] : alongLine(leader);
      if (path.some((at) => names.some((name) => holds(name, at)))) continue;
      const crosses = ({ at, named }: Mark) => named && !isAt(at, anchor) && path.some((step) => apart(step, at) < 5);
      if (marks.some(crosses)) continue;
      names.push(box);
      leaders.push(...path);
      return { x, y, leader };
    }
    return null;
  });
}

/** The name in its place, after the line that leads to it. @param kind classes of the style sheet. */
export function drawLabel({ x, y, leader }: PlacedLabel, text: string, kind: string): Markup {
  const line = leader !== null && html`<path class="leader" d="${linePath(leader)}"/>`;
  return html`${line}<text class="${kind}" x="${x}" y="${y + 4}" text-anchor="middle">${text}</text>`;
}

/** Beside each anchor, then farther and farther from all. */
function* candidates({ text, anchors, clear, reach, bold = false }: LabelWish) {
  const width = textWidth(text) * (bold ? 0.94 : 0.86) + 4;
  const steps = Array.from({ length: 1 + Math.floor(reach / 6) }, (_, i) => 6 * i);
  for (const { anchor, away } of steps.flatMap((away) => anchors.map((anchor) => ({ anchor, away })))) {
    for (const [right, down] of directions) {
      const x = anchor[0] + right * (clear + away + width / 2 - 1);
      const y = anchor[1] + down * (clear + away + height / 2 - (right === 0 ? 0 : 3));
      yield { x, y, box: around(x, y, width, height), anchor, away };
    }
  }
}

const around = (x: number, y: number, width: number, height: number): Box => ({
  left: x - width / 2,
  right: x + width / 2,
  top: y - height / 2,
  bottom: y + height / 2,
});

const within = (box: Box, frame: Frame) =>
  box.left >= frame.left && box.right <= frame.right && box.top >= frame.top && box.bottom <= frame.bottom;

const apart = (a: Place, b: Place) => Math.hypot(a[0] - b[0], a[1] - b[1]);

/** Points so close together look like one. */
const isAt = (a: Place, b: Place) => apart(a, b) < 5;

const overlap = (a: Box, b: Box) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

const holds = ({ left, right, top, bottom }: Box, [x, y]: Place) => left < x && x < right && top < y && y < bottom;

function distance({ left, right, top, bottom }: Box, [x, y]: Place): number {
  return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
}

/** The point of the box that is nearest. */
const edgeTowards = ({ left, right, top, bottom }: Box, [x, y]: Place): Place => [
  Math.min(Math.max(x, left + 3), right - 3),
  Math.min(Math.max(y, top), bottom),
];

/** Points every few pixels along a line, to be kept clear of names. */
export function alongLine(points: readonly Place[]): Place[] {
  return points.slice(1).flatMap(([x1, y1], i) => {
    const [x0, y0] = points[i]!;
    const steps = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / 5));
    return Array.from({ length: steps }, (_, k): Place => {
      const share = (k + 0.5) / steps;
      return [x0 + (x1 - x0) * share, y0 + (y1 - y0) * share];
    });
  });
}
