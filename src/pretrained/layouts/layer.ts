/** A network as a list of its layers: what a layout needs to know of each to say what others call it. */
import { type Architecture, blocks, type LayerName, type LayerReader, type Stage } from "../../networks/index.js";

/** Squeeze-excite has two layers, `reduce` and `restore`; the block's own are named as in the graph. */
export type BlockRole = LayerName | "reduce" | "restore";
export type Role = "stem" | BlockRole | "head" | "hidden" | "classifier";

/** Where a layer's block stands, and the layer in it. All numbers count from 0. */
export type BlockPlace = {
  readonly block: Stage["block"];
  /** Row of the architecture. */
  readonly stage: number;
  /** Within its row. */
  readonly repeat: number;
  /** Among all blocks. */
  readonly index: number;
  readonly expands: boolean;
  /** Of the layer in its block, where the two of a squeeze-excite share one. */
  readonly place: number;
};

export type Layer = {
  readonly role: Role;
  /** Begins the names of its parameters in the graph: `stages.2.1.expand`. */
  readonly path: string;
  /** Convolution and batch norm; false: a convolution with bias alone. */
  readonly normed: boolean;
  /** One filter for each channel. */
  readonly depthwise: boolean;
  /** null outside the blocks. */
  readonly block: BlockPlace | null;
};

/** From stem to classifier, in running order. */
export function layersOf({ stages, head }: Architecture): Layer[] {
  const layers = [outside("stem", "stem", true)];
  let index = 0;
  for (const [stage, row] of stages.entries()) {
    for (let repeat = 0; repeat < row.repeats; repeat++) {
      layers.push(
        ...blockLayers(row, { block: row.block, stage, repeat, index: index++, expands: row.expansion !== 1 }),
      );
    }
  }
  if (head.conv !== null) layers.push(outside("head", "head", true));
  if (head.hidden !== null) layers.push(outside("hidden", "head.hidden", head.hiddenNorm === true));
  return [...layers, outside("classifier", "classifier", false)];
}

const outside = (role: Role, path: string, normed: boolean): Layer => ({
  role,
  path,
  normed,
  depthwise: false,
  block: null,
});

function blockLayers(row: Stage, block: Omit<BlockPlace, "place">): Layer[] {
  const layers: Layer[] = [];
  const path = `stages.${block.stage}.${block.repeat}`;
  let place = 0;
  const add = (role: Role, name: string, normed: boolean, depthwise: boolean) =>
    layers.push({ role, path: `${path}.${name}`, normed, depthwise, block: { ...block, place } });
  const reader: LayerReader = {
    convolution: (name) => {
      add(name, name, true, false);
      place++;
    },
    depthwise: (name) => {
      add(name, name, true, true);
      place++;
    },
    squeezeExcite: () => {
      add("reduce", "squeeze.reduce", false, false);
      add("restore", "squeeze.expand", false, false);
      place++;
    },
  };
  // Names depend on no width: any will do for what the block reads.
  blocks[row.block].layers(reader, row, row.channels, 1);
  return layers;
}

/** The network's name without the prefix that chooses its dialect. */
export function bareName({ name }: Architecture): string {
  return name.replace(/^(tf|torch|timm)-/, "");
}
