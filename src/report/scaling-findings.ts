/** What a scaling study found, in sentences and as CSV. */
import { csv } from "../base/index.js";
import { points } from "./kit/words.js";
import { dimensions, type Estimate, type ScalingStudyFacts, type StudiedPoint } from "./scaling-facts.js";

/** What the runs show, in sentences; differences within their interval are called none. */
export function findingsOf(
  facts: ScalingStudyFacts,
): Readonly<Record<"alone" | "settings" | "compound", readonly string[]>> {
  const alone = dimensions.flatMap((dimension) => {
    const [first, last] = [facts.gains[dimension][0], facts.gains[dimension].at(-1)];
    if (first === undefined || last === undefined) return [];
    const name = `${dimension[0]!.toUpperCase()}${dimension.slice(1)} alone`;
    if (first === last) return [`${name} gains ${signed(first)} for a doubling of the multiply-adds.`];
    return [
      `${name} gains ${signed(first)} for the first doubling of the multiply-adds and ${signed(last)} for each of the last.`,
    ];
  });
  const settings = facts.settingLeads.map((lead) => {
    const width = facts.points.find(({ key }) => key === lead.key)!.width;
    return `At d = ${lead.depth}, r = ${lead.resolution}, width ${width} is ${compared(lead, "the width alone")}.`;
  });
  const compound = facts.compoundLeads.map(
    (lead) => `All three together at φ = ${lead.phi} are ${compared(lead, `${lead.over} alone`)}.`,
  );
  return { alone, settings, compound };
}

const signed = ({ difference, margin }: Estimate) =>
  `${difference < 0 ? "−" : ""}${points(difference)}${margin === null ? "" : ` (± ${(100 * margin).toFixed(1)})`}`;

function compared(estimate: Estimate, other: string): string {
  const { difference, margin } = estimate;
  const where = `${difference < 0 ? "below" : "above"} ${other} at equal multiply-adds`;
  const verdict =
    margin === null
      ? "one seed does not say whether that is chance"
      : Math.abs(difference) > margin
        ? "more than chance explains"
        : "no more than chance explains";
  return `${points(difference)}${margin === null ? "" : ` (± ${(100 * margin).toFixed(1)})`} ${where}: ${verdict}`;
}

/** Every training, one a line, and every failure. @source RFC 4180 */
export function renderScalingCsv(all: readonly StudiedPoint[]): string {
  const head = ["network", "depth", "width", "resolution", "side_px", "params", "macs"];
  const measured = ["accuracy_mean", "accuracy_low", "accuracy_high", "accuracies", "seconds", "failures"];
  const rows = all.map((point) => [
    ...[point.key, point.depth, point.width, point.resolution, point.side, point.params, point.macs],
    ...[point.mean, point.interval?.[0], point.interval?.[1], point.accuracies.join(" ")],
    ...[Math.round(point.seconds * 10) / 10, point.failures.join("; ")],
  ]);
  return csv([[...head, ...measured], ...rows]);
}
