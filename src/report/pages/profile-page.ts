/** A network and its costs as one HTML file. */

import { type Explanation, explainSection } from "../explanation.js";
import type { StageRow } from "../fit-report.js";
import { costRows } from "../kit/cost-rows.js";
import { bar, table } from "../kit/figure.js";
import { given, html, type Markup, type Part } from "../kit/html.js";
import { footer, htmlDocument } from "../kit/html-document.js";
import { svgFile } from "../kit/svg-file.js";
import { count, counted, exactly, percent } from "../kit/words.js";
import type { ProfileTable } from "../profile-table.js";
import { type MemoryTimelineFacts, memoryFigure } from "./memory-timeline.js";
import { networkFigure, networkSvg } from "./network-drawing.js";

export type ProfilePage = ProfileTable & {
  readonly stages: readonly StageRow[];
  /** Of the input image. */
  readonly channels?: number;
  /** Why others print other numbers. */
  readonly explanation?: Explanation;
  /** Where the activations lie while it runs. */
  readonly timeline?: MemoryTimelineFacts;
};

/** @returns the text of the file, to be written as UTF-8. */
export function renderProfilePage(profile: ProfilePage, version: string): string {
  return htmlDocument(
    `${profile.network}: costs`,
    html`${header(profile)}
<main>
<section aria-labelledby="network"><h2 id="network">Network</h2>
${networkFigure(profile)}</section>
${layers(profile)}
${profile.timeline !== undefined && html`<section aria-labelledby="memory"><h2 id="memory">Memory</h2>${memoryFigure(profile.timeline)}</section>`}
${profile.explanation !== undefined && explainSection(profile.explanation)}
</main>
${footer(`Bantam ${version}`)}`,
  );
}

/** The picture alone, as a file of its own. */
export function renderProfileSvg(profile: ProfilePage): string {
  return svgFile(networkSvg(profile, 720));
}

function header(profile: ProfilePage): Markup {
  const { network, resolution, classes } = profile;
  const facts = costRows.map(
    ({ key, name, format }) => html`<div><dt>${name}</dt><dd>${format(profile[key])}</dd></div>`,
  );
  return html`<header>
<p class="over">Bantam · profile</p>
<h1>${given(network)}</h1>
<dl class="facts">
${facts}
<div class="full"><dt>exactly</dt><dd>${exactly(profile.params)} parameters, ${exactly(profile.macs)} multiply-adds for an image of ${resolution} × ${resolution} pixels and ${counted(classes, "class", "classes")}</dd></div>
</dl>
</header>`;
}

function layers({ layers, macs }: ProfilePage): Markup {
  const rows = layers.map((layer): Part => {
    const share = macs > 0 ? layer.macs / macs : 0;
    const bytes = costRows.find(({ key }) => key === "peakActivationBytes")!.format(layer.activationBytes);
    return html`<tr><th scope="row">${given(layer.name)}</th><td>${layer.kind}</td><td class="n">${layer.output.map(String).join(" × ")}</td>
<td class="n">${count(layer.params)}</td><td class="n">${count(layer.macs)}</td><td class="n">${bytes}</td><td class="n">${percent(share)}</td><td class="barcell">${bar(share)}</td></tr>`;
  });
  return html`<section aria-labelledby="layers"><h2 id="layers">Layers</h2>
<p class="read">How to read it: a row is a convolution, a pool, a squeeze-and-excite product or a residual sum, with the norm and the activation that follow it; bars show its share of all multiply-adds.</p>
${table(
  "Layers",
  html`${counted(layers.length, "layer")} in running order. The output is images × channels × height × width.`,
  html`<tr><th scope="col">layer</th><th scope="col">kind</th><th scope="col" class="n">output</th><th scope="col" class="n">params</th><th scope="col" class="n">MACs</th><th scope="col" class="n">output bytes</th><th scope="col" class="n">share</th><th scope="col" class="barcell"><span class="hidden">share of MACs</span></th></tr>`,
  rows,
  "dense",
)}</section>`;
}
