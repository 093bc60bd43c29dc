/** The report as one HTML file: no script, nothing from the network, the same on a screen, on a phone and on paper. */

import type { FitReport } from "../fit-report.js";
import { html } from "../kit/html.js";
import { footer, htmlDocument, madeBy } from "../kit/html-document.js";
import { architecture } from "./architecture-section.js";
import { budget } from "./budget-section.js";
import { classes } from "./class-section.js";
import { confusion } from "./confusion.js";
import { curves } from "./curves.js";
import { front } from "./front.js";
import { headline } from "./headline.js";
import { mistakes } from "./mistakes.js";

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
${report.search !== null && front(report.search, report.data.validation)}
${curves(report, report.scaling === null ? "The network" : "The scaled network")}
${architecture(report)}
${confusion(report.data.classes, report.confusion)}
${classes(report.perClass)}
${mistakes(report.mistakes)}
</main>
${footer(madeBy(report))}`,
  );
}
