/** Weights of a search's trials on disk, for the trials that begin with them. */
import { join } from "node:path";
import { ensureWritableFolder, readIfThere, writeFileAtomic } from "../../base/files.js";
import { ModelError } from "../../base/index.js";
import type { Trial } from "../../search/index.js";
import type { TrainedNetwork } from "../../training/index.js";
import { decodeSealed, encodeSealed, finiteFloat32 } from "../../weights/index.js";

export interface TrialWeights {
  readonly folder: string;
  /** When it returns, they are on the disk. */
  save(id: number, tensors: ReadonlyMap<string, Float32Array>): Promise<void>;
  /** null where they are not there any more. @throws {FileError} when they cannot be read. @throws {ModelError} when the file is damaged. */
  load(id: number): Promise<Map<string, Float32Array> | null>;
}

export async function openTrialWeights(folder: string): Promise<TrialWeights> {
  await ensureWritableFolder(folder);
  const file = (id: number) => join(folder, `trial-${id}.safetensors`);
  return {
    folder,
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

/**
 * The trained network of a trial, whose weights another begins with.
 *
 * @param warn told why there is none, where that is not because the trial failed.
 * @throws {FileError} when they cannot be read.
 */
export async function networkOf(
  { id, sameAs, state, architecture }: Trial,
  weights: TrialWeights,
  warn: (text: string) => void,
): Promise<TrainedNetwork | undefined> {
  if (state === "failed") return undefined;
  const tensors = await weights.load(sameAs ?? id).catch((error: unknown) => {
    if (error instanceof ModelError) return error;
    throw error;
  });
  if (tensors instanceof Map) return { architecture, tensors };
  const gone = `the weights of trial ${(sameAs ?? id) + 1} are gone from ${weights.folder}`;
  warn(`${tensors?.message.split("\n")[0] ?? gone}: what comes from it begins anew`);
  return undefined;
}
