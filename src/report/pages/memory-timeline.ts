/** A memory plan as a picture: what lies where in the arena, and from which step to which. */
import { formatBytes } from "../../base/index.js";
import { between, linearTicks, type Scale } from "../kit/axis.js";
import { type Frame, figure, svg, textWidth, yAxis } from "../kit/figure.js";
import { html, isolated, type Markup, type Part } from "../kit/html.js";
import { svgFile } from "../kit/svg-file.js";

type Role = "input" | "convolution" | "depthwise" | "residual" | "scratch" | "other";

/** What `cost` knows of a plan, and whose it is. */
export type MemoryTimelineFacts = {
  readonly network: string;
  /** Side of the input, px. */
  readonly resolution: number;
  /** How numbers are stored: `fp32`, `fp16`, `int8`. */
  readonly format: string;
  /** Of the arena. */
  readonly peakBytes: number;
  /** Index of the first step at which the most bytes live. */
  readonly peakStep: number;
  /** Paths of the nodes, in running order: `stages.1.0.expand.conv`. */
  readonly steps: readonly string[];
  readonly buffers: readonly {
    /** Path of the node that writes it first. */
    readonly name: string;
    readonly role: Role;
    readonly bytes: number;
    /** Bytes from the start of the arena. */
    readonly offset: number;
    /** Steps, both included; what stays to the end has the number of steps as its last. */
    readonly first: number;
    readonly last: number;
  }[];
};

const roles: readonly { readonly role: Role; readonly name: string }[] = [
  { role: "input", name: "image" },
  { role: "convolution", name: "written by a convolution" },
  { role: "depthwise", name: "by a depthwise convolution" },
  { role: "residual", name: "kept for a residual sum" },
  { role: "scratch", name: "scratch" },
  { role: "other", name: "pools and gates" },
];

/** The picture as an SVG file. @param options.width px; by default a page column. */
export function renderMemoryTimeline(
  facts: MemoryTimelineFacts,
  { width = 720 }: { readonly width?: number } = {},
): string {
  return svgFile(drawing(facts, width, true));
}

/** The picture in a page, with a legend above and the way to read it below. */
export function memoryFigure(facts: MemoryTimelineFacts): Markup {
  return figure(
    (width) => drawing(facts, width, false),
    html`The arena of the activations in ${facts.format} while ${isolated(facts.network)} runs, from the first node at the left to the last at the right.
How to read it: a rectangle is a buffer; its height is its size, its place the bytes it takes, and it reaches from the step that writes it to the last that reads it.
The arena must be as high as the dashed line.`,
    legend(facts),
  );
}

const present = ({ buffers }: MemoryTimelineFacts) => roles.filter(({ role }) => buffers.some((b) => b.role === role));

function legend(facts: MemoryTimelineFacts): Markup {
  return html`<ul class="legend">${present(facts).map(
    ({ role, name }) =>
      html`<li><svg class="memory" aria-hidden="true" width="22" height="12" viewBox="0 0 22 12">${box(role, 0.5, 0.5, 21, 11)}</svg> ${name}</li>`,
  )}</ul>`;
}

function drawing(facts: MemoryTimelineFacts, width: number, withLegend: boolean): Markup {
  const { steps, buffers, peakBytes, peakStep } = facts;
  const wide = width > 500;
  const names = withLegend ? legendInside(facts, width) : { content: null, rows: 0 };
  const top = 52 + 18 * names.rows;
  const frame: Frame = { left: 62, top, right: width - 14, bottom: top + (wide ? 270 : 220) };
  const x = between([0, steps.length + 1], [frame.left, frame.right]);
  const ticks = linearTicks(0, peakBytes, wide ? 6 : 4).filter((tick) => tick <= 0.96 * peakBytes);
  const y: Scale = { ticks, at: between([0, peakBytes], [frame.bottom, frame.top]) };
  // The largest first, so that small ones are not hidden by an outline.
  const drawn = buffers.toSorted((a, b) => b.bytes - a.bytes);
  const [height, label] = [frame.bottom + (wide ? 66 : 48), summary(facts)];
  return svg(width, height, label, [
    html`<title>${label}</title>`,
    names.content,
    yAxis(y, frame, formatBytes, "address"),
    html`<g class="memory">${drawn.map(({ role, name, bytes, offset, first, last }) => {
      const [left, right] = [x(first), x(last + 1)];
      const [upper, lower] = [y.at(offset + bytes), y.at(offset)];
      const told = `${blockName(name)}: ${formatBytes(bytes)} at ${formatBytes(offset)}, ${span(first, last, steps)}`;
      return html`<g><title>${told}</title>${box(role, left, upper, right - left, lower - upper)}</g>`;
    })}</g>`,
    blockAxis(facts, frame, x, wide),
    peakMark(facts, frame, x(peakStep), x(peakStep + 1), y.at(peakBytes)),
  ]);
}

/** Shade and hatching tell the roles apart without colour. */
function box(role: Role, x: number, y: number, width: number, height: number): Markup {
  const place = html`x="${x}" y="${y}" width="${width}" height="${height}"`;
  return html`<rect class="ground" ${place}/><rect class="${role}" ${place}/>${role === "residual" && html`<path class="hatch" d="${hatching(x, y, width, height)}"/>`}`;
}

