/** Table → graph. */
import { type Graph, image as imageType, type Value } from "../ir/index.js";
import { createBuilder } from "../ops/index.js";
import type { Architecture, Stage } from "./architecture.js";
import { blocks } from "./blocks/blocks.js";
import { addsInput } from "./blocks/widths.js";
import { requireFewBlocks } from "./bounds.js";
import {
  biasedConv,
  channelsOf,
  convNormAct,
  type Mode,
  type Noise,
  noise,
  type Site,
  type Statistics,
  squeezeExcite,
} from "./layers.js";

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

/** From the image `[N, C, H, W]` to the logits `[N, classes]`. @throws {ModelError} when there are too many. */
export function linksOf(architecture: Architecture): Link[] {
  requireFewBlocks(architecture);
  const { stem, stages, head, dropout, dropPath, classes } = architecture;
  const { conv, hidden, hiddenNorm = false, activation } = head;
  const count = stages.reduce((total, { repeats }) => total + repeats, 0);
  let index = 0;
  const rows = stages.flatMap((stage, i) =>
    Array.from({ length: stage.repeats }, (_, repeat): Link => {
      const dropRate = (dropPath * index++) / count;
      const stride = repeat === 0 ? stage.stride : 1;
      return { path: `stages.${i}.${repeat}`, append: (site, x) => appendBlock(site, x, stage, stride, dropRate) };
    }),
  );
  const pool = (site: Site, x: Value) => {
    const y = conv === null ? x : convNormAct(site, x, { channels: conv, activation });
    return site.g.scope("pool", () => site.g.globalAveragePool(y));
  };
  const hide = (site: Site, x: Value, channels: number) =>
    site.g.scope("hidden", () =>
      hiddenNorm ? convNormAct(site, x, { channels, activation }) : site.g[activation](biasedConv(site, x, channels)),
    );
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

/**
 * The layers of a block, and its input added where the row says so and the shape was kept.
 *
 * @param dropRate how often, in training, an image goes without the block and has only its input.
 */
function appendBlock(site: Site, x: Value, stage: Stage, stride: 1 | 2, dropRate: number): Value {
  const { g } = site;
  const input = channelsOf(x);
  let y = x;
  const append = (name: string, spec: Parameters<typeof convNormAct>[2]) => {
    y = g.scope(name, () => convNormAct(site, y, spec));
  };
  blocks[stage.block].layers(
    {
      convolution: (name, channels, kernel, stride, activation) =>
        append(name, { channels, kernel, stride, activation }),
      depthwise: (name, kernel, stride, activation) =>
        append(name, { channels: channelsOf(y), kernel, stride, depthwise: true, activation }),
      squeezeExcite: (spec, blockInput) => {
        y = squeezeExcite(site, y, blockInput, spec);
      },
    },
    stage,
    input,
    stride,
  );
  if (!addsInput(stage, input, stride)) return y;
  const kept = noise(site, y, "dropPath", dropRate);
  return g.scope("residual", () => g.add(x, kept));
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
