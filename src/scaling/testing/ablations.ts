/**
 * Published results that tell the dimensions apart: what one alone brings, and all three together. `publishedResults` of the
 * networks holds the networks themselves; in these rows, networks were changed in ways that have no name.
 */
import { type Shape, shapeOf } from "../network-shape.js";

export type Ablation = {
  readonly network: string;
  /** e.g. `width × 2`. */
  readonly label: string;
  readonly shape: Shape;
  /** On ImageNet; a fraction. */
  readonly top1: number;
  /** Rows of one source were trained alike. */
  readonly source: string;
};

type Row = readonly [label: string, depth: number, width: number, resolution: number, top1: number];

function rowsOf(network: string, source: string, rows: readonly Row[]): Ablation[] {
  return rows.map(([label, depth, width, resolution, top1]) => {
    const shape = shapeOf(network, { depth, width, resolution });
    return { network, label, shape, top1, source };
  });
}

const table3 = "arXiv:1905.11946, table 3";
const table7 = "arXiv:1905.11946, table 7";

/** The grown networks of one source have nearly the same number of operations. */
export const ablations: readonly Ablation[] = [
  // 288 px give the printed 2.3 B more nearly than 1.3 times 224.
  ...rowsOf("mobilenet-v1", table3, [
    ["baseline", 1, 1, 224, 0.706],
    ["width × 2", 1, 2, 224, 0.742],
    ["resolution × 2", 1, 1, 448, 0.727],
    ["depth × 1.4, width × 1.2, resolution × 1.29", 1.4, 1.2, 288, 0.756],
  ]),
  // The coefficients of the last row are not printed. With those of table 7 it has 1.4 B where 1.3 B are printed.
  ...rowsOf("mobilenet-v2", table3, [
    ["baseline", 1, 1, 224, 0.72],
    ["depth × 4", 4, 1, 224, 0.768],
    ["width × 2", 1, 2, 224, 0.764],
    ["resolution × 2", 1, 1, 448, 0.748],
    ["depth × 1.4, width × 1.2, resolution × 1.3", 1.4, 1.2, 291, 0.774],
  ]),
  ...rowsOf("efficientnet-b0", table7, [
    ["baseline", 1, 1, 224, 0.773],
    ["depth × 4", 4, 1, 224, 0.79],
    ["width × 2", 1, 2, 224, 0.789],
    ["resolution × 2", 1, 1, 448, 0.791],
    ["depth × 1.4, width × 1.2, resolution × 1.3", 1.4, 1.2, 291, 0.811],
  ]),
  // Five of the thirteen blocks taken out: the one published network here that is shallower than its baseline.
  {
    network: "mobilenet-v1",
    label: "five blocks fewer",
    shape: { depth: 8 / 13, width: 1, resolution: 1 },
    top1: 0.653,
    source: "arXiv:1704.04861, tables 6 and 7",
  },
];
