import type { FitReport, FitScaling } from "../fit-report.js";
import { costsInRows, limitName } from "../kit/cost-rows.js";
import { table } from "../kit/figure.js";
import { html, type Markup } from "../kit/html.js";
import { counted } from "../kit/words.js";
import { networkFigure } from "./network-drawing.js";

/** The network stage by stage, and how it grew from the baseline that the search found. */
export function architecture({ network, scaling, costs, stoppedBy }: FitReport): Markup {
  return html`<section aria-labelledby="network"><h2 id="network">Network</h2>
<p class="read">The shipped network reads ${network.resolution} × ${network.resolution} pixels and has ${counted(network.stages.length, "stage")}.</p>
${networkFigure(network)}
${scaling !== null && scalingTable(scaling, costs, stoppedBy)}</section>`;
}

function scalingTable(scaling: FitScaling, costs: FitReport["costs"], stoppedBy: string): Markup {
  const multiplier = (value: number) => `×\u00a0${value.toFixed(2)}`;
  const rows = costsInRows(costs).map(({ key, name, format, cost }) => {
    const before = scaling.baseline[key] ?? 0;
    const factor = before > 0 ? multiplier(cost / before) : "–";
    return html`<tr><th scope="row">${name}</th><td class="n">${format(before)}</td><td class="n">${format(cost)}</td><td class="n">${factor}</td></tr>`;
  });
  return html`<h3>From baseline to budget</h3>
<p class="read">The searched baseline was scaled with φ\u00a0=\u00a0${scaling.phi.toFixed(2)}: depth ${multiplier(scaling.depth)}, width ${multiplier(scaling.width)},
resolution ${multiplier(scaling.resolution)}. The next larger network would break this limit: ${limitName(stoppedBy)}. How to read the table: each row is one cost before and after
scaling, and the factor between.</p>
${table(
  "Scaling",
  html`Costs of the searched baseline and of the network scaled from it.`,
  html`<tr><th scope="col">cost</th><th scope="col" class="n">baseline</th><th scope="col" class="n">scaled</th><th scope="col" class="n">factor</th></tr>`,
  rows,
)}`;
}
