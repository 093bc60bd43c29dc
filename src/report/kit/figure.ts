/** What all figures share: the frame with its caption, the two widths, axes, bars. */

import type { Scale } from "./axis.js";
import { html, type Markup, type Part } from "./html.js";

/** Pixel edges of a plot inside its drawing. */
export type Frame = { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };

/** Drawing widths, px: a page column (and paper), and a phone. Letters keep their size, so the drawing is laid out twice. */
const widths = { wide: 720, narrow: 342 } as const;

/** Room right of a plot for half of the longest number below its end, px. */
export const endRoom = 24;

/** A figure in both layouts; the style sheet shows one of them. The caption says how to read it. */
export function figure(draw: (width: number) => Part, caption: Part, legend: Part = null): Markup {
  return html`<figure>${legend}
<div class="wide">${draw(widths.wide)}</div>
<div class="narrow">${draw(widths.narrow)}</div>
<figcaption>${caption}</figcaption>
</figure>`;
}

/** @param label what a reader who cannot see the drawing should know. */
export function svg(width: number, height: number, label: string, content: Part): Markup {
  return html`<svg role="img" aria-label="${label}" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${content}</svg>`;
}

/** Ticks below the plot, with a title under them. */
export function xAxis(scale: Scale, frame: Frame, format: (tick: number) => string, title: string): Markup {
  const { left, right, bottom } = frame;
  return html`<g class="axis"><path d="M${left} ${bottom}H${right}"/>${scale.ticks.map((tick) => {
    const x = scale.at(tick);
    return html`<path d="M${x} ${bottom}v4"/><text x="${x}" y="${bottom + 17}" text-anchor="middle">${format(tick)}</text>`;
  })}<text class="title" x="${(left + right) / 2}" y="${bottom + 35}" text-anchor="middle">${title}</text></g>`;
}

/** Ticks left of the plot with hair lines across it, and the title above them, where it needs no turned head. */
export function yAxis(scale: Scale, frame: Frame, format: (tick: number) => string, title: string): Markup {
  const { left, top, right } = frame;
  return html`<g class="axis">${scale.ticks.map((tick) => {
    const y = scale.at(tick);
    return html`<path class="hair" d="M${left} ${y}H${right}"/><text x="${left - 8}" y="${y + 4}" text-anchor="end">${format(tick)}</text>`;
  })}<text class="title" x="${left - 36}" y="${top - 12}">${title}</text></g>`;
}

/** Joins points; a value that is not finite breaks the line. */
export function linePath(points: readonly (readonly [x: number, y: number])[]): string {
  let pen = "M";
  let path = "";
  for (const [x, y] of points) {
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      pen = "M";
      continue;
    }
    path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
    pen = "L";
  }
  return path;
}

/** Pushes labels apart until `gap` px lie between neighbours; each stays as near its place as the others let it. */
export function spread(places: readonly number[], gap: number): number[] {
  const order = places.map((_, i) => i).sort((a, b) => places[a]! - places[b]!);
  const result = [...places];
  for (let i = 1; i < order.length; i++) {
    const [above, below] = [order[i - 1]!, order[i]!];
    const missing = gap - (result[below]! - result[above]!);
    if (missing > 0) result[below]! += missing;
  }
  return result;
}

/** A horizontal bar for a table cell; the number stands beside it, so the bar itself is silent. An SVG, since paper drops backgrounds. */
export function bar(share: number, kind: "" | "over" | "second" = ""): Markup {
  const length = 100 * Math.min(Math.max(share, 0), 1);
  return html`<svg class="bar ${kind}" aria-hidden="true" viewBox="0 0 100 10" preserveAspectRatio="none"><rect class="track" width="100" height="10"/><rect width="${length}" height="10"/></svg>`;
}

/** A table that scrolls in its own box where the window is narrower than it. */
export function table(name: string, caption: Part, head: Part, body: Part, kind: "" | "dense" | "pairs" = ""): Markup {
  return html`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table class="${kind}">
<caption>${caption}</caption>
<thead>${head}</thead>
<tbody>${body}</tbody>
</table></div>`;
}

/** About the width, px, of a text in the 11 px letters of the drawings; generous, as the reader's font is not known. */
export function textWidth(text: string): number {
  return [...text].reduce(
    (width, c) => width + 11 * (/[\p{scx=Han}\p{scx=Hira}\p{scx=Hang}mwMW@%—]/u.test(c) ? 1 : 0.64),
    0,
  );
}
