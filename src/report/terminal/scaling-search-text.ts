/** The grid search for α, β and γ as text. */
import { formatCount } from "../../base/index.js";
import { columns, palette, type TextOptions } from "../kit/text-table.js";
import type { ScalingSearchFacts } from "../scaling-facts.js";
import { pointTable } from "./scaling-study-text.js";

/** The grid with its winner, what may be as good, the baseline along φ, and how to go on. Ends with a line break. */
export function renderScalingSearch(facts: ScalingSearchFacts, { colour }: TextOptions): string {
  const { grid, baseline, coefficients, scaled, next } = facts;
  const paint = palette(colour);
  const [head, ...lines] = pointTable(grid, baseline.macs);
  const marked = lines.map((line, i) => {
    const rank = grid[i]?.rank;
    if (rank === "best") return paint.strong(`${line}  best`);
    return rank === "tie" ? `${line}  ties` : line;
  });
  const { depth, width, resolution } = coefficients;
  const found = `α = ${depth}, β = ${width}, γ = ${resolution}`;
  const cells = scaled.map((row) => [
    ...[`φ = ${row.phi}`, row.depth.toFixed(2), row.width.toFixed(2), row.resolution.toFixed(2), String(row.side)],
    ...[formatCount(row.params), formatCount(row.macs), row.file],
  ]);
  const [scaledHead, ...scaledLines] = columns(
    [["", "depth", "width", "res.", "px", "params", "MACs", "network"], ...cells],
    ["left", "right", "right", "right", "right", "right", "right", "left"],
  );
  return [
    ...[paint.quiet(head!), ...marked, "", paint.strong(found), verdict(facts), ""],
    ...[paint.quiet(scaledHead!), ...scaledLines, "", "go on with", ...next.map((line) => `  ${line}`), ""],
  ].join("\n");
}

/** How sure the choice is. */
function verdict({ grid, deviation, seeds }: ScalingSearchFacts): string {
  const ties = grid.filter(({ rank }) => rank === "tie").length;
  const others = grid.filter(({ rank }) => rank !== "failed").length - 1;
  if (deviation === null) {
    const equal = ties === 0 ? "" : `; ${ties} more had exactly the same accuracy`;
    return `one seed does not say how much of it is chance${equal}: --seeds 3 would`;
  }
  const noise = `a training scatters by ${(100 * deviation).toFixed(2)} points`;
  if (ties === 0) return `${noise}: the best is ahead of all ${others} others by more than chance explains`;
  const which = ties === others ? `none of the other ${others}` : `${others - ties} of the other ${others}`;
  return `${noise}: with ${seeds.length} seeds ${which} can be told to be worse; those that tie may be as good`;
}
