import { extentOf } from "../../base/index.js";
import type { FitSearch, TrialPoint } from "../fit-report.js";
import { type Arm, armTrials, best, equalCompute, paretoFront } from "../front-facts.js";
import { linearScale, logScale } from "../kit/axis.js";
import { endRoom, figure, linePath, spread, svg, table, textWidth, xAxis, yAxis } from "../kit/figure.js";
import { html, isolated, type Markup, type Part } from "../kit/html.js";
import { wilson } from "../kit/interval.js";
import { count, counted, exactly, percent, percentTick, points } from "../kit/words.js";

const armName = { evolution: "evolution", random: "random search" } as const;
const strategyName = { ...armName, shared: "shared random start" } as const;

/** All trials, the front of each arm, and what may be concluded from them. */
export function front(search: FitSearch, validationImages: number): Markup {
  const trials = search.trials.filter((trial) => trial.macs > 0 && Number.isFinite(trial.accuracy));
  if (trials.length === 0)
    return html`<section aria-labelledby="search"><h2 id="search">Search</h2><p class="read">No trials were run.</p></section>`;
  return html`<section aria-labelledby="search"><h2 id="search">Search</h2>
<p class="read">${counted(trials.length, "network")} ${trials.length === 1 ? "was" : "were"} trained for ${counted(search.epochs, "epoch")} each;
${counted(search.rejectedByCost, "more candidate")} broke the budget by count alone and ${search.rejectedByCost === 1 ? "was" : "were"} never trained. ${verdict(search, validationImages)}</p>
${figure(
  (width) => drawing({ ...search, trials }, width),
  html`Validation accuracy against multiply-adds, one mark a trial. How to read it: up and to the left is better. A step line is the
Pareto front of one arm: the best accuracy it found at that many multiply-adds or fewer. Both arms contain the shared random start;
random search is the baseline${equalCompute(search) ? " at equal compute" : ""}. The ringed trial is the baseline network that was scaled to the budget.`,
  legend(trials, equalCompute(search)),
)}
${armTable({ ...search, trials })}
${frontTable({ ...search, trials })}</section>`;
}

const hasArm = ({ trials }: FitSearch, arm: Arm) => trials.some((trial) => trial.strategy === arm);

/** Says who won, and whether the difference is more than the validation images can resolve. */
export function verdict(search: FitSearch, validationImages: number): string {
  if (!hasArm(search, "evolution")) return "Evolution did not run, so there is nothing to compare.";
  if (!hasArm(search, "random")) return "Random search did not run, so this search proves nothing about evolution.";
  const evolution = best(armTrials(search.trials, "evolution"))!;
  const random = best(armTrials(search.trials, "random"))!;
  const lead = evolution.accuracy - random.accuracy;
  const compute = equalCompute(search)
    ? "at equal compute"
    : `at ${(search.evolutionMacs / search.randomMacs).toPrecision(2)} times the compute of random search`;
  if (lead === 0) return `Evolution and random search tied at ${percent(random.accuracy)}, evolution ${compute}.`;
  const [winner, loser] = lead > 0 ? ["Evolution", "random search"] : ["Random search", "evolution"];
  const [low, high] = wilson(Math.max(evolution.accuracy, random.accuracy), validationImages);
  const noise = (high - low) / 2;
  const weight =
    Math.abs(lead) < noise
      ? `less than the ± ${points(noise)} that ${exactly(validationImages)} validation images leave open, so it is no proof`
      : `more than the ± ${points(noise)} that ${exactly(validationImages)} validation images leave open`;
  return `${winner} found the better network, ${points(lead)} ahead of ${loser} (evolution ran ${compute}); that is ${weight}.`;
}

function drawing(search: FitSearch, width: number): Markup {
  const { trials } = search;
  const wide = width > 500;
  const height = wide ? 400 : 320;
  const frame = { left: 46, top: 34, right: width - (wide ? 104 : endRoom), bottom: height - 46 };
  const macs = trials.map((trial) => trial.macs);
  const accuracies = trials.map((trial) => trial.accuracy);
  const x = logScale(extentOf(macs), [frame.left, frame.right], wide ? 8 : 5);
  const y = linearScale(extentOf(accuracies), [frame.bottom, frame.top], wide ? 6 : 5);
  const place = (trial: TrialPoint) => [x.at(trial.macs), y.at(trial.accuracy)] as const;

  const arms = (["random", "evolution"] as const).filter((arm) => hasArm(search, arm));
  const fronts = arms.map((arm) => ({ arm, front: paretoFront(armTrials(trials, arm)) }));
  const labelsAt = spread(
    fronts.map(({ front }) => y.at(front.at(-1)!.accuracy) + 4),
    14,
  );
  const chosen = trials.find((trial) => trial.id === search.chosen);
  return svg(width, height, summary(search), [
    xAxis(x, frame, count, "multiply-adds per image (log scale)"),
    yAxis(y, frame, percentTick(y.ticks), "validation accuracy"),
    fronts.map(({ arm, front }) => html`<path class="front ${arm}" d="${steps(front.map(place), frame.right)}"/>`),
    (["shared", "random", "evolution"] as const).map((strategy) =>
      trials
        .filter((trial) => trial.strategy === strategy)
        .map((trial) => html`<g><title>${describe(trial)}</title>${mark(strategy, ...place(trial))}</g>`),
    ),
    wide &&
      fronts.map(
        ({ arm }, i) => html`<text class="${arm}" x="${frame.right + 8}" y="${labelsAt[i]!}">${armName[arm]}</text>`,
      ),
    chosen !== undefined && ring(chosen, ...place(chosen), frame.left),
  ]);
}

