/** From what people type to a file on this disk, and what lies beside it. */
import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { toFileError } from "../base/files.js";
import { formatBytes, lastly, ModelError, NetworkError } from "../base/index.js";
import { refuseByContent, refuseByName } from "./formats.js";
import { downloadFromHub } from "./hub.js";
import { formatHubReference, parseHubReference } from "./hub-reference.js";

/** What loading tells whoever watches. */
export type LoadProgress = {
  phase(name: string, text?: string): void;
  update(status: { readonly text: string; readonly fraction?: number }): void;
  /** A line that stays. */
  line(text: string): void;
};

export type LoadContext = {
  /** Of the Hub's variables HF_ENDPOINT, HF_TOKEN, HF_HOME, HF_HUB_OFFLINE and others; by default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: LoadProgress | undefined;
};

export type Source = {
  /** As people know it. */
  readonly at: string;
  readonly file: string;
  readonly config: { readonly text: string; readonly at: string } | null;
};

const usualFile = "model.safetensors";

/**
 * @param weights `hf:owner/name[@revision][:file]`, a file, or a folder laid out like a repository of the Hub. Of the first and
 *   the last, config.json is read too.
 * @throws {ModelError} when the file is of a format that is not read. @throws {FileError} @throws {NetworkError}
 */
export async function locate(weights: string, context: LoadContext): Promise<Source> {
  const source = weights.startsWith("hf:") ? await fromHub(weights, context) : await fromDisk(weights);
  refuseByContent(await firstBytes(source.file), source.at);
  return source;
}

async function fromHub(text: string, context: LoadContext): Promise<Source> {
  const reference = parseHubReference(text);
  const weights = { ...reference, file: reference.file ?? usualFile };
  const at = formatHubReference(weights);
  refuseByName(weights.file, at);
  const { env, signal, progress } = context;
  progress?.phase("download", at);
  const config = { ...reference, file: "config.json" };
  const warn = (line: string) => progress?.line(line);
  const configPath = await downloadFromHub(config, { env, signal, warn }).catch(nullWhereMissing);
  const file = await downloadFromHub(weights, {
    env,
    signal,
    warn,
    onProgress: ({ receivedBytes, totalBytes }) =>
      progress?.update({
        text: `${formatBytes(receivedBytes)} of ${formatBytes(totalBytes)}`,
        fraction: totalBytes === 0 ? 1 : receivedBytes / totalBytes,
      }),
  });
  return { at, file, config: configPath === null ? null : await readConfig(configPath, formatHubReference(config)) };
}

/** A repository need not have a config.json; and where the Hub is not to be asked, the cache may have the weights alone. */
function nullWhereMissing(error: unknown): null {
  if (error instanceof NetworkError && /^none\b/.test(error.facts.received)) return null;
  throw error;
}

async function fromDisk(path: string): Promise<Source> {
  const status = await stat(path).catch((error: unknown) => {
    throw toFileError(error, path, "read");
  });
  if (!status.isDirectory()) {
    refuseByName(path, path);
    return { at: path, file: path, config: null };
  }
  const files = await readdir(path);
  const candidates = files.filter((file) => file.endsWith(".safetensors"));
  const chosen = candidates.includes(usualFile) ? usualFile : candidates.length === 1 ? candidates[0]! : null;
  if (chosen === null) {
    for (const file of files) refuseByName(file, join(path, file));
    const received = candidates.length === 0 ? "none" : candidates.slice(0, 5).join(", ");
    throw new ModelError({ at: path, expected: `${usualFile} or a single .safetensors file`, received });
  }
  const file = join(path, chosen);
  const config = files.includes("config.json") ? await readConfig(join(path, "config.json")) : null;
  return { at: file, file, config };
}

async function readConfig(path: string, at = path): Promise<{ text: string; at: string }> {
  try {
    return { text: await readFile(path, "utf8"), at };
  } catch (error) {
    throw toFileError(error, path, "read");
  }
}

async function firstBytes(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path);
    const { buffer, bytesRead } = await lastly(
      () => file.read(new Uint8Array(16), 0, 16, 0),
      () => file.close(),
    );
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    throw toFileError(error, path, "read");
  }
}
