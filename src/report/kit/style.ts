/** What the colours are called in the style sheet, and what they are in each scheme. */
export const colours = {
  light: {
    paper: "#fff",
    ink: "#1c1f24",
    soft: "#5a626c",
    line: "#d3d7dc",
    faint: "#eef0f3",
    blue: "#0067a5",
    orange: "#bf4f00",
    on: "#fff",
  },
  dark: {
    paper: "#14171a",
    ink: "#e4e6e9",
    soft: "#9da6b0",
    line: "#3a4148",
    faint: "#22272c",
    blue: "#5cb3e8",
    orange: "#f29b54",
    on: "#101214",
  },
} as const;

const variables = (scheme: keyof typeof colours) =>
  Object.entries(colours[scheme])
    .map(([name, colour]) => `--${name}: ${colour};`)
    .join(" ");

/** What drawings need, in the page and in a file of their own. */
export const drawingStyle = `svg text { font-size: 11px; fill: var(--soft); }
svg .title { fill: var(--soft); }
svg .strong { fill: var(--ink); font-weight: 600; }
svg .halo { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
.axis path { stroke: var(--soft); fill: none; }
.axis .hair, .hair { stroke: var(--line); stroke-width: .75; }
.front { fill: none; stroke-width: 1.5; }
path.front.evolution { stroke: var(--blue); }
path.front.random { stroke: var(--orange); stroke-dasharray: 5 3; }
circle.mark.evolution { fill: var(--blue); fill-opacity: .75; }
path.mark.random { fill: var(--paper); stroke: var(--orange); stroke-width: 1.3; }
path.mark.shared { fill: none; stroke: var(--soft); stroke-width: 1.2; }
text.evolution, text.validation { fill: var(--blue); }
text.random, text.train { fill: var(--orange); }
.ring { fill: none; stroke: var(--ink); stroke-width: 1.6; pointer-events: all; }
.curve { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.curve.validation { stroke: var(--blue); }
.curve.train { stroke: var(--orange); stroke-dasharray: 5 3; }
.dot.validation { fill: var(--blue); }
.dot.train { fill: var(--orange); }
.block path, .block rect { stroke: var(--ink); stroke-width: .8; stroke-linejoin: round; }
.block .blank, .block .top { fill: var(--paper); }
.block .side { fill: var(--faint); }
.block .face { fill: var(--blue); }
.board { fill: var(--faint); fill-opacity: .6; stroke: var(--line); }
rect.right, path.right { fill: var(--blue); }
rect.wrong, path.wrong { fill: var(--orange); }
svg text.cell { fill: var(--ink); }
svg text.on { fill: var(--on); }
.family { fill: none; stroke: var(--ink); stroke-width: 1.3; }
.family.chosen { stroke: var(--blue); stroke-width: 1.8; }
.point { fill: var(--paper); stroke: var(--ink); stroke-width: 1.2; }
.point.chosen { stroke: var(--blue); }
.point.full { fill: var(--ink); }
.point.full.chosen { fill: var(--blue); }
.point.other { fill: var(--soft); stroke: none; }
.span { fill: none; stroke: var(--orange); stroke-width: 1.4; }
.whisker { fill: none; stroke: var(--ink); stroke-width: .9; }
.whisker.chosen { stroke: var(--blue); }
.leader { fill: none; stroke: var(--soft); stroke-width: .6; }
svg text.claim { fill: var(--orange); font-weight: 600; }
svg text.familyname { fill: var(--ink); font-weight: 600; }
svg text.familyname.chosen { fill: var(--blue); }
.memory rect { stroke: var(--ink); stroke-width: .6; fill: var(--paper); }
.memory rect.ground { stroke: none; }
.memory rect.convolution { fill: var(--blue); fill-opacity: .3; }
.memory rect.depthwise { fill: var(--blue); fill-opacity: .8; }
.memory rect.residual { fill: var(--orange); fill-opacity: .3; }
.memory rect.other { fill: var(--soft); fill-opacity: .35; }
.memory rect.scratch { stroke-dasharray: 2 2; }
.memory .hatch { stroke: var(--orange); stroke-width: 1; fill: none; }
.peak .line { stroke: var(--ink); stroke-dasharray: 5 3; fill: none; }
.peak .step { stroke: var(--ink); stroke-width: .8; stroke-dasharray: 1 2; fill: none; }
.peak .arrow { fill: var(--ink); }`;

/**
 * The page's style sheet. Blue and orange (after Okabe and Ito) stay apart for every kind of colour blindness; wherever
 * they mean something, a shape, a dash or a word says it too.
 */
