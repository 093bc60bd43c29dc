/** Vectors of a run on disk, as sealed safetensors. */
import { readIfThere, writeFileAtomic } from "../../base/files.js";
import { ModelError } from "../../base/index.js";
import { decodeSealed, encodeSealed, type Tensor } from "../../weights/index.js";

type VectorFile = {
  readonly names: readonly string[];
  /** @throws {ModelError} when there is none of that name. */
  readonly numbers: (name: string) => Float32Array;
  readonly metadata: Readonly<Record<string, string>>;
};

/** @param metadata also says the `format`, and the `run` that it belongs to. */
export async function saveVectors(
  path: string,
  vectors: ReadonlyMap<string, Float32Array>,
  metadata: Readonly<Record<string, string>>,
): Promise<void> {
  const tensorOf = (data: Float32Array): Tensor => ({ dtype: "F32", shape: [data.length], data });
  const tensors = new Map([...vectors].map(([name, data]) => [name, tensorOf(data)]));
  await writeFileAtomic(path, encodeSealed(tensors, metadata));
}

/**
 * @param isOlder whether a format is one of those before it, which had no seal.
 * @returns null when there is no such file, or it is of another format or run. @throws {ModelError} when the file is damaged.
 */
export async function loadVectors(
  at: string,
  { format, run, isOlder }: { format: string; run: string; isOlder: (format: string | undefined) => boolean },
): Promise<VectorFile | null> {
  const bytes = await readIfThere(at);
  if (bytes === null) return null;
  const { tensors, metadata } = decodeSealed(bytes, at, isOlder);
  if (metadata.format !== format || metadata.run !== run) return null;
  const numbers = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor?.dtype !== "F32") throw new ModelError({ at, expected: `a tensor ${name}`, received: "none" });
    return tensor.data;
  };
  return { names: [...tensors.keys()], numbers, metadata };
}
