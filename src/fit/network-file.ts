/** A network of one's own: the layers of a trained model, or an architecture as JSON. */
import { readFile } from "node:fs/promises";
import { toFileError } from "../base/files.js";
import { ModelError } from "../base/index.js";
import { type Architecture, parseArchitecture } from "../networks/index.js";
import { loadModel } from "../shipping/index.js";

/** Whether a word means a file, and not the name of a published network. */
export const isNetworkFile = (word: string): boolean => /\.(safetensors|json)$/i.test(word);

/** @throws {FileError} when it cannot be read. @throws {ModelError} when it holds no architecture, with every wrong field. */
export async function readNetworkFile(path: string): Promise<Architecture> {
  if (/\.safetensors$/i.test(path)) return (await loadModel(path)).architecture;
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw toFileError(error, path, "read");
  });
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new ModelError({ at: path, expected: "an architecture as JSON", received: "something else" }, { cause });
  }
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