export const style = `
:root { color-scheme: light dark; ${variables("light")} }
@media screen and (prefers-color-scheme: dark) {
  :root { ${variables("dark")} }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { counter-reset: figure table; margin: 0 auto; padding: 3.5rem 1.5rem 4rem; max-width: 768px; background: var(--paper); color: var(--ink);
  font: 400 15px/1.55 ui-sans-serif, system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums; }
h1, h2, h3, p, dl, dd, ul, figure { margin: 0; padding: 0; }
h1 { font-size: 1.75rem; font-weight: 600; line-height: 1.2; letter-spacing: -.01em; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; font-weight: 600; line-height: 1.3; padding-top: 1.1rem; border-top: 1px solid var(--ink); }
h3 { font-size: 1rem; font-weight: 600; margin-top: 2rem; }
section { margin-top: 3.25rem; }
.read { margin-top: .6rem; max-width: 42rem; }
.soft, .over, dt, caption, figcaption, footer, .source { color: var(--soft); }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
code { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; overflow-wrap: anywhere; }

header .over { font-size: .85rem; margin-bottom: .3rem; }
.score { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.4rem; margin-top: 1.6rem; }
.score strong { font-size: 3.6rem; font-weight: 600; line-height: 1.1; letter-spacing: -.02em; white-space: nowrap; }
.facts { display: grid; grid-template-columns: repeat(4, auto); gap: .9rem 1.4rem; margin-top: 1.8rem; padding: 1rem 0; border-block: 1px solid var(--line); }
.facts dt { font-size: .8rem; }
.facts .full { grid-column: 1 / -1; }
.facts time { white-space: nowrap; }
.facts .full dd { overflow-wrap: anywhere; }
.skipped { margin-top: 1rem; font-size: .9rem; }
.skipped ul { padding-left: 1.2rem; }
.skipped li { overflow-wrap: anywhere; }

.scroll { overflow-x: auto; position: relative; }
.scroll:focus-visible { outline: 2px solid var(--blue); outline-offset: 3px; }
table { border-collapse: collapse; width: 100%; margin-top: 1.6rem; font-size: .85rem; line-height: 1.4; }
caption { position: sticky; left: 0; max-width: calc(min(100vw, 768px) - 3rem); text-align: left; padding-bottom: .45rem; font-size: .85rem; }
th, td { text-align: left; vertical-align: baseline; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
thead th { font-size: .78rem; color: var(--soft); border-bottom-color: var(--ink); white-space: nowrap; vertical-align: bottom; }
tr > :last-child { padding-right: 0; }
.n { text-align: right; white-space: nowrap; }
thead .pair { padding-left: .9rem; }
tbody th { white-space: nowrap; }
.name { white-space: normal; overflow-wrap: anywhere; min-width: 7rem; }
.genes { min-width: 14rem; }
.barcell { width: 22%; min-width: 4.5rem; }
.dense { font-size: .8rem; }
.dense :is(th, td) { padding-right: .54rem; }
.pairs { table-layout: fixed; }
.pairs :is(th, td):nth-child(n + 3) { width: 16%; }
.dense .barcell { width: 11%; min-width: 3.4rem; }
.bar { display: inline-block; width: 100%; height: .55em; vertical-align: baseline; }
.bar rect { fill: var(--blue); }
.bar.over rect, .bar.second rect { fill: var(--orange); }
.bar rect.track { fill: var(--faint); }
.tag { display: inline-block; font-size: .75rem; line-height: 1.3; padding: 0 .4em; border: 1px solid currentColor; border-radius: 3px; color: var(--soft); white-space: nowrap; }
.tag.over { color: var(--orange); }

figure { margin-top: 1.6rem; }
figure svg { display: block; max-width: none; }
.narrow { display: none; }
figcaption { margin-top: .7rem; font-size: .85rem; line-height: 1.5; max-width: 42rem; counter-increment: figure; }
figcaption::before { content: "Figure " counter(figure) ". "; color: var(--ink); font-weight: 600; }
table caption { counter-increment: table; }
table caption::before { content: "Table " counter(table) ". "; color: var(--ink); font-weight: 600; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; list-style: none; font-size: .85rem; margin-bottom: .5rem; }
.legend li { display: flex; align-items: center; gap: .5rem; }
${drawingStyle}

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(8.2rem, 1fr)); gap: 1.8rem 1.3rem; margin-top: 1.4rem; list-style: none; }
.picture { aspect-ratio: 1; background: var(--faint); display: grid; place-items: center; }
.picture img { width: 100%; height: 100%; object-fit: contain; }
.picture .pixels { image-rendering: pixelated; }
.missing { color: var(--soft); font-size: .8rem; }
.cards dl { margin-top: .5rem; font-size: .85rem; line-height: 1.4; }
.cards dl div { display: flex; gap: .6em; }
.cards dt { flex: 0 0 2.6em; }
.cards dd { min-width: 0; overflow-wrap: anywhere; }
.cards dd.wrong { font-weight: 600; }
.sure { display: flex; align-items: center; gap: .6em; font-size: .85rem; }
.source { font-size: .75rem; line-height: 1.35; overflow-wrap: anywhere; }
summary { cursor: pointer; margin-top: .8rem; font-size: .9rem; }
footer { margin-top: 3.5rem; font-size: .85rem; }
footer h2 { font-size: 1rem; color: var(--ink); }
footer p { margin-top: .6rem; max-width: 42rem; }

@media screen and (max-width: 767px) {
  body { padding: 1.8rem 1.5rem 3rem; font-size: 16px; }
  .wide { display: none; }
  .narrow { display: block; }
  figure svg { max-width: 100%; height: auto; }
  figure .scroll svg { max-width: none; height: auto; }
  .score strong { font-size: 3rem; }
  .facts { grid-template-columns: repeat(2, auto); }
  th, td { padding-right: .65rem; }
  tbody th { white-space: normal; }
  .barcell { min-width: 2.2rem; }
  .name { min-width: 5.4rem; }
}
@media print {
  @page { margin: 16mm 15mm; }
  :root { color-scheme: light; }
  body { padding: 0; max-width: none; font-size: 10.5pt; }
  section { margin-top: 2rem; }
  h2, h3, caption, thead { break-after: avoid; }
  figure, tr, .cards li, header { break-inside: avoid; }
  thead { display: table-header-group; }
  .read { break-after: avoid; }
  .scroll { overflow: visible; }
  figure svg { max-width: 100%; height: auto; }
  table { font-size: 8.5pt; }
  .dense { font-size: 7.5pt; }
  details::details-content { content-visibility: visible; block-size: auto; }
  summary { list-style: none; }
}
`;
