/** What a network costs, layer by layer and part by part. */
import { type GraphProfile, type LayerProfile, profileGraph } from "../cost/index.js";
import type { Activation, Architecture, Stage } from "./architecture.js";
import { blocks } from "./blocks/blocks.js";
import { buildNetwork, type NetworkPart } from "./build.js";

/** One row of the network as people draw it: a stem, a stage, a head. */
export type StageProfile = {
  readonly name: string;
  /** e.g. `inverted residual ×3`. */
  readonly block: string;
  readonly kernel: number;
  readonly stride: number;
  /** null where nothing is expanded by design. */
  readonly expansion: number | null;
  readonly squeezeExcite: boolean;
  /** `linear` for the classifier. */
  readonly activation: Activation | "linear";
  /** `[C, H, W]` of its last convolution. */
  readonly output: readonly [number, number, number];
  readonly params: number;
  readonly macs: number;
};

export type ArchitectureProfile = GraphProfile & {
  readonly network: string;
  readonly resolution: number;
  readonly classes: number;
  readonly stages: readonly StageProfile[];
};

/** The costs of one image, in the conventions of `GraphProfile`. No weights are made. */
export function profileArchitecture(architecture: Architecture): ArchitectureProfile {
  const { name, resolution, classes } = architecture;
  const { graph, stages } = buildNetwork(architecture, { batch: 1, mode: "inference" });
  const profile = profileGraph(graph);
  // The pool of a network without a head belongs to no part.
  const longestFirst = stages.toSorted((a, b) => b.path.length - a.path.length);
  const layersOf = new Map<NetworkPart, LayerProfile[]>(stages.map((part) => [part, []]));
  for (const layer of profile.layers) {
    const owner = longestFirst.find(({ path }) => layer.name === path || layer.name.startsWith(`${path}.`));
    if (owner !== undefined) layersOf.get(owner)!.push(layer);
  }
  return {
    network: name,
    resolution,
    classes,
    ...profile,
    stages: stages.map((part) => ({
      name: part.name,
      ...describe(part, architecture),
      ...sum(layersOf.get(part)!),
    })),
  };
}

function sum(layers: readonly LayerProfile[]) {
  const [, c, h, w] = layers.findLast(({ macs }) => macs > 0)!.output as [number, number, number, number];
  return {
    output: [c, h, w] as const,
    params: layers.reduce((total, { params }) => total + params, 0),
    macs: layers.reduce((total, { macs }) => total + macs, 0),
  };
}

type Description = Pick<StageProfile, "block" | "kernel" | "stride" | "expansion" | "squeezeExcite" | "activation">;

function describe({ path }: NetworkPart, { stem, stages, head }: Architecture): Description {
  const plain = { kernel: 1, stride: 1, expansion: null, squeezeExcite: false };
  if (path === "stem") {
    const { kernel, stride, activation } = stem;
    return { ...plain, block: "convolution", kernel, stride, activation };
  }
  if (path === "head") return { ...plain, block: "convolution", activation: head.activation };
  if (path === "head.hidden") return { ...plain, block: "fully connected", activation: head.activation };
  if (path === "classifier") return { ...plain, block: "fully connected", activation: "linear" };
  const stage = stages[Number(path.split(".")[1])]!;
  const { kernel, stride, activation } = stage;
  return {
    block: blockName(stage),
    kernel,
    stride,
    expansion: blocks[stage.block].lacks.includes("expansion") ? null : stage.expansion,
    squeezeExcite: stage.squeezeExcite !== null,
    activation,
  };
}

function blockName({ block, startKernel = null, repeats }: Stage): string {
  const start = startKernel === null ? "" : `, ${startKernel}×${startKernel} first`;
  return `${blocks[block].title}${start}${repeats === 1 ? "" : ` ×${repeats}`}`;
}
