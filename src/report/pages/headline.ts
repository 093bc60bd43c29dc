import { isUnequal, overallScores } from "../../base/index.js";
import { dataRemarks } from "../data-facts.js";
import type { FitReport } from "../fit-report.js";
import { given, html, type Markup } from "../kit/html.js";
import { FEW_IMAGES, wilson } from "../kit/interval.js";
import { counted, duration, exactly, moment, percent } from "../kit/words.js";

/** Names of skipped files shown at once; the rest folds away on screen and is printed in full. */
const skippedShown = 8;

/** What stands above a fit's report and a training's. */
export type Headline = Pick<
  FitReport,
  "confusion" | "title" | "createdAt" | "seed" | "threads" | "engine" | "data" | "accuracy"
> & {
  /** null where nobody has kept them. */
  readonly seconds: number | null;
  readonly command: string | null;
};

/** The answer first: how often the network is right, how sure that is, and what it took. */
export function headline(report: Headline, kind: "fit" | "training"): Markup {
  const { data, seconds, command } = report;
  return html`<header>
<p class="over">Bantam · ${kind} report</p>
<h1>${given(report.title)}</h1>
${score(report)}
<dl class="facts">
${seconds !== null && html`<div><dt>time</dt><dd>${duration(seconds)}</dd></div>`}
<div><dt>seed</dt><dd>${String(report.seed)}</dd></div>
<div><dt>engine</dt><dd>${report.engine}, ${counted(report.threads, "thread")}</dd></div>
<div><dt>made</dt><dd><time datetime="${report.createdAt}">${moment(report.createdAt)}</time></dd></div>
<div class="full"><dt>data</dt><dd>${given(data.name)}: ${counted(data.classes.length, "class", "classes")};
${exactly(data.train)} images to train on, ${exactly(data.validation)} to choose by, ${exactly(data.test)} held out to the end</dd></div>
${command !== null && html`<div class="full"><dt>command</dt><dd><code>${command}</code></dd></div>`}
</dl>
${aboutData(data)}
</header>`;
}

/** What there is to know of the images beside their number: remarks, and the files that were left out. */
export const aboutData = (data: FitReport["data"]): Markup =>
  html`${remarks(dataRemarks(data))}${skipped(data.skipped)}`;

function score({ accuracy, confusion, data: { test, classes } }: Headline): Markup {
  if (test === 0) return html`<p class="read">No images were held out, so there is no accuracy to report.</p>`;
  const [low, high] = wilson(accuracy, test);
  const { balancedAccuracy, macroF1, commonest, commonestClass } = overallScores(confusion);
  const beside = html`<p class="read">Balanced accuracy, the mean over the classes: ${percent(balancedAccuracy)}. Macro F1: ${percent(macroF1)}.
Always saying ${given(classes[commonestClass]!)} would be right for ${percent(commonest)}.</p>`;
  const lead = html`<p class="score"><strong>${percent(balancedAccuracy)}</strong>
<span>balanced accuracy: the mean over classes of unequal size</span></p>`;
  const point = html`<p class="score"><strong>${percent(accuracy)}</strong>
<span>of ${exactly(test)} held-out images are classified correctly<br>
95 % interval ${percent(low)} to ${percent(high)} (Wilson)</span></p>`;
  const few = html`<p class="score"><strong>${percent(low)} to ${percent(high)}</strong>
<span>95 % interval (Wilson): ${percent(accuracy)} of ${exactly(test)} held-out images<br>
are classified correctly, too few for one figure</span></p>`;
  return html`${isUnequal(confusion) && lead}${test < FEW_IMAGES ? few : point}
${beside}
<p class="read">How to read it: the held-out images took no part in training or in any choice. The interval says how far chance in drawing just
these ${exactly(test)} may mislead: made this way, 95 of 100 intervals hold the accuracy on all images of the same source. Images from elsewhere may do worse.</p>`;
}

function remarks(sentences: readonly string[]): Markup | null {
  if (sentences.length === 0) return null;
  return html`<section class="skipped" aria-label="Remarks on the data"><p>The data:</p>
<ul>${sentences.map((sentence) => html`<li>${given(sentence)}</li>`)}</ul></section>`;
}

function skipped(files: FitReport["data"]["skipped"]): Markup | null {
  if (files.length === 0) return null;
  const item = (file: (typeof files)[number]) => html`<li>${given(file.source)}: ${given(file.reason)}</li>`;
  const rest = files.slice(skippedShown);
  return html`<section class="skipped" aria-label="Skipped files"><p>${counted(files.length, "file")} could not be used and ${files.length === 1 ? "was" : "were"} skipped:</p>
<ul>${files.slice(0, skippedShown).map(item)}</ul>
${rest.length > 0 && html`<details><summary>${exactly(rest.length)} more</summary><ul>${rest.map(item)}</ul></details>`}</section>`;
}
