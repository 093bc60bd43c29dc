/** Networks side by side as one HTML file: figures, tables, and both to take away. */

import { type Comparison, claimsOn, comparisonRows, renderComparisonCsv } from "../comparison-facts.js";
import { costRows } from "../kit/cost-rows.js";
import { table } from "../kit/figure.js";
import { given, html, type Markup } from "../kit/html.js";
import { footer, htmlDocument } from "../kit/html-document.js";
import { count, counted, percent } from "../kit/words.js";
import { accuracyFigure, renderComparisonSvg } from "./accuracy-figure.js";

/** @returns the text of the file, to be written as UTF-8. */
export function renderComparisonPage(comparison: Comparison, version: string): string {
  const { networks } = comparison;
  const title = networks.length > 6 ? "Published networks" : networks.map(({ network }) => network).join(", ");
  const [claims, paramClaims] = [claimsOn("macs", comparison), claimsOn("params", comparison)];
  return htmlDocument(
    title,
    html`<header>
<p class="over">Bantam · compare</p>
<h1>${given(title)}</h1>
</header>
<main>
<section aria-labelledby="networks"><h2 id="networks">Side by side</h2>
<p class="read">How to read it: costs are counted on the network itself; a factor in brackets is that of the first one's. Accuracies are the published ones.</p>
${networkTable(comparison)}</section>
<section aria-labelledby="operations"><h2 id="operations">Accuracy against operations</h2>
${claims.map((claim) => html`<p class="read">${claim}</p>`)}
${accuracyFigure(comparison, "macs")}
${downloads(comparison)}</section>
<section aria-labelledby="parameters"><h2 id="parameters">Accuracy against parameters</h2>
${paramClaims.map((claim) => html`<p class="read">${claim}</p>`)}
${accuracyFigure(comparison, "params")}</section>
<section aria-labelledby="data"><h2 id="data">Data</h2>
<p class="read">How to read it: counts of networks that are built here are exact; those of the others are the rounded ones that were printed.</p>
${dataTable(comparison)}</section>
</main>
${footer(`Bantam ${version}`)}`,
  );
}

/** Links that carry the files themselves. */
function downloads(comparison: Comparison): Markup {
  const link = (name: string, type: string, text: string, label: string) =>
    html`<a download="${name}" href="data:${type};charset=utf-8,${encodeURIComponent(text)}">${label}</a>`;
  return html`<p class="read">Save ${link("accuracy.svg", "image/svg+xml", renderComparisonSvg(comparison), "the figure (SVG)")} or ${link("accuracy.csv", "text/csv", renderComparisonCsv(comparison), "its data (CSV)")}.</p>`;
}

function networkTable({ networks }: Comparison): Markup {
  const first = networks[0]!;
  const rows = networks.map((one) => {
    const costs = costRows.map(({ key, format }) => {
      const factor = one === first || first[key] === 0 ? null : ` (×\u00a0${(one[key] / first[key]).toPrecision(3)})`;
      return html`<td class="n">${format(one[key])}${factor}</td>`;
    });
    const { published } = one;
    return html`<tr><th scope="row" class="name">${given(one.network)}</th><td class="n">${String(one.resolution)}</td>${costs}
<td class="n">${accuracy(published?.top1)}</td><td class="n">${accuracy(published?.top5)}</td><td class="name">${published?.source ?? "no accuracy published"}</td></tr>`;
  });
  return table(
    "Networks",
    html`${counted(networks.length, "network")}: costs of one image in 32-bit floats, accuracy on ImageNet.`,
    html`<tr><th scope="col">network</th><th scope="col" class="n">px</th>${costRows.map(({ short }) => html`<th scope="col" class="n">${short}</th>`)}<th scope="col" class="n">top-1</th><th scope="col" class="n">top-5</th><th scope="col">published in</th></tr>`,
    rows,
    "dense",
  );
}

function dataTable(comparison: Comparison): Markup {
  const rows = comparisonRows(comparison).map(({ label, family, params, macs, counted, point, compared }) => {
    const figure = (n: number | null) => (n === null ? "–" : count(n));
    return html`<tr><th scope="row" class="name">${given(label)}${compared !== null && html` <span class="tag">compared</span>`}</th><td>${family}</td><td class="n">${accuracy(point?.top1)}</td><td class="n">${accuracy(point?.top5)}</td>
<td class="n">${figure(macs)}</td><td class="n">${figure(params)}</td><td>${counted}</td><td class="name">${point?.source ?? ""}</td></tr>`;
  });
  return table(
    "Data of the figures",
    html`Every point of the figures.`,
    html`<tr><th scope="col">network</th><th scope="col">family</th><th scope="col" class="n">top-1</th><th scope="col" class="n">top-5</th><th scope="col" class="n">MACs</th><th scope="col" class="n">params</th><th scope="col">counted</th><th scope="col">published in</th></tr>`,
    rows,
    "dense",
  );
}

const accuracy = (fraction: number | null | undefined) => (fraction == null ? "–" : percent(fraction));
