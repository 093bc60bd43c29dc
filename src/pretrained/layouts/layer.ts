/** A network as a list of its layers: what a layout needs to know of each to say what others call it. */
import type { Architecture } from "../../networks/index.js";

/** Squeeze-excite has two layers, `reduce` and `restore`; the block's own are named as in the graph. */
export type Role =
  | "stem"
  | "expand"
  | "depthwise"
  | "reduce"
  | "restore"
  | "project"
  | "head"
  | "hidden"
  | "classifier";

/** Where a block stands. All numbers count from 0. */
export type BlockPlace = {
  /** Row of the architecture. */
  readonly stage: number;
  /** Within its row. */
  readonly repeat: number;
  /** Among all blocks. */
  readonly index: number;
  readonly separable: boolean;
  readonly expands: boolean;
  readonly squeezes: boolean;
};

export type Layer = {
  readonly role: Role;
  /** Begins the names of its parameters in the graph: `stages.2.1.expand`. */
  readonly path: string;
  /** Convolution and batch norm; false: a convolution with bias alone. */
  readonly normed: boolean;
  /** null outside the blocks. */
  readonly block: BlockPlace | null;
};

/** From stem to classifier, in running order. */
export function layersOf({ stages, head }: Architecture): Layer[] {
  const layers: Layer[] = [{ role: "stem", path: "stem", normed: true, block: null }];
  let index = 0;
  for (const [stage, row] of stages.entries()) {
    for (let repeat = 0; repeat < row.repeats; repeat++) {
      const separable = row.block === "separable";
      const squeezes = row.squeezeExcite !== null;
      const block = { stage, repeat, index: index++, separable, expands: row.expansion !== 1, squeezes };
      layers.push(...blockLayers(`stages.${stage}.${repeat}`, block));
    }
  }
  if (head.conv !== null) layers.push({ role: "head", path: "head", normed: true, block: null });
  if (head.hidden !== null) layers.push({ role: "hidden", path: "head.hidden", normed: false, block: null });
  return [...layers, { role: "classifier", path: "classifier", normed: false, block: null }];
}

function blockLayers(path: string, block: BlockPlace): Layer[] {
  const normed = (role: Role, name: string) => [{ role, path: `${path}.${name}`, normed: true, block }];
  const biased = (role: Role, name: string) => [{ role, path: `${path}.${name}`, normed: false, block }];
  return [
    ...(block.expands ? normed("expand", "expand") : []),
    ...normed("depthwise", "depthwise"),
    ...(block.squeezes ? [...biased("reduce", "squeeze.reduce"), ...biased("restore", "squeeze.expand")] : []),
    ...normed("project", block.separable ? "pointwise" : "project"),
  ];
}

/** The network's name without the prefix that chooses its dialect. */
export function bareName({ name }: Architecture): string {
  return name.replace(/^(tf|torch|timm)-/, "");
}
