import { formatPercent } from "../../base/index.js";
import type { StageRow } from "../fit-report.js";
import { columns, plain, textBar } from "../kit/text-table.js";

/**
 * The network for a terminal: a line a stage, with one bar for the side of its map and one for its channels, so that it can be
 * seen how maps shrink and channels grow. As in the picture, the second goes with the square root.
 *
 * @returns lines, the heading first; bars are shorter or missing where `width` characters have no room for them.
 */
export function networkLines(resolution: number, stages: readonly StageRow[], width: number): readonly string[] {
  const macs = stages.reduce((sum, stage) => sum + stage.macs, 0);
  const widest = Math.max(...stages.map(({ output: [channels] }) => channels), 1);
  const lines = (bars: number) => {
    const bar = (share: number) => (bars === 0 ? [] : [textBar(share, bars).replaceAll(".", " ")]);
    const rows = stages.map(({ name, output: [channels, side], macs: own }) => [
      ...[plain(name), String(side), ...bar(side / resolution)],
      ...[String(channels), ...bar(Math.sqrt(channels / widest))],
      macs > 0 ? formatPercent(own / macs) : "–",
    ]);
    const beside = bars === 0 ? [] : [""];
    const align = bars === 0 ? (["left", "right", "right", "right"] as const) : barred;
    return columns([["stage", "map", ...beside, "channels", ...beside, "of MACs"], ...rows], align);
  };
  const fits = [20, 12, 8, 0].find((bars) => Math.max(...lines(bars).map((line) => line.length)) <= width);
  return lines(fits ?? 0);
}

const barred = ["left", "right", "left", "right", "left", "right"] as const;
