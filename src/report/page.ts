/** The report as one HTML file: no script, nothing from the network, the same on a screen, on a phone and on paper. */

import { architecture } from "./architecture.js";
import { budget } from "./budget.js";
import { classes } from "./classes.js";
import { confusion } from "./confusion.js";
import { curves } from "./curves.js";
import { conventions, htmlDocument } from "./document.js";
import type { FitReport } from "./fit-report.js";
import { front } from "./front.js";
import { headline } from "./headline.js";
import { html } from "./html.js";
import { mistakes } from "./mistakes.js";
import { moment } from "./words.js";

/**
 * Draws the result of one `fit` as a self-contained HTML document.
 * @returns the text of the file, to be written as UTF-8.
 * @throws {RangeError} with `internal:` when a cost or count that is drawn is not finite.
 */
export function renderFitReport(report: FitReport): string {
  return htmlDocument(
    report.title,
    html`${headline(report, "fit")}
<main>
${budget(report)}
${front(report.search, report.data.validation)}
${curves(report, "The scaled network")}
${architecture(report)}
${confusion(report.data.classes, report.confusion)}
${classes(report.perClass)}
${mistakes(report.mistakes)}
</main>
${footnote(report)}`,
  );
}

function footnote({ version, createdAt }: FitReport) {
  return html`<footer>
<h2>Conventions</h2>
${conventions}
<p>Bantam ${version}, <time datetime="${createdAt}">${moment(createdAt)}</time>.</p>
</footer>`;
}
