/** Table → graph. */
import { type Graph, image as imageType, type Value } from "../ir/index.js";
import { createBuilder } from "../ops/index.js";
import type { Architecture, Stage } from "./architecture.js";
import {
  biasedConv,
  convNormAct,
  invertedResidual,
  type Mode,
  type Noise,
  noise,
  type Site,
  type Statistics,
  separable,
} from "./blocks.js";

/** A part of the network that people speak of; `path` begins the paths of its nodes and parameters. */
export type NetworkPart = { readonly name: string; readonly path: string };

export type Network = {
  /** One output, `logits`. */
  readonly graph: Graph;
  /** Input `image`, `[N, C, H, W]`. */
  readonly image: Value;
  /** `[N, classes]`. */
  readonly logits: Value;
  /** In running order; empty outside training. */
  readonly statistics: readonly Statistics[];
  /** In running order; empty outside training. */
  readonly noise: readonly Noise[];
  /** From stem to classifier. Where two paths fit a node, it belongs to the longer one. */
  readonly stages: readonly NetworkPart[];
};

/**
 * The graph of a network.
 *
 * @param options.batch images per run; a lowering may leave it free.
 * @throws {ShapeError} when a map gets smaller than the kernel that reads it.
 */
export function buildNetwork(
  architecture: Architecture,
  { batch, mode }: { readonly batch: number; readonly mode: Mode },
): Network {
  const { channels, resolution } = architecture;
  const site = newSite(architecture, mode);
  const image = site.g.input("image", imageType(batch, channels, resolution, resolution));
  return finishNetwork(site, architecture, image, appendLayers(site, architecture, image));
}

/** The graph of a site whose links are all appended, with what they reported. */
export function finishNetwork(site: Site, architecture: Architecture, image: Value, logits: Value): Network {
  site.g.output(logits, "logits");
  const { statistics, noise } = site;
  return { graph: site.g.build(), image, logits, statistics, noise, stages: partsOf(architecture) };
}

/**
 * The graph that is shipped: the folded network between pixels and probabilities.
 *
 * Input `pixels`: uint8 `[N, H, W, C]`, 0…255. Output `probabilities`: `[N, classes]`. Parameters are those of the mode
 * `folded`.
 *
 * @param options.mean and `std`: one number per input channel, of pixels ÷ 255.
 */
export function buildDeployment(
  architecture: Architecture,
  { batch, mean, std }: { readonly batch: number; readonly mean: readonly number[]; readonly std: readonly number[] },
): Graph {
  const { channels, resolution } = architecture;
  const site = newSite(architecture, "folded");
  const { g } = site;
  const shape = [batch, resolution, resolution, channels];
  const pixels = g.input("pixels", { dtype: "uint8", axes: "plain", shape });
  const image = g.scope("normalize", () => g.one("pixelsToImage", [pixels], { mean, std }));
  const logits = appendLayers(site, architecture, image);
  g.output(
    g.scope("softmax", () => g.softmax(logits)),
    "probabilities",
  );
  return g.build();
}

/** A graph to be built, in the dialect of the architecture. */
export function newSite({ padding, norm }: Pick<Architecture, "padding" | "norm">, mode: Mode): Site {
  const norms = mode === "train" ? "batch" : "running";
  return { g: createBuilder(), mode, norms, padding, epsilon: norm.epsilon, statistics: [], noise: [] };
}

/** A link of the chain that every network is. What it appends lies under `path`. */
export type Link = {
  readonly path: string;
  readonly append: (site: Site, x: Value) => Value;
};

/** From the image `[N, C, H, W]` to the logits `[N, classes]`. */
export function linksOf(architecture: Architecture): Link[] {
  const { stem, stages, head, dropout, dropPath, classes } = architecture;
  const { conv, hidden, activation } = head;
  const blocks = stages.reduce((total, { repeats }) => total + repeats, 0);
  let index = 0;
  const rows = stages.flatMap((stage, i) =>
    Array.from({ length: stage.repeats }, (_, repeat): Link => {
      const dropRate = (dropPath * index++) / blocks;
      const spec = repeat === 0 ? stage : { ...stage, stride: 1 as const };
      return { path: `stages.${i}.${repeat}`, append: (site, x) => appendBlock(site, x, spec, dropRate) };
    }),
  );
  const pool = (site: Site, x: Value) => {
    const y = conv === null ? x : convNormAct(site, x, { channels: conv, activation });
    return site.g.scope("pool", () => site.g.globalAveragePool(y));
  };
  const hide = (site: Site, x: Value, channels: number) =>
    site.g.scope("hidden", () => site.g[activation](biasedConv(site, x, channels)));
  const hiddenLinks = hidden === null ? [] : [{ path: "head", append: (s: Site, x: Value) => hide(s, x, hidden) }];
  return [
    { path: "stem", append: (site, x) => convNormAct(site, x, stem) },
    ...rows,
    { path: "head", append: pool },
    ...hiddenLinks,
    // Dropout is on what enters the classifier, whichever layer of the head made it.
    { path: "classifier", append: (site, x) => classifier(site, noise(site, x, "dropout", dropout), classes) },
  ];
}

function appendLayers(site: Site, architecture: Architecture, image: Value): Value {
  return linksOf(architecture).reduce((x, { path, append }) => site.g.scope(path, () => append(site, x)), image);
}

function appendBlock(site: Site, x: Value, stage: Stage, dropRate: number): Value {
  switch (stage.block) {
    case "separable":
      return separable(site, x, stage);
    case "invertedResidual":
      return invertedResidual(site, x, stage, dropRate);
    default:
      return stage.block satisfies never;
  }
}

/** A linear layer, written as a 1×1 convolution on the pooled image. */
function classifier({ g }: Site, x: Value, classes: number): Value {
  const weight = g.parameter("weight", [classes, x.shape[1]!, 1, 1], {
    initializer: { kind: "uniform", limit: 1 / Math.sqrt(classes) },
    trainable: true,
    decay: true,
  });
  const bias = g.parameter("bias", [classes], {
    initializer: { kind: "constant", value: 0 },
    trainable: true,
    decay: false,
  });
  return g.flatten(g.one("conv2d", [x, weight, bias], { stride: 1, padding: [0, 0, 0, 0] }));
}

function partsOf({ stages, head }: Architecture): NetworkPart[] {
  return [
    { name: "stem", path: "stem" },
    ...stages.map((_, i) => ({ name: `stage ${i + 1}`, path: `stages.${i}` })),
    ...(head.conv === null ? [] : [{ name: "head", path: "head" }]),
    ...(head.hidden === null ? [] : [{ name: "hidden", path: "head.hidden" }]),
    { name: "classifier", path: "classifier" },
  ];
}
