/**
 * Why others print another number for the same network. Each way of counting is a rule; the graph is counted anew under
 * each of them, so the differences are exact, and a printed figure is explained by the rule that gives it.
 */
import { profileGraph } from "../cost/index.js";
import type { Graph, Node } from "../ir/index.js";
import { sizeOf } from "../ir/index.js";
import type { Architecture } from "./architecture.js";
import { buildNetwork } from "./build.js";
import { type BuildOptions, buildArchitecture, networks } from "./catalog.js";
import type { PrintedFigure } from "./printed-figure.js";
import { publishedFor } from "./published.js";

export type CountRule = {
  readonly quantity: "params" | "macs";
  /** What is counted, in a few words. */
  readonly rule: string;
  /** Who counts so. */
  readonly by: string;
  readonly figure: number;
  /** To our figure, the first of its quantity. */
  readonly difference: number;
};

export type ExplainedFigure = {
  readonly quantity: "params" | "macs";
  /** As printed: `3.4 M`. */
  readonly text: string;
  readonly sources: readonly string[];
  /** Printed ÷ ours − 1. */
  readonly deviation: number;
  /** The rules that give it, rounded or cut off to its digits; our own alone where that does. */
  readonly rules: readonly string[];
  /** What is known to be wrong with it. */
  readonly note: string | null;
};

export type Explanation = {
  readonly network: string;
  readonly rules: readonly CountRule[];
  readonly printed: readonly ExplainedFigure[];
};

/**
 * Our count and everybody else's, for a network of the catalog.
 *
 * @param options as for `buildArchitecture`; what others printed is known for full depth, 1000 classes and colour images only.
 * @throws {UsageError} as `buildArchitecture` does.
 */
export function explainNetwork(name: string, options: BuildOptions = {}): Explanation {
  const architecture = buildArchitecture(name, options);
  const { resolution, classes, channels } = architecture;
  const { width = 1, depth = 1 } = options;
  const { bare, dialects } = releasesOf(name);
  const isPublished = depth === 1 && classes === 1000 && channels === 3;
  const rows = isPublished
    ? ["tf", "torch", "timm"].flatMap((d) => publishedFor(`${d}-${bare}`, width, resolution))
    : [];
  const rules = [
    ...countRules(architecture),
    ...dialects.flatMap((dialect) => dialectRules(architecture, dialect, `${dialect}-${bare}`, options)),
  ];
  const printed = rows.flatMap(({ params, macs, source, notes }) => [
    ...(params === null ? [] : [{ quantity: "params" as const, figure: params, source, note: notes.params ?? null }]),
    ...(macs === null ? [] : [{ quantity: "macs" as const, figure: macs, source, note: notes.macs ?? null }]),
  ]);
  return { network: name, rules, printed: explainPrinted(rules, printed) };
}

/** The rules alone, for any network: nothing is looked up. */
export function explainCounts(architecture: Architecture): Explanation {
  return { network: architecture.name, rules: countRules(architecture), printed: [] };
}

type Rule = Omit<CountRule, "difference">;

function countRules(architecture: Architecture): CountRule[] {
  const { bare } = releasesOf(architecture.name);
  return withDifferences([...paramRules(architecture, bare), ...macRules(architecture, bare)]);
}

function withDifferences(rules: readonly Rule[]): CountRule[] {
  const ours = (quantity: Rule["quantity"]) => rules.find((rule) => rule.quantity === quantity)!.figure;
  return rules.map((rule) => ({ ...rule, difference: rule.figure - ours(rule.quantity) }));
}

/** Who publishes trainable counts, where they have the network. */
const countersOf: Readonly<Record<string, string>> = { torch: "torchvision's num_params", timm: "timm" };

function paramRules(architecture: Architecture, network: string): Rule[] {
  const theirs = networks.find(({ name }) => name === network)?.dialects ?? [];
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const { params } = profileGraph(graph);
  const channels = normChannels(graph);
  const everything = graph.parameters.reduce((sum, { value }) => sum + sizeOf(value.shape), 0);
  const folded = profileGraph(buildNetwork(architecture, { batch: 1, mode: "folded" }).graph).params;
  const rule = (rule: string, figure: number, by: string): Rule => ({ quantity: "params", rule, figure, by });
  const trainableBy = ["Bantam", ...theirs.flatMap((dialect) => countersOf[dialect] ?? [])].join("; ");
  const inKeras = /^(mobilenet-v[123]|efficientnet-(b|v2))/.test(network) && !/^mobilenet-v1h|-\d+d$/.test(network);
  const inSlim = /^mobilenet-v[123]/.test(network) && architecture.classes === 1000;
  return [
    rule("trainable numbers", params, trainableBy),
    rule("without γ and β of batch norm", params - 2 * channels, "slim's README for MobileNetV2"),
    rule("batch norm folded into a bias", folded, "a deployed file; Bantam's weight bytes ÷ 4"),
    rule(
      "with the moving statistics",
      everything,
      inKeras ? "Keras, count_params()" : "a checkpoint, tensor by tensor",
    ),
    ...(network === "mobilenet-v1"
      ? [rule("with one vector more per norm", params + channels, "inferred: it gives slim's README")]
      : []),
    ...(/^efficientnet-b/.test(network)
      ? // Mean and variance per input channel, and a count.
        [rule("…and Normalization's", everything + 2 * architecture.channels + 1, "Keras' documentation")]
      : []),
    ...(inSlim
      ? [rule("with a background class", paramsOf({ ...architecture, classes: 1001 }), "slim's checkpoints")]
      : []),
    ...(hasOlderHead(architecture, network)
      ? [rule("with 1280 hidden channels", paramsOf(olderHead(architecture)), "slim's README for V3-Small")]
      : []),
  ];
}

