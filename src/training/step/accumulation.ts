/**
 * An update's batch in parts, so that a step needs the memory of one: each part adds its gradient and its statistics to what the parts
 * before it came to, then one update follows. To the loop it is a session like any other, fed with the whole batch.
 */
import { UsageError } from "../../base/index.js";
import { lower } from "../../onnx/index.js";
import type { DeviceTensor, Engine, KeepingSession, Tensor } from "../../runtime/index.js";
import type { Recipe } from "../recipe/recipe.js";
import { release, vector } from "./flat.js";
import { names, type StateLayout } from "./state-layout.js";
import { buildUpdate, hasStatistics } from "./update.js";

/** Images in a part. @throws {UsageError} when the batch does not come apart so. */
export function partSize({ batchSize, accumulate }: Pick<Recipe, "batchSize" | "accumulate">): number {
  if (batchSize % accumulate === 0) return batchSize / accumulate;
  const parts = Array.from({ length: batchSize }, (_, i) => i + 1).filter((n) => batchSize % n === 0);
  throw new UsageError({
    at: "accumulate",
    expected: `as many parts as a batch of ${batchSize} has of one size`,
    received: String(accumulate),
    hint: `one of ${parts.length > 10 ? `${parts.slice(0, 9).join(", ")}, …` : parts.join(", ")}`,
  });
}

/**
 * A step as one session, whether its batch goes through the network whole or in parts.
 *
 * Loss and gradient are means over all images, as of a whole batch. Batch norm is not: each part is normalized by its own mean and
 * variance, and the running statistics take the means of these.
 *
 * @param model of the graph that `buildTrainingStep` makes. @param setup.kept the outputs that stay on the device.
 */
export async function loadStep(
  model: Uint8Array,
  setup: {
    readonly engine: Engine;
    readonly recipe: Recipe;
    readonly layout: StateLayout;
    readonly kept: readonly string[];
  },
): Promise<KeepingSession> {
  const { engine, recipe, layout, kept } = setup;
  if (recipe.accumulate === 1) return engine.loadKeeping(model, kept);
  const none = {
    [names.gradient]: vector(new Float32Array(layout.weights.size)),
    ...(hasStatistics(layout) && { [names.statistics]: vector(new Float32Array(layout.buffers.size)) }),
  };
  const part = await engine.loadKeeping(model, Object.keys(none).map(names.next));
  const options = { name: "update", layout: "channel-major", kernels: engine.kernels } as const;
  const update = await engine.loadKeeping(lower(buildUpdate(recipe, layout), options), kept);
  return inParts({ part, update }, recipe.accumulate, none);
}

/** @param none what the parts add to. */
function inParts(
  { part, update }: { readonly part: KeepingSession; readonly update: KeepingSession },
  parts: number,
  none: Readonly<Record<string, DeviceTensor>>,
): KeepingSession {
  return {
    async run(feeds) {
      const entries = Object.entries(feeds);
      const ofBatch = entries.filter((entry): entry is [string, Tensor] => isOfBatch(...entry));
      const ofState = entries.filter((entry) => !isOfBatch(...entry));
      const weights = { [names.weights]: feeds[names.weights]! };
      let sums = none;
      const logits: Float32Array[] = [];
      let loss = 0;
      for (let i = 0; i < parts; i++) {
        const own = ofBatch.map(([name, tensor]) => [name, partOf(tensor, name === names.targets ? 0 : 1, i, parts)]);
        const { outputs, kept } = await part.run({ ...Object.fromEntries(own), ...weights, ...sums });
        if (i > 0) release(Object.values(sums));
        sums = Object.fromEntries(Object.keys(none).map((name) => [name, kept[names.next(name)]!]));
        loss += outputs[names.loss]!.data[0]! / parts;
        logits.push(outputs[names.logits]!.data as Float32Array);
      }
      const { outputs, kept } = await update.run({ ...Object.fromEntries(ofState), ...sums });
      release(Object.values(sums));
      const [rows, classes] = feeds[names.targets]!.dims as [number, number];
      return {
        kept,
        outputs: {
          ...outputs,
          [names.loss]: { data: Float32Array.of(loss), dims: [] },
          [names.logits]: { data: joined(logits, rows * classes), dims: [rows, classes] },
        },
      };
    },
    async dispose() {
      await part.dispose();
      await update.dispose();
    },
  };
}

/** Images and noise are `[C, N, H, W]`, channel-major; targets `[N, K]`. All else is state. */
const isOfBatch = (name: string, { dims }: Tensor | DeviceTensor) => name === names.targets || dims.length === 4;

/** Part `i` along an axis, in rows that lie together. */
function partOf({ data, dims }: Tensor, axis: 0 | 1, i: number, parts: number): Tensor {
  const outer = axis === 0 ? 1 : dims[0]!;
  const length = data.length / outer / parts;
  const own = new Float32Array(outer * length);
  for (let row = 0; row < outer; row++) {
    const start = (row * parts + i) * length;
    own.set(data.subarray(start, start + length), row * length);
  }
  return { data: own, dims: dims.map((extent, at) => (at === axis ? extent / parts : extent)) };
}

function joined(pieces: readonly Float32Array[], length: number): Float32Array {
  const all = new Float32Array(length);
  pieces.forEach((piece, i) => {
    all.set(piece, i * piece.length);
  });
  return all;
}
