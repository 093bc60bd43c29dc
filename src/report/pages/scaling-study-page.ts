/** A scaling study as a page. */
import { figure, table } from "../kit/figure.js";
import { given, html, type Markup } from "../kit/html.js";
import { footer, htmlDocument } from "../kit/html-document.js";
import { count, counted, moment, percent } from "../kit/words.js";
import type { ScalingStudyFacts } from "../scaling-facts.js";
import { findingsOf } from "../scaling-findings.js";
import { compoundSvg, settingsSvg, singleSvg } from "./scaling-figures.js";

/** @returns the text of the file, to be written as UTF-8. */
export function renderScalingStudyPage(facts: ScalingStudyFacts): string {
  const { data, baseline, epochs, seeds, coefficients } = facts;
  const title = `Scaling ${baseline.name} on ${data.name}`;
  if (facts.points.every(({ mean }) => mean === null))
    throw new RangeError("internal: a study without a finished training");
  const findings = findingsOf(facts);
  const { depth, width, resolution } = coefficients;
  return htmlDocument(
    title,
    html`<header>
<p class="over">Bantam · scaling study</p>
<h1>${given(title)}</h1>
</header>
<main>
<section aria-labelledby="alone"><h2 id="alone">One dimension alone</h2>
<p class="read">${counted(facts.points.length, "network")} from one baseline of ${count(baseline.macs)} multiply-adds at ${String(baseline.side)} px, each trained for
${counted(epochs, "epoch")} on ${counted(data.train, "image")} under ${counted(seeds.length, "seed")}; accuracy is that of ${counted(data.validation, "validation image")} after the last epoch.</p>
${findings.alone.map((text) => html`<p class="read">${text}</p>`)}
${figure(
  (width) => singleSvg(facts, width),
  html`Accuracy as one dimension alone is scaled. How to read it: each panel begins with the same baseline; a line that bends to the right gains less and less for each doubling of the multiply-adds.`,
)}</section>
<section aria-labelledby="settings"><h2 id="settings">Width at several depths and resolutions</h2>
${findings.settings.map((text) => html`<p class="read">${text}</p>`)}
${figure(
  (width) => settingsSvg(facts, width),
  html`Accuracy as the width grows, a line for each depth d and resolution r. How to read it: a line above another reaches more at equal multiply-adds.`,
)}</section>
<section aria-labelledby="compound"><h2 id="compound">One dimension or all three</h2>
${findings.compound.map((text) => html`<p class="read">${text}</p>`)}
${figure(
  (width) => compoundSvg(facts, width),
  html`Single dimensions beside compound scaling, depth · ${String(depth)}^φ, width · ${String(width)}^φ, resolution · ${String(resolution)}^φ. How to read it: up and to the left is better.`,
)}</section>
<section aria-labelledby="data"><h2 id="data">Data</h2>
<p class="read">How to read it: an interval is that of the mean over the seeds; that the validation images are themselves a sample is not in it, and is the same for all networks.</p>
${dataTable(facts)}</section>
</main>
${footer(html`Made by <code>${facts.command}</code> with Bantam ${facts.version}, ${facts.engine}, ${moment(facts.createdAt)}. After Tan and Le 2019, arXiv:1905.11946, figures 3, 4 and 8 and table 7`)}`,
  );
}

function dataTable({ points: all }: ScalingStudyFacts): Markup {
  const rows = all.map(
    (
      point,
    ) => html`<tr><th scope="row">${point.key}</th><td class="n">${String(point.side)}</td><td class="n">${count(point.macs)}</td><td class="n">${count(point.params)}</td>
<td class="n">${point.mean === null ? "failed" : percent(point.mean)}</td><td class="n">${point.interval === null ? "–" : `${percent(point.interval[0])} to ${percent(point.interval[1])}`}</td><td class="n">${String(point.accuracies.length)}</td></tr>`,
  );
  return table(
    "Networks of the study",
    html`Every network of the study: multipliers of depth d, width w and resolution r, costs, accuracy with its 95 % interval.`,
    html`<tr><th scope="col">network</th><th scope="col" class="n">px</th><th scope="col" class="n">MACs</th><th scope="col" class="n">params</th><th scope="col" class="n">accuracy</th><th scope="col" class="n">interval</th><th scope="col" class="n">seeds</th></tr>`,
    rows,
    "dense",
  );
}
