/** What the model in a file has seen. */
import { access } from "node:fs/promises";
import type { SeenPictures } from "../data/index.js";
import { loadModel } from "./model.js";

/**
 * A deployed file does not tell; the model.safetensors that it was made from does, where it lies beside it.
 *
 * @returns undefined where nobody knows. @throws as `loadModel`.
 */
export async function seenBy(path: string): Promise<SeenPictures | undefined> {
  const file = path.replace(/\.onnx$/i, ".safetensors");
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  return isThere ? (await loadModel(file)).seen : undefined;
}
