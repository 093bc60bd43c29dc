/** Our counts beside everybody else's, as text and as a section of a page. */
import { formatPercent } from "../base/index.js";
import { table } from "./kit/figure.js";
import { html, type Markup } from "./kit/html.js";
import { columns, narrowest, palette, plain, type TextOptions } from "./kit/text-table.js";
import { exactly } from "./kit/words.js";
import { wrap } from "./kit/wrap.js";

export type Explanation = {
  readonly network: string;
  /** The first of each quantity is our own. */
  readonly rules: readonly {
    readonly quantity: "params" | "macs";
    readonly rule: string;
    readonly by: string;
    readonly figure: number;
    readonly difference: number;
  }[];
  readonly printed: readonly {
    readonly quantity: "params" | "macs";
    readonly text: string;
    readonly sources: readonly string[];
    /** Printed ÷ ours − 1. */
    readonly deviation: number;
    /** The rules that give it, to the digits that were printed. */
    readonly rules: readonly string[];
    readonly note: string | null;
  }[];
};

const quantities = [
  { quantity: "params", title: "Parameters" },
  { quantity: "macs", title: "Operations" },
] as const;

/** A line a rule, then a line a printed figure with the rule that gives it. Ends with a line break. */
export function renderExplanation({ network, rules, printed }: Explanation, { colour, width }: TextOptions): string {
  const paint = palette(colour);
  const room = Math.max(width, narrowest);
  const part = ({ quantity, title }: (typeof quantities)[number]) => {
    const own = rules.filter((rule) => rule.quantity === quantity);
    const rows = own.map((rule, i) => [
      rule.rule,
      exactly(rule.figure),
      i === 0 ? "" : signed(rule.difference),
      rule.by,
    ]);
    const all = [["counted", "figure", "difference", "who counts so"], ...rows];
    const [head, ...lines] = fitting(all, ["left", "right", "right", "left"], room);
    const figures = printed.filter((figure) => figure.quantity === quantity);
    return [
      ...[paint.strong(title), "", paint.quiet(head!), ...lines],
      ...(figures.length === 0 ? [] : ["", paint.quiet("printed"), ...figures.flatMap((one) => told(one, room))]),
    ].join("\n");
  };
  return `${[paint.strong(plain(network)), ...quantities.map(part)].join("\n\n")}\n`.replaceAll("\u00a0", " ");
}

/** The last column, then all but the first, go to lines of their own where the window is narrow. */
function fitting(rows: readonly (readonly string[])[], align: readonly ("left" | "right")[], width: number): string[] {
  const widest = (lines: readonly string[]) => Math.max(...lines.map((line) => line.length));
  const wide = columns(rows, align);
  if (widest(wide) <= width) return wide;
  const parts = (from: number, to: number) =>
    columns(
      rows.map((row) => row.slice(from, to)),
      align.slice(from, to),
    );
  const [head, ...lines] = widest(parts(0, 3)) <= width ? parts(0, 3) : parts(0, 1);
  const figures = widest(parts(0, 3)) <= width ? [] : parts(1, 3);
  const below = lines.map((_, i) => [...figures.slice(i + 1, i + 2), rows[i + 1]![3]!].map((text) => `    ${text}`));
  return [head!, ...lines.flatMap((line, i) => [line, ...below[i]!])];
}

function told(figure: Explanation["printed"][number], width: number): string[] {
  return wrap(`${figure.text} in ${figure.sources.join("; ")}: ${explained(figure)}`, width, "    ");
}

/** Which rule gives the figure, or by how much no rule does. */
function explained({ rules, deviation, note }: Explanation["printed"][number]): string {
  const noted = note === null ? "" : `; ${note}`;
  if (rules.length > 0) return `${rules.join(", or ")}${noted}`;
  const off = `${deviation > 0 ? "+" : "−"}${formatPercent(Math.abs(deviation)).replace(" ", "\u00a0")}`;
  return `no rule here gives it (${off} to our count)${noted}`;
}

const signed = (difference: number) =>
  difference === 0 ? "±0" : `${difference > 0 ? "+" : "−"}${exactly(Math.abs(difference))}`;

/** The same for a page. */
export function explainSection({ rules, printed }: Explanation): Markup {
  const part = ({ quantity, title }: (typeof quantities)[number]) => {
    const own = rules.filter((rule) => rule.quantity === quantity);
    const figures = printed.filter((figure) => figure.quantity === quantity);
    const ruleRows = own.map(
      (rule, i) =>
        html`<tr><th scope="row" class="name">${rule.rule}</th><td class="n">${exactly(rule.figure)}</td><td class="n">${i === 0 ? "–" : signed(rule.difference)}</td><td>${rule.by}</td></tr>`,
    );
    const figureRows = figures.map(
      (figure) =>
        html`<tr><th scope="row">${figure.text}</th><td class="name">${figure.sources.join("; ")}</td><td>${explained(figure)}</td></tr>`,
    );
    return html`<h3>${title}</h3>
${table(
  title,
  html`The network counted anew under each rule; the first is the one used everywhere else.`,
  html`<tr><th scope="col">counted</th><th scope="col" class="n">figure</th><th scope="col" class="n">difference</th><th scope="col">who counts so</th></tr>`,
  ruleRows,
)}
${
  figures.length > 0 &&
  table(
    `${title} as printed`,
    html`Figures that were printed for this network, each with the rule that gives it when rounded or cut off to its digits.`,
    html`<tr><th scope="col">printed</th><th scope="col">where</th><th scope="col">explained by</th></tr>`,
    figureRows,
  )
}`;
  };
  return html`<section aria-labelledby="explain"><h2 id="explain">Why others print other numbers</h2>
<p class="read">How to read it: one network, several ways of counting. The differences are exact, since the same graph is counted each time.</p>
${quantities.map(part)}</section>`;
}
