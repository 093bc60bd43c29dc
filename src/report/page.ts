/** The report as one HTML file: no script, nothing from the network, the same on a screen, on a phone and on paper. */

import { architecture } from "./architecture.js";
import { budget } from "./budget.js";
import { classes } from "./classes.js";
import { confusion } from "./confusion.js";
import { curves } from "./curves.js";
import type { FitReport } from "./fit-report.js";
import { front } from "./front.js";
import { headline } from "./headline.js";
import { html, Markup } from "./html.js";
import { mistakes } from "./mistakes.js";
import { style } from "./style.js";
import { moment } from "./words.js";

/**
 * Draws the result of one `fit` as a self-contained HTML document.
 * @returns the text of the file, to be written as UTF-8.
 * @throws {RangeError} with `internal:` when a cost or count that is drawn is not finite.
 */
export function renderFitReport(report: FitReport): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${report.title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
${headline(report)}
<main>
${budget(report)}
${front(report.search, report.data.validation)}
${curves(report.curve)}
${architecture(report)}
${confusion(report.data.classes, report.confusion)}
${classes(report.perClass)}
${mistakes(report.mistakes)}
</main>
${footnote(report)}
</body>
</html>
`.text;
}

function footnote({ version, createdAt }: FitReport) {
  return html`<footer>
<h2>Conventions</h2>
<p>One MAC is one multiply-add, counted per image over convolutions, squeeze-and-excite and the classifier; bias, batch norm, activations, pooling and
element-wise work count zero. The papers call this number FLOPs; hardware sheets that say FLOPs mean twice as many. Parameters are the trainable ones; batch-norm
statistics are not among them. Peak activation bytes are the largest memory that the activations need at one time in inference, in 32-bit floats, one image at a time; weights come on top. Prefixes are decimal: 1 kB is 1000 bytes.</p>
<p>Bantam ${version}, <time datetime="${createdAt}">${moment(createdAt)}</time>.</p>
</footer>`;
}
