import { UsageError } from "../../base/index.js";
import type { Provider } from "../../cost/index.js";
import { parseNetwork } from "../../networks/index.js";
import { renderScaled, renderSeries, renderWithinBudget } from "../../report/index.js";
import {
  type Budget,
  compileBudgets,
  publishedCoefficients,
  publishedSeries,
  scaleNetworkByPhi,
} from "../../scaling/index.js";
import { defineCommand } from "../command.js";
import { budgetOf, budgetOptions, networkWord, refuse } from "./common-options.js";
import { latencyOptions, readLatency } from "./latency-table.js";

const factor = { kind: "number", min: 1, max: 4 } as const;

export const scaleCommand = defineCommand({
  name: "scale",
  summary: "Make a network deeper, wider and finer: by φ, or to the best that a budget allows",
  description:
    "With limits: of all depths, widths and resolutions that keep every one of them, the network with the highest predicted accuracy (EfficientNet, arXiv:1905.11946, eq. 2); smaller than the named one, too. With φ: depth · 1.2^φ, width · 1.1^φ, resolution · 1.15^φ (eq. 3). Rounding is that of the network's own release.",
  examples: [
    ["bantam scale mobilenet-v2 --max-macs 100M --max-memory 2MB", "the best under both limits"],
    ["bantam scale mobilenet-v3-small --max-latency 5ms --latency-table laptop.json", "by a table of `bantam bench`"],
    ["bantam scale efficientnet-b0 --phi 1", "the next size"],
    ["bantam scale efficientnet-b0 --table", "φ = 0 to 7 beside the published B0 to B7"],
  ],
  arguments: { network: networkWord },
  options: {
    ...budgetOptions,
    "max-latency": latencyOptions["max-latency"],
    "latency-table": latencyOptions["latency-table"],
    device: { kind: "choice", of: ["cpu", "wasm"], help: "whose latency (by default the cpu's)" },
    threads: { kind: "integer", min: 1, max: 256, help: "with how many threads; by default 1" },
    resolutions: {
      kind: "text",
      placeholder: "PIXELS",
      help: "to choose from: 96,128,160 or 64-320; by default 32-600",
    },
    phi: { kind: "number", min: -8, max: 8, help: "compound coefficient φ, any real number, in place of limits" },
    alpha: { ...factor, help: `depth for φ = 1; by default ${publishedCoefficients.depth}` },
    beta: { ...factor, help: `width for φ = 1; by default ${publishedCoefficients.width}` },
    gamma: { ...factor, help: `resolution for φ = 1; by default ${publishedCoefficients.resolution}` },
    table: { kind: "flag", help: "the published sizes of the network beside φ = 0, 1, 2, …" },
    classes: { kind: "integer", min: 2, max: 1_000_000, help: "outputs of the classifier; by default 1000" },
  },
  run: async ({ network, phi, table, classes, alpha, beta, gamma, resolutions, ...values }) => {
    const limits = budgetOf(values);
    const way = oneWay({ limits: Object.keys(limits).length > 0, "--phi": phi !== undefined, "--table": table });
    const onlyWithLimits = { "--resolutions": resolutions, "--latency-table": values.latencyTable };
    if (way === "limits") refuse({ "--alpha": alpha, "--beta": beta, "--gamma": gamma }, "--phi or --table", way);
    else refuse(onlyWithLimits, "limits such as --max-macs 400M", way);
    if (values.latencyTable === undefined)
      refuse({ "--device": values.device, "--threads": values.threads }, "--latency-table", "none");
    const { name, ...start } = parseNetwork(network);
    if (table) {
      refuse({ "--classes": classes }, "--phi or limits", way);
      if (network !== name) throw new UsageError({ at: way, expected: `a whole series: ${name}`, received: network });
    }
    const outputs = { classes: classes ?? 1000 };
    const { depth, width, resolution } = publishedCoefficients;
    const coefficients = { depth: alpha ?? depth, width: beta ?? width, resolution: gamma ?? resolution };
    if (table) return { kind: "series" as const, series: publishedSeries(name, coefficients) };
    if (phi !== undefined)
      return { kind: "phi" as const, ...scaleNetworkByPhi(name, phi, { ...start, ...outputs }, coefficients) };

    const latency = await latencyFor(limits, values);
    const sides = resolutions === undefined ? {} : { resolutions: parseSides(resolutions) };
    const compiler = compileBudgets(name, { ...start, ...sides, ...outputs });
    const found = compiler.solve(limits, latency?.of);
    return { kind: "budget" as const, limits, ...found, ...(latency && { measuredOn: latency.measuredOn }) };
  },
  show: (result, view) => {
    if (result.kind === "series") return renderSeries(result.series, view);
    if (result.kind === "phi") return renderScaled(result, view);
    return renderWithinBudget(result, view);
  },
});

function oneWay(ways: { readonly [name: string]: boolean }): string {
  const given = Object.entries(ways).flatMap(([name, isGiven]) => (isGiven ? [name] : []));
  if (given.length === 1) return given[0]!;
  throw new UsageError({
    at: "scale",
    expected: "either limits, --phi or --table",
    received: given.join(" and ") || "none of them",
    hint: "--max-macs 400M, or --phi 1",
  });
}

type LatencyValues = {
  readonly latencyTable: string | undefined;
  readonly device: Provider | undefined;
  readonly threads: number | undefined;
};

async function latencyFor({ latencyMs }: Budget, { latencyTable, device = "cpu", threads = 1 }: LatencyValues) {
  if ((latencyMs === undefined) !== (latencyTable === undefined)) {
    throw new UsageError({
      at: latencyTable === undefined ? "--max-latency" : "--latency-table",
      expected: "--max-latency and --latency-table together",
      received: "one of them",
      hint: "`bantam bench --table FILE` measures a table",
    });
  }
  if (latencyTable === undefined) return null;
  return readLatency(latencyTable, { device, threads });
}

/** `96,128,160-192`: numbers and ranges. */
function parseSides(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const match = /^\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?$/.exec(part);
    const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
    if (match === null || last < first) {
      throw new UsageError({
        at: "--resolutions",
        expected: "sides in pixels such as 96,128,160 or 64-320",
        received: JSON.stringify(text),
      });
    }
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
