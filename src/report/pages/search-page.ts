/** The report of one search as one HTML file. */

import { extentOf } from "../../base/index.js";
import { paretoFront } from "../front-facts.js";
import { linearScale, logScale } from "../kit/axis.js";
import { costsInRows } from "../kit/cost-rows.js";
import { endRoom, figure, svg, table, xAxis, yAxis } from "../kit/figure.js";
import { given, html, isolated, type Markup } from "../kit/html.js";
import { footer, htmlDocument, madeBy } from "../kit/html-document.js";
import { wilson } from "../kit/interval.js";
import { count, counted, duration, exactly, moment, percent, percentTick } from "../kit/words.js";
import { type SearchReport, verdict } from "../search-report.js";
import { mark, steps } from "./front.js";
import { aboutData } from "./headline.js";

export type SearchPage = SearchReport & {
  /** The commands that make a model of the trial where the front bends most. */
  readonly next: readonly string[];
  readonly createdAt: string;
  readonly version: string;
};

/**
 * Draws the result of one search as a self-contained HTML document.
 * @returns the text of the file, to be written as UTF-8.
 */
export function renderSearchPage(report: SearchPage): string {
  const { title, name, place, strategy, seed, engine, threads, seconds, createdAt } = report;
  const { epochs, images, validation, counts, rejected, next } = report;
  return htmlDocument(
    `${title}, search`,
    html`<header>
<p class="over">Bantam · search report</p>
<h1>${given(title)}</h1>
<dl class="facts">
<div><dt>strategy</dt><dd>${strategy}</dd></div>
<div><dt>time</dt><dd>${duration(seconds)}</dd></div>
<div><dt>seed</dt><dd>${String(seed)}</dd></div>
<div><dt>engine</dt><dd>${engine}, ${counted(threads, "thread")}</dd></div>
<div><dt>made</dt><dd><time datetime="${createdAt}">${moment(createdAt)}</time></dd></div>
<div class="full"><dt>study</dt><dd>${given(name)} in ${given(place)}</dd></div>
</dl>
${aboutData(report.data)}
</header>
<main>
<section aria-labelledby="search"><h2 id="search">Search</h2>
<p class="read">${counted(counts.trained, "network")} ${counts.trained === 1 ? "was" : "were"} trained for ${counted(epochs, "epoch")} on ${counted(images, "image")} each and
measured on ${exactly(validation)} others; ${counted(rejected, "candidate")} broke the budget by count alone. ${verdict(report.arms)}</p>
${drawn(report)}
${frontTable(report)}
${armTable(report)}</section>
${
  next.length > 0 &&
  html`<section aria-labelledby="next"><h2 id="next">From a trial to a model</h2>
<p class="read">A trial is trained briefly. These commands train the network of one to its end; any other number of the table stands in the same place.</p>
${next.map((line) => html`<p><code>${line}</code></p>`)}</section>`
}
</main>
${footer(madeBy(report))}`,
  );
}

function drawn({ trials, arms }: SearchReport): Markup | null {
  const shown = trials.filter(({ costs }) => costs.macs > 0);
  if (shown.length === 0) return html`<p class="read">No trial was trained to its end.</p>`;
  const names = arms.map(({ name }) => name).filter((name) => shown.some(({ arm }) => arm === name));
  const entry = (name: string) =>
    html`<li><svg aria-hidden="true" width="34" height="14" viewBox="0 0 34 14"><path class="front ${kindOf(name)}" d="M1 7H33"/>${mark(kindOf(name), 17, 7)}</svg> ${name}, with its front</li>`;
  return figure(
    (width) => drawing(shown, names, width),
    html`Validation accuracy against multiply-adds, one mark a trial. How to read it: up and to the left is better. A step line is the front of
one strategy: the best accuracy it found at that many multiply-adds or fewer.`,
    html`<ul class="legend">${names.map(entry)}</ul>`,
  );
}

/** Random search looks as it does in the report of a fit. */
const kindOf = (arm: string) => (arm === "random" ? "random" : "evolution");

function drawing(trials: SearchReport["trials"], names: readonly string[], width: number): Markup {
  const height = width > 500 ? 400 : 320;
  const frame = { left: 46, top: 34, right: width - endRoom, bottom: height - 46 };
  const points = trials.map(({ costs, ...trial }) => ({ ...trial, macs: costs.macs, params: costs.params }));
  const x = logScale(extentOf(points.map(({ macs }) => macs)), [frame.left, frame.right], width > 500 ? 8 : 5);
  const y = linearScale(extentOf(points.map(({ accuracy }) => accuracy)), [frame.bottom, frame.top], 6);
  const place = ({ macs, accuracy }: { macs: number; accuracy: number }) => [x.at(macs), y.at(accuracy)] as const;
  return svg(width, height, `Scatter plot of ${counted(points.length, "trial")}, accuracy against multiply-adds`, [
    xAxis(x, frame, count, "multiply-adds per image (log scale)"),
    yAxis(y, frame, percentTick(y.ticks), "validation accuracy"),
    names.map((name) => {
      const own = paretoFront(points.filter(({ arm }) => arm === name));
      return html`<path class="front ${kindOf(name)}" d="${steps(own.map(place), frame.right)}"/>`;
    }),
    points.map(
      (point) =>
        html`<g><title>trial ${point.id} (${point.arm}): ${percent(point.accuracy)}, ${count(point.macs)} MACs, ${count(point.params)} parameters
${isolated(point.summary)}</title>${mark(kindOf(point.arm), ...place(point))}</g>`,
    ),
  ]);
}

function frontTable({ front, validation }: SearchReport): Markup | null {
  const [first] = front;
  if (first === undefined) return null;
  const rows = front.map(({ id, arm, accuracy, costs, summary, isKnee }) => {
    const [low, high] = wilson(accuracy, validation);
    const figures = costsInRows(costs).map(({ format, cost }) => html`<td class="n">${format(cost)}</td>`);
    return html`<tr><th scope="row" class="n">${String(id)}</th><td>${arm}${isKnee && html` <span class="tag">bend</span>`}</td>
<td class="n">${percent(accuracy)}</td><td class="n">${percent(low)} to ${percent(high)}</td>${figures}<td class="genes"><bdi>${summary}</bdi></td></tr>`;
  });
  const heads = costsInRows(first.costs).map(({ short }) => html`<th scope="col" class="n">${short}</th>`);
  return table(
    "Trials on the front",
    html`The front of all strategies together: no other trial is as accurate at no higher costs. Where it bends most is marked.`,
    html`<tr><th scope="col" class="n">trial</th><th scope="col">by</th><th scope="col" class="n">accuracy</th><th scope="col" class="n">95 %</th>${heads}<th scope="col">network</th></tr>`,
    rows,
    "dense",
  );
}

function armTable({ arms }: SearchReport): Markup {
  const rows = arms.map(
    ({ name, trials, accuracy, volume, compute }) =>
      html`<tr><th scope="row">${name}</th><td class="n">${exactly(trials)}</td><td class="n">${percent(accuracy)}</td><td class="n">${volume.toFixed(4)}</td><td class="n">${count(compute)}</td></tr>`,
  );
  return table(
    "Strategies",
    html`What each strategy found at equal compute. Volume is the share of all that could be found that its front dominates; compute counts the multiply-adds of its trainings.`,
    html`<tr><th scope="col">strategy</th><th scope="col" class="n">trials</th><th scope="col" class="n">best</th><th scope="col" class="n">volume</th><th scope="col" class="n">training MACs</th></tr>`,
    rows,
  );
}
