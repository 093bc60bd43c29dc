import { bar, table } from "./figure.js";
import type { FitReport } from "./fit-report.js";
import { html, type Markup } from "./html.js";
import { costRows, limitName, percent } from "./words.js";

/** Each cost against its limit. */
export function budget({ budget, costs, scaling }: FitReport): Markup {
  const binding = limitName(scaling.binding);
  const rows = costRows.map(({ key, name, format }) => {
    const limit = budget[key];
    const binds = key === scaling.binding;
    const label = html`<th scope="row">${name}${binds && html` <span class="tag">binds</span>`}</th>`;
    if (limit === undefined)
      return html`<tr>${label}<td class="n soft">not limited</td><td class="n">${format(costs[key])}</td><td></td><td></td></tr>`;
    const share = costs[key] / limit;
    const over = costs[key] > limit;
    return html`<tr>${label}<td class="n">${format(limit)}</td><td class="n">${format(costs[key])}</td>
<td class="n">${percent(share)}${over && html` <span class="tag over">over</span>`}</td><td class="barcell">${bar(share, over ? "over" : "")}</td></tr>`;
  });
  const broken = costRows.filter(({ key }) => costs[key] > (budget[key] ?? Number.POSITIVE_INFINITY));
  const limited = costRows.some(({ key }) => budget[key] !== undefined);
  const verdict = !limited
    ? "No cost was limited."
    : broken.length === 0
      ? "Every limit is kept."
      : `Not kept: ${broken.map((row) => row.name).join(", ")}.`;
  return html`<section aria-labelledby="budget"><h2 id="budget">Budget</h2>
<p class="read">${verdict} What stopped the network from growing further: ${binding}. How to read it: a full bar is the whole limit; what is left of
the bar is room that the network does not use.</p>
${table(
  "Budget and costs",
  html`Costs of the shipped network against the limits that were set.`,
  html`<tr><th scope="col">cost</th><th scope="col" class="n">limit</th><th scope="col" class="n">reached</th><th scope="col" class="n">used</th><th scope="col" class="barcell"><span class="hidden">share of the limit</span></th></tr>`,
  rows,
)}</section>`;
}
