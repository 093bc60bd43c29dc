import { writeFileAtomic } from "../../base/files.js";
import { VERSION } from "../../jobs/index.js";
import { compareNetwork, landscape, networkNames, rivalsOf } from "../../networks/index.js";
import {
  renderComparison,
  renderComparisonCsv,
  renderComparisonPage,
  renderComparisonSvg,
} from "../../report/index.js";
import { defineCommand } from "../command.js";
import { settled, withoutFailures } from "../several.js";
import { fileFormat } from "./file-format.js";

export const compareCommand = defineCommand({
  name: "compare",
  summary: "Put networks side by side: costs, published accuracies, and what others need for the same accuracy",
  description:
    "Costs are counted; accuracies are the published ones, on ImageNet. Ratios are to the first network. Without names: all networks of the papers.",
  examples: [
    ["bantam compare efficientnet-b4 mobilenet-v3-large mobilenet-v2-1.4", "three networks"],
    ["bantam compare efficientnet-b1 --out accuracy.html", "with the accuracy-against-operations figure"],
    ["bantam compare --out accuracy.csv", "everything that was published, for a spreadsheet"],
  ],
  arguments: {
    networks: {
      kind: "text",
      placeholder: "NETWORK",
      variadic: true,
      optional: true,
      help: "e.g. efficientnet-b0, mobilenet-v2-0.5@160; `bantam networks` lists them",
    },
  },
  options: { out: { kind: "path", help: "also write a page (.html), the figure (.svg) or its data (.csv)" } },
  run: async ({ networks: named = [], out }, context) => {
    const format = out === undefined ? undefined : fileFormat(out, ["html", "svg", "csv"]);
    const words = [...new Set(named.length > 0 ? named : networkNames)];
    const { results: networks, failures } = await settled(words, compareNetwork);
    const errors = withoutFailures(failures, networks.length, context);
    const published = landscape();
    const chosen = named.length === 0 ? [] : networks.flatMap(({ published }) => published ?? []);
    const rivals = networks.flatMap((network) =>
      (["macs", "params"] as const).flatMap((quantity) => rivalsOf(network, published, quantity) ?? []),
    );
    const comparison = { networks, rivals, chosen, errors, ...published };
    if (out === undefined || format === undefined) return comparison;
    await writeFileAtomic(out, render[format](comparison));
    return { ...comparison, file: out };
  },
  show: (comparison, { colour, width }) =>
    `${renderComparison(comparison, { colour, width })}${"file" in comparison ? `\nwritten: ${comparison.file}\n` : ""}`,
});

const render = {
  html: (comparison: Parameters<typeof renderComparisonPage>[0]) => renderComparisonPage(comparison, VERSION),
  svg: renderComparisonSvg,
  csv: renderComparisonCsv,
};
