/** How many images an engine's blocked convolutions take side by side. */
import { lastly } from "../base/index.js";
import { image, plain } from "../ir/index.js";
import { lower } from "../onnx/index.js";
import { createBuilder, plainKernels } from "../ops/index.js";
import type { Engine } from "./engine.js";

/** Blocks of ONNX Runtime's `com.microsoft.nchwc` kernels: with AVX-512, and with AVX or less. */
const BLOCKS = [16, 8] as const;

const SIDE = 3;

/**
 * The widest block with which a small convolution comes out as without; 1 where there is none. ONNX Runtime does not tell its
 * block: it depends on the processor, and other builds have no such kernels.
 */
export async function lanesOf(load: Engine["load"]): Promise<number> {
  const expected = await convolved(load, 1);
  for (const lanes of BLOCKS) {
    const received = await convolved(load, lanes).catch(() => null);
    if (received?.every((value, i) => value === expected[i])) return lanes;
  }
  return 1;
}

/** Whole numbers, so that no order of summing shows. */
async function convolved(load: Engine["load"], lanes: number): Promise<Float32Array> {
  const batch = BLOCKS[0];
  const g = createBuilder();
  const x = g.input("x", image(batch, 1, SIDE, SIDE));
  const w = g.input("w", plain(1, 1, SIDE, SIDE));
  g.output(g.one("depthwiseConv2d", [x, w], { stride: 1, padding: [1, 1, 1, 1] }), "y");
  const session = await load(
    lower(g.build(), { name: "lanes", layout: "channel-major", kernels: { ...plainKernels, lanes } }),
  );
  return lastly(
    async () => {
      const upTo = (count: number) => Float32Array.from({ length: count }, (_, i) => i);
      const feeds = {
        x: { data: upTo(batch * SIDE ** 2), dims: [1, batch, SIDE, SIDE] },
        w: { data: upTo(SIDE ** 2), dims: [1, 1, SIDE, SIDE] },
      };
      return (await session.run(feeds)).y!.data as Float32Array;
    },
    () => session.dispose(),
  );
}
