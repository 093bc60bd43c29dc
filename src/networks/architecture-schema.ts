/** An architecture as files have it. */
import { z } from "zod";
import { findingsOf, ModelError } from "../base/index.js";
import type { Architecture } from "./architecture.js";
import { absent } from "./blocks/block-record.js";
import { blockNames, blocks } from "./blocks/blocks.js";
import { requireFewBlocks } from "./bounds.js";

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
    block: z.literal(blockNames),
    kernel: z.literal([1, 3, 5, 7]),
    startKernel: kernel.nullable().exactOptional(),
    stride,
    channels: width,
    repeats: z.int().min(1).max(256),
    expansion: z.number().positive().max(64),
    squeezeExcite: squeezeExcite.nullable(),
    activation,
    residual: z.boolean(),
  })
  .superRefine((row, context) => {
    const { lacks, pointwise } = blocks[row.block];
    if (row.kernel === 1 && !pointwise) {
      context.addIssue({ code: "custom", path: ["kernel"], message: `expected 3, 5 or 7 in ${named(row.block)}` });
    }
    for (const field of lacks) {
      if (row[field] === undefined || row[field] === absent[field]) continue;
      const message = `expected ${field === "startKernel" ? "none" : absent[field]} in ${named(row.block)}`;
      context.addIssue({ code: "custom", path: [field], message });
    }
  });

const named = (block: string) => `${/^[aeio]/.test(block) ? "an" : "a"} ${block} block`;

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
  head: z.strictObject({
    conv: width.nullable(),
    hidden: width.nullable(),
    hiddenNorm: z.boolean().exactOptional(),
    activation,
  }),
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
  if (result.success) {
    requireFewBlocks({ ...result.data, name: at });
    return result.data;
  }
  const wrong = findingsOf(result.error);
  throw new ModelError({
    at,
    expected: "an architecture",
    received: `${wrong.length === 1 ? "a wrong field" : `${wrong.length} wrong fields`}\n  ${wrong.join("\n  ")}`,
  });
}
