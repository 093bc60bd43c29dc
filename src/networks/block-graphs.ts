/**
 * A network taken apart into the blocks it is a chain of: what each is, what work it does, and a graph of it alone. Blocks of
 * one signature take the same time in whatever network they stand, so a table of measured blocks can speak of networks that
 * were never run.
 */
import type { BlockWork, LatencyBlock } from "../cost/index.js";
import { type Graph, image, plain } from "../ir/index.js";
import { createBuilder } from "../ops/index.js";
import type { Activation, Architecture, SqueezeExcite, Stage } from "./architecture.js";
import { blocks } from "./blocks/blocks.js";
import { addsInput, expandedWidth, squeezedWidth } from "./blocks/widths.js";
import { linksOf, newSite } from "./build.js";

/** Of one image. */
export type MapShape = readonly [channels: number, height: number, width: number];

export type NetworkBlock = LatencyBlock & {
  /** `head` is the last convolution, where there is one, and the pool. */
  readonly kind: "stem" | Stage["block"] | "head" | "hidden" | "classifier";
  /** `stem`, `stages.2.0`, `head`, `head.hidden`, `classifier`. */
  readonly path: string;
  readonly input: MapShape;
  readonly output: MapShape;
};

/**
 * The blocks of a network in running order.
 *
 * No graph is built: a search asks this of every candidate. Signatures leave out what no kernel depends on: names, the side on
 * which an odd pixel is padded, the norm that is folded away.
 */
export function blocksOf({ channels, resolution, stem, stages, head, classes }: Architecture): NetworkBlock[] {
  let last = stemBlock([channels, resolution, resolution], stem);
  const blocks = [last];
  const add = (block: NetworkBlock) => {
    blocks.push(block);
    last = block;
  };
  stages.forEach((stage, i) => {
    add(stageBlock(`stages.${i}.0`, last.output, stage));
    if (stage.repeats === 1) return;
    const repeated = { ...stage, stride: 1 as const };
    add(stageBlock(`stages.${i}.1`, last.output, repeated));
    // From here on, one is like the other.
    for (let repeat = 2; repeat < stage.repeats; repeat++) add({ ...last, path: `stages.${i}.${repeat}` });
  });
  add(headBlock(last.output, head));
  if (head.hidden !== null) add(vectorBlock("hidden", "head.hidden", last.output, head.hidden, head.activation));
  add(vectorBlock("classifier", "classifier", last.output, classes, "linear"));
  return blocks;
}

/**
 * One block of a network alone, in the mode `folded`: input `x`, output `y`, parameters with the names they have there.
 *
 * @param index as in `blocksOf`.
 * @param options.batch images per run.
 */
export function buildBlock(architecture: Architecture, index: number, { batch }: { readonly batch: number }): Graph {
  const block = blocksOf(architecture)[index];
  const link = linksOf(architecture)[index];
  if (block === undefined || link === undefined)
    throw new Error(`internal: ${architecture.name} has no block ${index}`);
  const site = newSite(architecture, "folded");
  const x = site.g.input("x", image(batch, ...block.input));
  site.g.output(
    site.g.scope(link.path, () => link.append(site, x)),
    "y",
  );
  return site.g.build();
}

/** A graph of one kernel on one number, input `x`, output `y`: what a run costs before any work is done. */
export function buildNearlyNothing(): Graph {
  const g = createBuilder();
  g.output(g.relu(g.input("x", plain(1))), "y");
  return g.build();
}

function stemBlock(input: MapShape, { channels, kernel, stride, activation }: Architecture["stem"]): NetworkBlock {
  const output = strided(input, channels, stride);
  const work = noWork();
  convolve(work, "otherMacs", channels * input[0] * kernel ** 2, input, output);
  activate(work, activation, output);
  const signature = `stem ${kernel}x${kernel}/${stride} ${input[0]}>${channels} ${activation} @${input[1]}`;
  return { kind: "stem", path: "stem", signature, input, output, work };
}

