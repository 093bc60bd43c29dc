/** A network as a picture and as a table of its stages: the same in the report of a fit and in a profile. */

import type { StageRow } from "../fit-report.js";
import { bar, figure, svg, table } from "../kit/figure.js";
import { given, html, isolated, type Markup } from "../kit/html.js";
import { count, counted, percent } from "../kit/words.js";

export type DrawnNetwork = {
  /** Side of the input, px. */
  readonly resolution: number;
  /** Of the input; 3 where it is not said. */
  readonly channels?: number;
  readonly stages: readonly StageRow[];
};

/** The picture with its caption, and the table below it. */
export function networkFigure(network: DrawnNetwork): Markup {
  return html`${figure(
    (width) =>
      html`<div class="scroll" tabindex="0" role="region" aria-label="Network drawing">${networkSvg(network, width)}</div>`,
    html`The network from the input at the left to the last stage at the right. How to read it: the height of a block is
the side of its feature map, its width grows with the square root of its channels, and a darker face does a larger share of the
multiply-adds. Above each block stand its channels, below it the side of its map in pixels and its name or, where names have no room, its number in the table.`,
  )}
${stageTable(network.stages)}`;
}

const totalMacs = (stages: readonly StageRow[]) => stages.reduce((sum, stage) => sum + stage.macs, 0);

/** @param width px; many stages make the drawing wider. */
export function networkSvg({ resolution, channels = 3, stages }: DrawnNetwork, width: number): Markup {
  const macs = totalMacs(stages);
  const blocks = [
    { name: "input", channels, side: resolution, macs: 0 },
    ...stages.map(({ name, output: [channels, height], macs }) => ({ name, channels, side: height, macs })),
  ];
  const wide = width > 500;
  // A slot has room for a four-digit channel count; many stages make the drawing wider than its box, which then scrolls.
  const slot = Math.max((width - 8) / blocks.length, 30);
  const tall = wide ? 150 : 110;
  const top = 46;
  const middle = top + tall / 2;
  const bottom = top + tall;
  const largestSide = Math.max(...blocks.map((block) => block.side), 1);
  const largestRoot = Math.sqrt(Math.max(...blocks.map((block) => block.channels), 1));
  const named = blocks.every((block) => block.name.length * 6.6 < slot - 4);
  const depth = wide ? 7 : 4;

  const shapes = blocks.map((block, i) => {
    const h = Math.max((block.side / largestSide) * tall, 3);
    const w = Math.max((Math.sqrt(block.channels) / largestRoot) * (slot - depth - 9), 2);
    const centre = 4 + slot * (i + 0.5);
    const [x, y] = [centre - (w + depth) / 2, middle - h / 2];
    const share = macs > 0 ? block.macs / macs : 0;
    const d = Math.min(depth, h);
    return html`<g class="block${i === 0 && " input"}"><title>${isolated(block.name)}: ${block.channels} × ${block.side} × ${block.side}, ${percent(share)} of the MACs</title>
<path class="top" d="M${x} ${y}l${d} ${-d}h${w}l${-d} ${d}z"/><path class="side" d="M${x + w} ${y}l${d} ${-d}v${h}l${-d} ${d}z"/>
<rect class="blank" x="${x}" y="${y}" width="${w}" height="${h}"/><rect class="face" x="${x}" y="${y}" width="${w}" height="${h}" fill-opacity="${i === 0 ? 0 : 0.1 + 0.9 * Math.sqrt(share)}"/></g>
<text x="${centre}" y="${y - d - 7}" text-anchor="middle" class="strong">${String(block.channels)}</text>
<text x="${centre}" y="${bottom + 24}" text-anchor="middle">${String(block.side)}</text>
<text x="${centre}" y="${bottom + 42}" text-anchor="middle" class="title">${named ? isolated(block.name) : i === 0 ? "in" : String(i)}</text>`;
  });
  const drawn = Math.max(width, slot * blocks.length + 8);
  const label = `Network of ${counted(stages.length, "stage")}: ${blocks.map((b) => `${b.name} ${b.channels} × ${b.side} × ${b.side}`).join(", ")}`;
  return svg(drawn, bottom + 50, label, [html`<path class="hair" d="M4 ${middle}H${drawn - 4}"/>`, shapes]);
}

function stageTable(stages: readonly StageRow[]): Markup {
  const macs = totalMacs(stages);
  const rows = stages.map((stage, i) => {
    const share = macs > 0 ? stage.macs / macs : 0;
    return html`<tr><td class="n soft">${String(i + 1)}</td><th scope="row">${given(stage.name)}</th><td>${given(stage.block)}</td>
<td class="n">${stage.kernel}×${stage.kernel}</td><td class="n">${String(stage.stride)}</td><td class="n">${stage.expansion === null ? "–" : `×${Number(stage.expansion.toFixed(2))}`}</td>
<td>${stage.squeezeExcite ? "yes" : "–"}</td><td>${stage.activation}</td><td class="n">${stage.output.map(String).join(" × ")}</td><td class="n">${count(stage.params)}</td>
<td class="n">${count(stage.macs)}</td><td class="n">${percent(share)}</td><td class="barcell">${bar(share)}</td></tr>`;
  });
  return table(
    "Stages",
    html`Stages of the network. Expansion is hidden over input channels, SE is squeeze-and-excite, the output is channels × height × width after the stage; bars show the share of all multiply-adds.`,
    html`<tr><th scope="col" class="n"><span class="hidden">number</span></th><th scope="col">stage</th><th scope="col">block</th><th scope="col" class="n">kernel</th><th scope="col" class="n">stride</th><th scope="col" class="n">exp.</th><th scope="col">SE</th><th scope="col">act.</th><th scope="col" class="n">output</th><th scope="col" class="n">params</th><th scope="col" class="n">MACs</th><th scope="col" class="n">share</th><th scope="col" class="barcell"><span class="hidden">share of MACs</span></th></tr>`,
    rows,
    "dense",
  );
}
