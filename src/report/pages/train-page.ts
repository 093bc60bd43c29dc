/** The report of one training as one HTML file. */

import type { FitReport } from "../fit-report.js";
import { costRows } from "../kit/cost-rows.js";
import { given, html, type Markup } from "../kit/html.js";
import { footer, htmlDocument, madeBy } from "../kit/html-document.js";
import { counted } from "../kit/words.js";
import { classes } from "./class-section.js";
import { confusion } from "./confusion.js";
import { curves } from "./curves.js";
import { headline } from "./headline.js";
import { mistakes } from "./mistakes.js";
import { networkFigure } from "./network-drawing.js";

/** What a training's report shows: a fit's, without the search. */
export type TrainReport = Omit<
  FitReport,
  "command" | "seconds" | "budget" | "latency" | "search" | "scaling" | "stoppedBy"
> & {
  /** How it was trained, each with its value: `recipe`, `batch`. */
  readonly settings: readonly (readonly [name: string, value: string])[];
};

/**
 * Draws the result of one training as a self-contained HTML document.
 * @returns the text of the file, to be written as UTF-8.
 */
export function renderTrainReport(report: TrainReport): string {
  const { network, costs, settings } = report;
  return htmlDocument(
    report.title,
    html`${headline({ ...report, seconds: null, command: null }, "training")}
<main>
${curves(report, "The network")}
<section aria-labelledby="settings"><h2 id="settings">Settings</h2>
${list(settings)}</section>
<section aria-labelledby="network"><h2 id="network">Network</h2>
<p class="read">The shipped network reads ${network.resolution} × ${network.resolution} pixels and has ${counted(network.stages.length, "stage")}.</p>
${list(costRows.map(({ key, name, format }) => [name, format(costs[key])]))}
${networkFigure(network)}</section>
${confusion(report.data.classes, report.confusion)}
${classes(report.perClass)}
${mistakes(report.mistakes)}
</main>
${footer(madeBy(report))}`,
  );
}

const list = (entries: TrainReport["settings"]): Markup =>
  html`<dl class="facts">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${given(value)}</dd></div>`)}</dl>`;
