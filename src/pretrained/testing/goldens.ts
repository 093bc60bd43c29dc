/** What `scripts/golden/pretrained.py` wrote down of other libraries' networks. */
import { readFileSync } from "node:fs";

export type Golden = {
  /** Ours. */
  readonly network: string;
  /** Theirs. */
  readonly model: string;
  /** How many, `num_batches_tracked` left out. */
  readonly tensors: number;
  /** The first 16 hexadecimal digits of the SHA-256 of the sorted lines `name [shape]`. */
  readonly digest: string;
  /** Of the image, px, where there are logits. */
  readonly side?: number;
  /** Of ten classes, with weights and image as in `formula.ts`. */
  readonly logits?: readonly number[];
  /** timm's default configuration. */
  readonly config?: {
    readonly input_size: readonly number[];
    readonly crop_pct: number;
    readonly crop_mode: string;
    readonly interpolation: string;
    readonly mean: readonly number[];
    readonly std: readonly number[];
  };
};

export const goldens = (library: "timm" | "torchvision" | "keras"): readonly Golden[] =>
  JSON.parse(readFileSync(new URL(`./${library}.json`, import.meta.url), "utf8"));

/** `name [shape]` of each tensor of a network of torchvision, sorted. */
export const lines = (model: string): readonly string[] =>
  readFileSync(new URL(`./${model}.txt`, import.meta.url), "utf8")
    .trim()
    .split("\n");
