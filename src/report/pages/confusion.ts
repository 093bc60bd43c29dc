import { largest } from "../../base/index.js";
import { between } from "../kit/axis.js";
import { figure, svg, table, textWidth } from "../kit/figure.js";
import { given, html, isolated, type Markup, shorten } from "../kit/html.js";
import { counted, exactly, percent } from "../kit/words.js";

type Matrix = readonly (readonly number[])[];
type Pair = { readonly truth: number; readonly predicted: number; readonly count: number; readonly share: number };

/** More classes than this have no room for names and counts; the drawing becomes a map of index against index. */
const readable = 30;
const pairsShown = 12;
/** Opacity steps of the heat map: a reader tells about this many apart, and one path per step keeps 1000 classes small. */
const steps = 8;

/** Which class is taken for which. */
export function confusion(labels: readonly string[], matrix: Matrix): Markup {
  const pairs = confusedPairs(matrix);
  const small = labels.length <= readable;
  return html`<section aria-labelledby="confusion"><h2 id="confusion">Confusion</h2>
${
  labels.length === 0 || matrix.length === 0
    ? html`<p class="read">There are no predictions to show.</p>`
    : figure(
        (width) => (small ? namedMap(labels, matrix, width) : indexMap(matrix, width)),
        html`Held-out images by true class (rows) and predicted class (columns)${!small && ", both numbered as in the table of classes"}. How to read it: ${small ? "the number is a count of images; " : ""}the stronger the colour, the larger
the share of the row, on a square-root scale so that rare mistakes show. Blue on the diagonal is right, orange beside it is wrong.`,
      )
}
${pairTable(labels, pairs)}</section>`;
}

/** Mistakes by falling count, then by share of the true class, then in order of the classes. */
export function confusedPairs(matrix: Matrix): readonly Pair[] {
  const pairs = matrix.flatMap((row, truth) => {
    const total = sum(row);
    return row.map((count, predicted) => ({ truth, predicted, count, share: total > 0 ? count / total : 0 }));
  });
  return pairs
    .filter((pair) => pair.truth !== pair.predicted && pair.count > 0)
    .sort((a, b) => b.count - a.count || b.share - a.share || a.truth - b.truth || a.predicted - b.predicted);
}

/** Shade of a cell, 1 … steps; 0 for an empty one. */
function shade(count: number, total: number): number {
  return count > 0 ? Math.max(1, Math.ceil(Math.sqrt(count / total) * steps - 1e-9)) : 0;
}

const opacity = between([1, steps], [0.12, 1]);

