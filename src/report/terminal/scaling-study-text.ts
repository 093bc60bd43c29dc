/** The trained networks of a scaling study for a terminal. */
import { formatCount, formatPercent } from "../../base/index.js";
import { columns, palette, plain, type TextOptions } from "../kit/text-table.js";
import type { ScalingStudyFacts, StudiedPoint } from "../scaling-facts.js";
import { findingsOf } from "../scaling-findings.js";

/** A line a network, then what they show. Ends with a line break. */
export function renderScalingStudy(facts: ScalingStudyFacts, { colour }: TextOptions): string {
  const paint = palette(colour);
  const [head, ...rows] = pointTable(facts.points, facts.baseline.macs);
  const { alone, settings, compound } = findingsOf(facts);
  const text = [paint.quiet(head!), ...rows, "", ...alone, ...settings, ...compound, ""];
  return text.join("\n").replaceAll("\u00a0", " ");
}

/** Columns that every table of trained points has; the first line is the head. */
export function pointTable(all: readonly StudiedPoint[], baselineMacs: number): string[] {
  const cells = all.map((point) => [
    ...[point.key, `${point.side}${point.isEnlarged ? "*" : ""}`, formatCount(point.macs)],
    `×${(point.macs / baselineMacs).toFixed(2)}`,
    point.mean === null ? "failed" : formatPercent(point.mean),
    point.interval === null
      ? plain(point.failures[0]?.split("\n")[0] ?? "–")
      : `± ${(50 * (point.interval[1] - point.interval[0])).toFixed(1)}`,
  ]);
  const lines = columns(
    [["network", "px", "MACs", "", "accuracy", "95 %"], ...cells],
    ["left", "right", "right", "right", "right", "left"],
  );
  return all.some(({ isEnlarged }) => isEnlarged) ? [...lines, "* images enlarged beyond their own side"] : lines;
}
