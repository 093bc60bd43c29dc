import type { FitReport } from "../fit-report.js";
import { costsInRows, limitName } from "../kit/cost-rows.js";
import { bar, table } from "../kit/figure.js";
import { html, type Markup } from "../kit/html.js";
import { latencyWords, percent } from "../kit/words.js";

/** Each cost against its limit. */
export function budget({ budget, costs, latency, stoppedBy }: FitReport): Markup {
  const binding = limitName(stoppedBy);
  const all = costsInRows(costs);
  const rows = all.map(({ key, name, format, cost }) => {
    const limit = budget[key];
    const binds = key === stoppedBy;
    const label = html`<th scope="row">${name}${binds && html` <span class="tag">binds</span>`}</th>`;
    if (limit === undefined)
      return html`<tr>${label}<td class="n soft">not limited</td><td class="n">${format(cost)}</td><td></td><td></td></tr>`;
    const share = cost / limit;
    const over = cost > limit;
    return html`<tr>${label}<td class="n">${format(limit)}</td><td class="n">${format(cost)}</td>
<td class="n">${percent(share)}${over && html` <span class="tag over">over</span>`}</td><td class="barcell">${bar(share, over ? "over" : "")}</td></tr>`;
  });
  const broken = all.filter(({ key, cost }) => cost > (budget[key] ?? Number.POSITIVE_INFINITY));
  const isSlow = (latency?.measuredMs ?? 0) > (budget.latencyMs ?? Number.POSITIVE_INFINITY);
  const notKept = [...broken.map((row) => row.name), ...(isSlow ? ["latency, measured"] : [])];
  const limited = all.some(({ key }) => budget[key] !== undefined);
  const verdict = !limited
    ? "No cost was limited."
    : notKept.length === 0
      ? "Every limit is kept."
      : `Not kept: ${notKept.join(", ")}.`;
  return html`<section aria-labelledby="budget"><h2 id="budget">Budget</h2>
<p class="read">${verdict} What stopped the network from growing further: ${binding}. How to read it: a full bar is the whole limit; what is left of
the bar is room that the network does not use.</p>
${latency !== null && html`<p class="read">${latencyWords(latency, budget.latencyMs)}</p>`}
${table(
  "Budget and costs",
  html`Costs of the shipped network against the limits that were set.`,
  html`<tr><th scope="col">cost</th><th scope="col" class="n">limit</th><th scope="col" class="n">reached</th><th scope="col" class="n">used</th><th scope="col" class="barcell"><span class="hidden">share of the limit</span></th></tr>`,
  rows,
)}</section>`;
}