function namedMap(labels: readonly string[], matrix: Matrix, width: number): Markup {
  const wide = width > 500;
  const longest = wide ? 18 : 11;
  const names = labels.map((label) => shorten(label, longest));
  const margin = 10 + Math.max(largest(names.map(textWidth)), 20);
  const digits = String(Math.max(largest(matrix.flat()), 1)).length;
  // A cell holds its largest count in letters of at least 9 px; if that is too wide for the page, the box scrolls.
  const cell = Math.min(Math.max((width - margin - 22) / labels.length, digits * 6 + 5), 46);
  const letters = Math.min(12, Math.max(9, (cell - 4) / (digits * 0.62)));
  const [left, top] = [margin + 20, margin + 20];
  const side = cell * labels.length;

  const cells = matrix.map((row, truth) => {
    const total = sum(row);
    return row.map((count, predicted) => {
      if (count === 0) return null;
      const [x, y] = [left + predicted * cell, top + truth * cell];
      const level = shade(count, total);
      const kind = truth === predicted ? "right" : "wrong";
      return html`<g><title>${isolated(labels[truth] ?? "?")} taken for ${isolated(labels[predicted] ?? "?")}: ${counted(count, "image")}, ${percent(count / total)}</title><rect class="${kind}" x="${x}" y="${y}" width="${cell - 1}" height="${cell - 1}" fill-opacity="${opacity(level)}"/><text class="${opacity(level) > 0.6 ? "on" : "cell"}" style="font-size:${letters}px" x="${x + (cell - 1) / 2}" y="${y + (cell - 1) / 2 + letters * 0.36}" text-anchor="middle">${String(count)}</text></g>`;
    });
  });
  const at = (i: number) => left + (i + 0.5) * cell;
  const drawn = Math.max(width, left + side + 2);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix">${svg(
    drawn,
    top + side + 4,
    summary(matrix),
    [
      html`<rect class="board" x="${left - 0.5}" y="${top - 0.5}" width="${side}" height="${side}"/>`,
      names.map(
        (
          name,
          i,
        ) => html`<text x="${left - 7}" y="${top + (i + 0.5) * cell + 4}" text-anchor="end">${isolated(name)}</text>
<text transform="translate(${at(i) + 4} ${top - 7}) rotate(-90)">${isolated(name)}</text>`,
      ),
      axisTitles(left, top, side),
      cells,
    ],
  )}</div>`;
}

function indexMap(matrix: Matrix, width: number): Markup {
  const [left, top] = [52, 44];
  const side = Math.min(width - left - 14, 600);
  const cell = side / matrix.length;
  const paths = new Map<string, string>();
  for (const [truth, row] of matrix.entries()) {
    const total = sum(row);
    for (const [predicted, count] of row.entries()) {
      if (count === 0) continue;
      const key = `${truth === predicted ? "right" : "wrong"} ${shade(count, total)}`;
      paths.set(key, `${paths.get(key) ?? ""}M${predicted} ${truth}h1v1h-1z`);
    }
  }
  const step = [5, 10, 20, 50, 100, 200, 500].find((s) => matrix.length / s <= 12) ?? 1000;
  const numbers = matrix.map((_, i) => i + 1).filter((n) => n === 1 || n % step === 0);
  return svg(width, top + side + 6, summary(matrix), [
    html`<rect class="board" x="${left - 0.5}" y="${top - 0.5}" width="${side + 1}" height="${side + 1}"/>`,
    numbers.map((n) => {
      const offset = (n - 0.5) * cell;
      return html`<text x="${left - 6}" y="${top + offset + 4}" text-anchor="end">${String(n)}</text><text x="${left + offset}" y="${top - 7}" text-anchor="middle">${String(n)}</text>`;
    }),
    axisTitles(left, top, side),
    html`<g transform="translate(${left} ${top}) scale(${String(cell)})">${[...paths].map(([key, d]) => {
      const [kind, level] = key.split(" ");
      return html`<path class="${kind!}" fill-opacity="${opacity(Number(level))}" d="${d}"/>`;
    })}</g>`,
  ]);
}

function axisTitles(left: number, top: number, side: number): Markup {
  return html`<text class="title" x="${left + side / 2}" y="12" text-anchor="middle">predicted</text>
<text class="title" transform="translate(12 ${top + side / 2}) rotate(-90)" text-anchor="middle">truth</text>`;
}

function summary(matrix: Matrix): string {
  const total = sum(matrix.map(sum));
  const right = sum(matrix.map((row, i) => row[i] ?? 0));
  return `Confusion matrix of ${matrix.length} classes: ${exactly(right)} of ${counted(total, "image")} on the diagonal`;
}

function pairTable(labels: readonly string[], pairs: readonly Pair[]): Markup {
  if (pairs.length === 0) return html`<p class="read">No held-out image was taken for another class.</p>`;
  return table(
    "Most confused pairs",
    html`The most frequent mistakes${pairs.length > pairsShown && `, ${pairsShown} of ${exactly(pairs.length)} kinds`}. How to read it: the share is of all images of the true class.`,
    html`<tr><th scope="col">truth</th><th scope="col">taken for</th><th scope="col" class="n">images</th><th scope="col" class="n">share</th></tr>`,
    pairs
      .slice(0, pairsShown)
      .map(
        ({ truth, predicted, count, share }) =>
          html`<tr><td class="name">${given(labels[truth] ?? "?")}</td><td class="name">${given(labels[predicted] ?? "?")}</td><td class="n">${exactly(count)}</td><td class="n">${percent(share)}</td></tr>`,
      ),
    "pairs",
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
