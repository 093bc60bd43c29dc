/** Weights of a search's trials on disk, for the trials that begin with them. */
import { join } from "node:path";
import { ensureWritableFolder, readIfThere, writeFileAtomic } from "../../base/files.js";
import { decodeSealed, encodeSealed, finiteFloat32 } from "../../weights/index.js";

export interface TrialWeights {
  /** When it returns, they are on the disk. */
  save(id: number, tensors: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** null where they are not there any more. @throws {FileError} when they cannot be read. @throws {ModelError} when the file is damaged. */
  load(id: number): Promise<Map<string, Float32Array> | null>;
}

export async function openTrialWeights(folder: string): Promise<TrialWeights> {
  await ensureWritableFolder(folder);
  const file = (id: number) => join(folder, `trial-${id}.safetensors`);
  return {
    async save(id, tensors) {
      const vectors = [...tensors].map(([name, data]) => [name, { dtype: "F32", shape: [data.length], data }] as const);
      await writeFileAtomic(file(id), encodeSealed(new Map(vectors), { trial: String(id) }));
    },
    async load(id) {
      const bytes = await readIfThere(file(id));
      if (bytes === null) return null;
      const { tensors } = decodeSealed(bytes, file(id));
      return new Map([...tensors].map(([name, tensor]) => [name, finiteFloat32(tensor, `${file(id)}: ${name}`)]));
    },
  };
}