/** Lines rising to the right, 5 px apart, cut off at the edges of the box. */
function hatching(x: number, y: number, width: number, height: number): string {
  let path = "";
  for (let start = 5 - ((x + y + height) % 5); start < width + height; start += 5) {
    // Points of a line have the same x + y; `start` is its distance from the lower left corner along the edges.
    const [fromX, fromY] = [x + Math.max(0, start - height), y + Math.max(0, height - start)];
    const [toX, toY] = [x + Math.min(width, start), y + height - Math.max(0, start - width)];
    path += `M${fromX.toFixed(1)} ${fromY.toFixed(1)}L${toX.toFixed(1)} ${toY.toFixed(1)}`;
  }
  return path;
}

type Group = { readonly name: string; readonly first: number; readonly end: number };

/** Runs of steps under one name. */
function groups(steps: readonly string[], nameOf: (path: string) => string): Group[] {
  const found: { name: string; first: number; end: number }[] = [];
  steps.forEach((path, step) => {
    const last = found.at(-1);
    const name = nameOf(path);
    if (last?.name === name) last.end = step + 1;
    else found.push({ name, first: step, end: step + 1 });
  });
  return found;
}

/** `stages.1.0.expand.conv` is in stage 2, as its first block. */
const stageOf = (path: string) =>
  path.replace(/^stages\.(\d+)\..*$/, (_, i: string) => String(Number(i) + 1)).split(".")[0]!;
const blockOf = (path: string) =>
  /^stages\.(\d+)\.(\d+)/
    .exec(path)
    ?.slice(1)
    .map((i) => Number(i) + 1)
    .join(".") ?? stageOf(path);
/** The same within the block: `2.1 expand.conv`. */
const blockName = (path: string) =>
  path.replace(/^stages\.\d+\.\d+/, () => blockOf(path)).replace(/^([\d.]+)\./, "$1 ");

/** Below the plot: where each block and each stage begins, with its number where there is room. */
function blockAxis({ steps }: MemoryTimelineFacts, frame: Frame, x: (step: number) => number, wide: boolean): Markup {
  const { left, right, bottom } = frame;
  const row = (name: string, nameOf: (path: string) => string, end: number): Part => [
    html`<text x="${left - 8}" y="${end - 6}" text-anchor="end">${name}</text>`,
    groups(steps, nameOf).map((group) => {
      const [from, to] = [x(group.first), x(group.end)];
      const fits = textWidth(group.name) * 0.8 <= to - from;
      return html`<path d="M${from} ${bottom}V${end}"/>${fits && html`<text x="${(from + to) / 2}" y="${end - 6}" text-anchor="middle">${group.name}</text>`}`;
    }),
  ];
  return html`<g class="axis"><path d="M${left} ${bottom}H${right}"/>${wide && row("block", blockOf, bottom + 24)}
${row("stage", stageOf, bottom + (wide ? 42 : 24))}
<text class="title" x="${(left + right) / 2}" y="${bottom + (wide ? 58 : 40)}" text-anchor="middle">nodes in running order</text></g>`;
}

/** The height of the arena, and the step that needs it. */
function peakMark(
  { peakBytes, peakStep, steps }: MemoryTimelineFacts,
  frame: Frame,
  from: number,
  to: number,
  y: number,
) {
  const path = steps[peakStep];
  const label = `peak ${formatBytes(peakBytes)}, ${path === undefined ? "at the end" : `while ${blockName(path)} runs`}`;
  const middle = (from + to) / 2;
  const room = textWidth(label) / 2;
  const at = Math.min(Math.max(middle, frame.left + room), frame.right - room);
  return html`<g class="peak"><path class="line" d="M${frame.left} ${y}H${frame.right}"/><path class="step" d="M${middle} ${y}V${frame.bottom}"/>
<path class="arrow" d="M${middle} ${y - 1}l-5 -8h10z"/><text class="strong" x="${at}" y="${y - 28}" text-anchor="middle">${label}</text></g>`;
}

/** In a file of its own the picture has no list above it. */
function legendInside(facts: MemoryTimelineFacts, width: number): { readonly content: Part; readonly rows: number } {
  const left = 20;
  let [x, row] = [left, 0];
  const content = present(facts).map(({ role, name }) => {
    const needed = 28 + textWidth(name) * 0.9 + 12;
    if (x + needed > width) [x, row] = [left, row + 1];
    const at = x;
    x += needed;
    return html`<g class="memory">${box(role, at, 8 + 18 * row, 20, 10)}</g><text x="${at + 27}" y="${17 + 18 * row}">${name}</text>`;
  });
  return { content, rows: row + 1 };
}

const span = (first: number, last: number, steps: readonly string[]) =>
  `from step ${first + 1} to ${last >= steps.length ? "the end" : `step ${last + 1}`}`;

function summary({ network, resolution, format, buffers, steps, peakBytes, peakStep }: MemoryTimelineFacts): string {
  const peak = steps[peakStep];
  return `Memory of ${network} at ${resolution} px in ${format}: ${buffers.length} buffers over ${steps.length} steps in an arena of ${formatBytes(peakBytes)}, needed ${peak === undefined ? "at the end" : `while ${blockName(peak)} runs (step ${peakStep + 1})`}`;
}