function stageBlock(path: string, input: MapShape, stage: Stage): NetworkBlock {
  const { block: kind, kernel, startKernel = null, stride, channels, activation } = stage;
  const [inChannels, side] = input;
  const work = noWork();
  let [output, squeezed] = [input, ""];
  const convolved = (macs: "pointwiseMacs" | "depthwiseMacs" | "otherMacs", weights: number, next: MapShape) => {
    convolve(work, macs, weights, output, next);
    output = next;
  };
  const activated = (curve: Activation | null) => activate(work, curve ?? "linear", output);
  blocks[kind].layers(
    {
      convolution: (_, out, kernel, stride, curve) => {
        const macs = kernel === 1 ? "pointwiseMacs" : "otherMacs";
        convolved(macs, output[0] * out * kernel ** 2, strided(output, out, stride));
        activated(curve);
      },
      depthwise: (_, kernel, stride, curve) => {
        convolved("depthwiseMacs", output[0] * kernel ** 2, strided(output, output[0], stride));
        activated(curve);
      },
      squeezeExcite: (spec, blockInput) => {
        squeezed = squeeze(work, spec, blockInput, output);
      },
    },
    stage,
    inChannels,
    stride,
  );
  const adds = addsInput(stage, inChannels, stride);
  if (adds) move(work, 3 * sizeOf(output));

  const hidden = blocks[kind].lacks.includes("expansion") ? "" : `${expandedWidth(inChannels, stage.expansion)}>`;
  const start = startKernel === null ? "" : `${startKernel}x${startKernel}-`;
  const signature = `${kind} ${start}${kernel}x${kernel}/${stride} ${inChannels}>${hidden}${channels}${adds ? " +" : ""}${squeezed} ${activation} @${side}`;
  return { kind, path, signature, input, output, work };
}

/** @returns its part of the signature. */
function squeeze(work: Work, spec: SqueezeExcite, blockInput: number, map: MapShape): string {
  const [wide] = map;
  const squeezed = squeezedWidth(spec, blockInput, wide);
  const [whole, few]: MapShape[] = [
    [wide, 1, 1],
    [squeezed, 1, 1],
  ];
  move(work, sizeOf(map) + wide);
  convolve(work, "otherMacs", wide * squeezed, whole!, few!);
  activate(work, spec.activation, few!);
  convolve(work, "otherMacs", squeezed * wide, few!, whole!);
  activate(work, spec.gate, whole!);
  move(work, 2 * sizeOf(map) + wide);
  return ` squeeze ${squeezed} ${spec.activation} ${spec.gate}`;
}

function headBlock(input: MapShape, { conv, activation }: Architecture["head"]): NetworkBlock {
  const [channels, side] = input;
  const wide: MapShape = [conv ?? channels, side, side];
  const output: MapShape = [wide[0], 1, 1];
  const work = noWork();
  if (conv !== null) {
    convolve(work, "pointwiseMacs", channels * conv, input, wide);
    activate(work, activation, wide);
  }
  move(work, sizeOf(wide) + sizeOf(output));
  const signature = `head ${conv === null ? `${channels}` : `${channels}>${conv} ${activation}`} @${side}`;
  return { kind: "head", path: "head", signature, input, output, work };
}

/** A fully connected layer, on what the pool left. */
function vectorBlock(
  kind: "hidden" | "classifier",
  path: string,
  input: MapShape,
  channels: number,
  activation: string,
): NetworkBlock {
  const output: MapShape = [channels, 1, 1];
  const work = noWork();
  convolve(work, "otherMacs", input[0] * channels, input, output);
  activate(work, activation, output);
  return { kind, path, signature: `${kind} ${input[0]}>${channels} ${activation}`, input, output, work };
}

type Work = { -readonly [Kind in keyof BlockWork]: number };

const noWork = (): Work => ({ pointwiseMacs: 0, depthwiseMacs: 0, otherMacs: 0, curves: 0, bytes: 0, kernels: 0 });

/** Every weight meets every place of the output once. */
function convolve(
  work: Work,
  kind: "pointwiseMacs" | "depthwiseMacs" | "otherMacs",
  weights: number,
  input: MapShape,
  output: MapShape,
): void {
  work[kind] += weights * output[1] * output[2];
  move(work, sizeOf(input) + weights + sizeOf(output));
}

/** Runtimes clamp inside the convolution; any other curve passes over the map once more. */
function activate(work: Work, activation: string, map: MapShape): void {
  if (activation === "linear" || activation === "relu" || activation === "relu6") return;
  const size = sizeOf(map);
  work.curves += size;
  move(work, 2 * size);
}

/** A kernel that reads and writes so many fp32 numbers. */
function move(work: Work, numbers: number): void {
  work.kernels += 1;
  work.bytes += 4 * numbers;
}

const sizeOf = ([channels, height, width]: MapShape) => channels * height * width;

const strided = ([, height, width]: MapShape, channels: number, stride: number): MapShape => [
  channels,
  Math.ceil(height / stride),
  Math.ceil(width / stride),
];
