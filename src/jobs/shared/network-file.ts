/** A network of one's own: the layers of a trained model, or an architecture as JSON. */

import { readTextFile } from "../../base/files.js";
import { ModelError, parseJson } from "../../base/index.js";
import { type Architecture, parseArchitecture } from "../../networks/index.js";
import { loadModel } from "../../shipping/index.js";

/** Whether a word means a file, and not the name of a published network. */
export const isNetworkFile = (word: string): boolean => /\.(safetensors|json|onnx)$/i.test(word);

/** @throws {FileError} when it cannot be read. @throws {ModelError} when it holds no architecture, with every wrong field. */
export async function readNetworkFile(path: string): Promise<Architecture> {
  if (!/\.json$/i.test(path)) return (await loadModel(path)).architecture;
  const text = await readTextFile(path);
  const json = parseJson(text, path, "an architecture as JSON", (facts) => new ModelError(facts));
  if (isStudy(json)) {
    const hint = "`bantam study export PLACE NAME --trial N --out FILE.json` writes the network of one";
    const received = `a study of ${json.trials.length} trials`;
    throw new ModelError({ at: path, expected: "one network as JSON", received, hint });
  }
  return parseArchitecture(json, path);
}

/** As `bantam study export --format json` writes it. */
const isStudy = (json: unknown): json is { readonly trials: readonly unknown[] } =>
  typeof json === "object" && json !== null && "study" in json && "trials" in json && Array.isArray(json.trials);
