/** Shared weights on disk, as safetensors. */
import { readIfThere, writeFileAtomic } from "../base/files.js";
import { ModelError } from "../base/index.js";
import { decodeSealed, encodeSealed } from "../weights/index.js";
import type { SupernetState } from "./supernet-setup.js";

const FORMAT = "bantam-supernet-2";

/** @param run identifies everything that the training depends on. */
export async function saveSupernet(path: string, { weights, velocity, epoch, compute }: SupernetState, run: string) {
  const vector = (data: Float32Array) => ({ dtype: "F32", shape: [data.length], data }) as const;
  const tensors = new Map([
    ["weights", vector(weights)],
    ["velocity", vector(velocity)],
  ]);
  const metadata = { format: FORMAT, run, epoch: String(epoch), compute: String(compute) };
  await writeFileAtomic(path, encodeSealed(tensors, metadata));
}

/** @returns nothing when there is no such file, or it is another run's. @throws {ModelError} when it is damaged. */
export async function loadSupernet(path: string, run: string): Promise<SupernetState | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === null) return undefined;
  const { tensors, metadata } = decodeSealed(bytes, path, (format) => format === "bantam-supernet-1");
  if (metadata.format !== FORMAT || metadata.run !== run) return undefined;
  const floats = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== "F32") throw new ModelError({ at: path, expected: `a tensor ${name}`, received: "none" });
    return tensor.data;
  };
  const [epoch, compute] = [Number(metadata.epoch), Number(metadata.compute)];
  return { weights: floats("weights"), velocity: floats("velocity"), epoch, compute };
}
