/**
 * A network as plain data, in the papers' order and words. A published table, a candidate of the search, a scaled network
 * and a checkpoint all hold this one type; graphs, costs, reports and files are made from it.
 */
import { z } from "zod";
import { ModelError } from "../base/index.js";

export type Activation = "relu" | "relu6" | "hardSwish" | "silu";

/** Global average → 1×1 convolution → `activation` → 1×1 convolution → `gate`; the result scales the channels. */
export type SqueezeExcite = {
  /** Width of the squeezed vector ÷ width of what `of` names. */
  readonly ratio: number;
  /** EfficientNet squeezes relative to the block's input, MobileNetV3 relative to its expanded width. */
  readonly of: "input" | "expanded";
  /** MobileNetV3 makes the squeezed width divisible by 8; 1 means EfficientNet's `max(1, ⌊width⌋)`. */
  readonly divisor: number;
  readonly activation: Activation;
  readonly gate: "sigmoid" | "hardSigmoid";
};

/** One row of a paper's table. */
export type Stage = {
  /** `separable`: depthwise, then pointwise, no residual (MobileNet v1). `invertedResidual`: MobileNet v2's MBConv. */
  readonly block: "separable" | "invertedResidual";
  readonly kernel: 3 | 5 | 7;
  /** Of the first block; its repeats have stride 1. */
  readonly stride: 1 | 2;
  /** Output channels. */
  readonly channels: number;
  readonly repeats: number;
  /** Hidden ÷ input channels, real; the product is made divisible by 8. 1 omits the expansion. Separable blocks: 1. */
  readonly expansion: number;
  /** Separable blocks: null. */
  readonly squeezeExcite: SqueezeExcite | null;
  readonly activation: Activation;
  /** Whether a block that keeps its input's shape adds it to its output. Separable blocks: false. */
  readonly residual: boolean;
};

export type Architecture = {
  readonly name: string;
  readonly classes: number;
  /** Of the input image. */
  readonly channels: 1 | 3;
  /** Height and width of the input image, in pixels. */
  readonly resolution: number;
  /** `same`: TensorFlow's, the odd pixel at the end. `symmetric`: (kernel − 1) / 2 on each side, as in torchvision. */
  readonly padding: "same" | "symmetric";
  /** Batch norm; `momentum` is the share of the old statistic kept. */
  readonly norm: { readonly epsilon: number; readonly momentum: number };
  readonly stem: {
    readonly channels: number;
    readonly kernel: 3 | 5 | 7;
    readonly stride: 1 | 2;
    readonly activation: Activation;
  };
  readonly stages: readonly Stage[];
  readonly head: {
    /** Channels of a 1×1 convolution with batch norm before the pool. */
    readonly conv: number | null;
    /** Channels of a 1×1 convolution with bias, without batch norm, after the pool (MobileNetV3). */
    readonly hidden: number | null;
    readonly activation: Activation;
  };
  /** Rate on the vector that enters the classifier. */
  readonly dropout: number;
  /** Stochastic depth: of N blocks, block i (from 0) loses its residual branch with rate `dropPath · i / N`. */
  readonly dropPath: number;
};

// The upper limits keep a damaged or hostile file from asking for more memory than there is.
const width = z.int().min(1).max(65_536);
const rate = z.number().min(0).lt(1);
const kernel = z.literal([3, 5, 7]);
const stride = z.literal([1, 2]);
const activation = z.literal(["relu", "relu6", "hardSwish", "silu"]);

const squeezeExcite = z.strictObject({
  ratio: z.number().positive().max(1),
  of: z.literal(["input", "expanded"]),
  divisor: z.int().min(1).max(64),
  activation,
  gate: z.literal(["sigmoid", "hardSigmoid"]),
});

const stage = z
  .strictObject({
    block: z.literal(["separable", "invertedResidual"]),
    kernel,
    stride,
    channels: width,
    repeats: z.int().min(1).max(256),
    expansion: z.number().positive().max(64),
    squeezeExcite: squeezeExcite.nullable(),
    activation,
    residual: z.boolean(),
  })
  .superRefine((row, context) => {
    if (row.block !== "separable") return;
    const refuse = (path: string, message: string) => context.addIssue({ code: "custom", path: [path], message });
    if (row.expansion !== 1) refuse("expansion", "expected 1 in a separable block");
    if (row.squeezeExcite !== null) refuse("squeezeExcite", "expected null in a separable block");
    if (row.residual) refuse("residual", "expected false in a separable block");
  });

/** As a file has it. */
export const architectureSchema: z.ZodType<Architecture> = z.strictObject({
  name: z.string().min(1).max(200),
  classes: z.int().min(2).max(1_000_000),
  channels: z.literal([1, 3]),
  resolution: z.int().min(8).max(4096),
  padding: z.literal(["same", "symmetric"]),
  norm: z.strictObject({ epsilon: z.number().positive().max(1), momentum: rate }),
  stem: z.strictObject({ channels: width, kernel, stride, activation }),
  stages: z.array(stage).min(1).max(256),
  head: z.strictObject({ conv: width.nullable(), hidden: width.nullable(), activation }),
  dropout: rate,
  dropPath: rate,
});

/**
 * An architecture out of a file.
 *
 * @param at where it came from, for the message.
 * @throws {ModelError} that lists every wrong, missing and unknown field with its path.
 */
export function parseArchitecture(json: unknown, at: string): Architecture {
  const result = architectureSchema.safeParse(json);
  if (result.success) return result.data;
  const wrong = result.error.issues.flatMap(describe);
  throw new ModelError({
    at,
    expected: "an architecture",
    received: `${wrong.length === 1 ? "a wrong field" : `${wrong.length} wrong fields`}\n  ${wrong.join("\n  ")}`,
  });
}

function describe(issue: z.core.$ZodIssue): string[] {
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => `${pathOf([...issue.path, key])}: unknown field`);
  const message = issue.message.replace(/^Invalid (input|option): /, "").replace("undefined", "nothing");
  return [`${pathOf(issue.path)}: ${message}`];
}

const pathOf = (path: readonly PropertyKey[]) => (path.length === 0 ? "(the whole)" : path.map(String).join("."));