function macRules(architecture: Architecture, network: string): Rule[] {
  const inTorchvision = networks.find(({ name }) => name === network)?.dialects.includes("torch");
  const { graph } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const { macs } = profileGraph(graph);
  const rule = (rule: string, figure: number, by: string): Rule => ({ quantity: "macs", rule, figure, by });
  const biases = sumOver(graph, ({ op, inputs, outputs }) =>
    (op === "conv2d" || op === "depthwiseConv2d") && inputs.length === 3 ? sizeOf(outputs[0]!.shape) : 0,
  );
  const normed = sumOver(graph, ({ op, inputs }) => (op === "batchNormInference" ? sizeOf(inputs[0]!.shape) : 0));
  const pooled = sumOver(graph, ({ op, inputs }) => (op === "globalAveragePool" ? sizeOf(inputs[0]!.shape) : 0));
  return [
    rule(
      "convolutions and classifier",
      macs,
      ["Bantam", "the papers", ...(inTorchvision ? ["torchvision's _ops"] : [])].join("; "),
    ),
    rule("with biases, and γ, β once", macs + biases + 2 * normChannels(graph), "torchinfo"),
    rule("with 2 per normed number, 1 per pooled", macs + 2 * normed + pooled, "fvcore"),
    ...(hasOlderHead(architecture, network)
      ? [rule("with 1280 hidden channels", macsOf(olderHead(architecture)), "slim's README for V3-Small")]
      : []),
    rule("multiply and add as two", 2 * macs, "hardware sheets: FLOPs"),
  ];
}

/** The same network as another release builds it: a difference of the networks, not of the counting. */
function dialectRules(architecture: Architecture, dialect: string, name: string, options: BuildOptions): CountRule[] {
  const [ours, theirs] = [sizesOf(architecture), sizesOf(buildArchitecture(name, options))];
  const rule = `as ${releaseNames[dialect]} builds it`;
  return (["params", "macs"] as const).map((quantity) => ({
    quantity,
    rule,
    by: name,
    figure: theirs[quantity],
    difference: theirs[quantity] - ours[quantity],
  }));
}

const releaseNames: Readonly<Record<string, string>> = { tf: "TensorFlow", torch: "torchvision", timm: "timm" };

/** The name without its prefix, and the other dialects there are of the network. */
function releasesOf(name: string): { readonly bare: string; readonly dialects: readonly string[] } {
  const [, prefix = "tf", bare] = /^(?:(tf|torch|timm)-)?(.*)$/s.exec(name)!;
  const dialects = networks.find((network) => network.name === bare)?.dialects ?? [];
  return { bare: bare!, dialects: dialects.filter((dialect) => dialect !== prefix) };
}

/** V3-Small was first released with V3-Large's hidden layer, and some figures printed then are still there. */
const hasOlderHead = ({ head }: Architecture, network: string) =>
  network === "mobilenet-v3-small" && head.hidden !== null && head.hidden !== 1280;
const olderHead = (architecture: Architecture): Architecture => ({
  ...architecture,
  head: { ...architecture.head, hidden: 1280 },
});

function sizesOf(architecture: Architecture): { readonly params: number; readonly macs: number } {
  return profileGraph(buildNetwork(architecture, { batch: 1, mode: "inference" }).graph);
}
const paramsOf = (architecture: Architecture) => sizesOf(architecture).params;
const macsOf = (architecture: Architecture) => sizesOf(architecture).macs;

const sumOver = ({ nodes }: Graph, count: (node: Node) => number) => nodes.reduce((sum, node) => sum + count(node), 0);

/** Of all batch norms together: each has as many γ, β, means and variances. */
const normChannels = (graph: Graph) =>
  sumOver(graph, ({ op, inputs }) => (op === "batchNormInference" ? sizeOf(inputs[1]!.shape) : 0));

type Printed = {
  readonly quantity: Rule["quantity"];
  readonly figure: PrintedFigure;
  readonly source: string;
  readonly note: string | null;
};

function explainPrinted(rules: readonly CountRule[], printed: readonly Printed[]): ExplainedFigure[] {
  const groups = new Map<string, Printed[]>();
  for (const one of printed) {
    const key = `${one.quantity} ${one.figure.text}`;
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  const figures = [...groups.values()].map((group): ExplainedFigure => {
    const { quantity, figure } = group[0]!;
    const [ours, ...others] = rules.filter((rule) => rule.quantity === quantity);
    const giving = gives(ours!.figure, figure) ? [ours!] : others.filter((rule) => gives(rule.figure, figure));
    return {
      quantity,
      text: figure.text,
      sources: [...new Set(group.map(({ source }) => source))],
      deviation: figure.value / ours!.figure - 1,
      rules: [...new Set(giving.map(({ rule }) => rule))],
      note: giving[0] === ours ? null : (group.find(({ note }) => note !== null)?.note ?? null),
    };
  });
  return figures.toSorted((a, b) => order.indexOf(a.quantity) - order.indexOf(b.quantity));
}

const order: readonly Rule["quantity"][] = ["params", "macs"];

/** Whether an exact count, rounded or cut off to the printed digits, is the printed figure: the papers do both. */
function gives(exact: number, { value, step }: PrintedFigure): boolean {
  const printed = Math.round(value / step);
  return printed === Math.round(exact / step) || printed === Math.floor(exact / step);
}