/** A ring, named above and to the left, where its front leaves room. */
function ring(trial: TrialPoint, x: number, y: number, left: number): Markup {
  const label = `chosen: trial ${trial.id}, ${percent(trial.accuracy)}`;
  // Ends left of the ring where there is room, else as far right as the plot's edge makes it.
  const start = Math.max(x - 9 - textWidth(label), left + 4);
  return html`<circle class="ring" cx="${x}" cy="${y}" r="8"><title>${describe(trial)}</title></circle>
<text class="strong halo" x="${start}" y="${y - 12}">${label}</text>`;
}

/** From each point right to the next, then up; the last runs to the edge. */
export function steps(front: readonly (readonly [number, number])[], right: number): string {
  const corners = front.flatMap(([x, y], i) => [[x, y] as const, [front[i + 1]?.[0] ?? right, y] as const]);
  return linePath(corners);
}

/** Shape and colour both tell the strategies apart. */
export function mark(strategy: TrialPoint["strategy"], x: number, y: number): Markup {
  switch (strategy) {
    case "evolution":
      return html`<circle class="mark evolution" cx="${x}" cy="${y}" r="3.4"/>`;
    case "random":
      return html`<path class="mark random" d="M${x} ${y - 4.4}l4.2 7.4h-8.4z"/>`;
    case "shared":
      return html`<path class="mark shared" d="M${x - 3} ${y - 3}l6 6m0 -6l-6 6"/>`;
  }
}

function legend(trials: readonly TrialPoint[], equal: boolean): Markup {
  const entries = (["evolution", "random", "shared"] as const).filter((s) => trials.some((t) => t.strategy === s));
  const sample = (strategy: TrialPoint["strategy"]) =>
    html`<svg aria-hidden="true" width="34" height="14" viewBox="0 0 34 14">${strategy !== "shared" && html`<path class="front ${strategy}" d="M1 7H33"/>`}${mark(strategy, 17, 7)}</svg>`;
  return html`<ul class="legend">${entries.map((s) => html`<li>${sample(s)} ${strategyName[s]}${s === "random" && equal && " at equal compute"}${s !== "shared" && ", with its front"}</li>`)}</ul>`;
}

function describe(trial: TrialPoint): string {
  const from = trial.parent === null ? "" : `, child of ${trial.parent}`;
  return `trial ${trial.id} (${strategyName[trial.strategy]}${from}): ${percent(trial.accuracy)}, ${count(trial.macs)} MACs, ${count(trial.params)} parameters\n${isolated(trial.summary)}`;
}

function summary(search: FitSearch): string {
  const told = (["evolution", "random"] as const)
    .filter((arm) => hasArm(search, arm))
    .map((arm) => `best of ${armName[arm]} ${percent(best(armTrials(search.trials, arm))!.accuracy)}`);
  return [`Scatter plot of ${counted(search.trials.length, "trial")}, accuracy against multiply-adds`, ...told].join(
    "; ",
  );
}

function armTable(search: FitSearch): Markup {
  const rows = (["evolution", "random"] as const)
    .filter((arm) => hasArm(search, arm))
    .map((arm) => {
      const trials = armTrials(search.trials, arm);
      const top = best(trials)!;
      const compute = arm === "evolution" ? search.evolutionMacs : search.randomMacs;
      return html`<tr><th scope="row">${armName[arm]}</th><td class="n">${exactly(trials.length)}</td><td class="n">${count(compute)}</td>
<td class="n">${percent(top.accuracy)}</td><td class="n">${String(top.id)}</td><td class="n">${count(top.macs)}</td><td class="n">${count(top.params)}</td></tr>`;
    });
  if (rows.length === 0) return html``;
  return table(
    "Arms of the search",
    html`Compute of each arm and the best network each found. Compute counts the multiply-adds of all training; the shared start is counted in both arms.`,
    html`<tr><th scope="col">arm</th><th scope="col" class="n">trials</th><th scope="col" class="n">training MACs</th><th scope="col" class="n">best accuracy</th><th scope="col" class="n">trial</th><th scope="col" class="n">its MACs</th><th scope="col" class="n">its params</th></tr>`,
    rows,
  );
}

/** What the hover titles tell, for the trials that matter, where nothing can be hovered. */
function frontTable(search: FitSearch): Part {
  const members = paretoFront(search.trials);
  const listed = members.some((t) => t.id === search.chosen)
    ? members
    : [...members, ...search.trials.filter((t) => t.id === search.chosen)].toSorted((a, b) => a.macs - b.macs);
  return table(
    "Trials on the front",
    html`The front of both arms together${listed !== members && ", and the chosen trial"}: no other trial is as accurate with fewer multiply-adds.`,
    html`<tr><th scope="col" class="n">trial</th><th scope="col">arm</th><th scope="col" class="n">accuracy</th><th scope="col" class="n">MACs</th><th scope="col" class="n">params</th><th scope="col">network</th></tr>`,
    listed.map(
      (
        trial,
      ) => html`<tr><th scope="row" class="n">${String(trial.id)}</th><td>${strategyName[trial.strategy]}${trial.id === search.chosen && html` <span class="tag">chosen</span>`}</td>
<td class="n">${percent(trial.accuracy)}</td><td class="n">${count(trial.macs)}</td><td class="n">${count(trial.params)}</td><td class="genes"><bdi>${trial.summary}</bdi></td></tr>`,
    ),
  );
}
