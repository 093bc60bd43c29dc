import type { ClassScore } from "../fit-report.js";
import { bar, table } from "../kit/figure.js";
import { given, html, type Markup } from "../kit/html.js";
import { exactly, percent } from "../kit/words.js";

/** Classes shown at once; more fold away on screen and are printed in full. */
const shown = 60;

/** How well each class is found, the worst found first. */
export function classes(scores: readonly ClassScore[]): Markup {
  const rows = scores
    .map((score, i) => ({ ...score, number: i + 1 }))
    .sort((a, b) => (a.recall ?? 2) - (b.recall ?? 2) || a.number - b.number);
  const rest = rows.slice(shown);
  return html`<section aria-labelledby="classes"><h2 id="classes">Classes</h2>
<p class="read">How to read it: precision is how often the network is right when it names the class, recall how many of the class's images it finds.
The lowest recall stands first; a dash means that the class was never predicted (precision) or had no held-out image (recall).</p>
${classTable(rows.slice(0, shown))}
${rest.length > 0 && html`<details><summary>${exactly(rest.length)} more classes</summary>${classTable(rest)}</details>`}</section>`;
}

function classTable(rows: readonly (ClassScore & { readonly number: number })[]): Markup {
  const share = (value: number | null) =>
    value === null
      ? html`<td class="n soft">–</td><td class="barcell"></td>`
      : html`<td class="n">${percent(value)}</td><td class="barcell">${bar(value)}</td>`;
  return table(
    "Precision and recall of each class",
    html`Precision and recall on the held-out images.`,
    html`<tr><th scope="col" class="n"><span class="hidden">number</span></th><th scope="col">class</th><th scope="col" class="n">images</th><th scope="col" colspan="2" class="pair">recall</th><th scope="col" colspan="2" class="pair">precision</th></tr>`,
    rows.map(
      ({ number, label, count, precision, recall }) =>
        html`<tr><td class="n soft">${String(number)}</td><th scope="row" class="name">${given(label)}</th><td class="n">${exactly(count)}</td>${share(recall)}${share(precision)}</tr>`,
    ),
  );
}
