/** A file of measured blocks, as `bantam bench --table` writes it, made ready to predict with. */
import { readFile } from "node:fs/promises";
import { toFileError } from "../../base/files.js";
import { UsageError } from "../../base/index.js";
import { type LatencyModel, latencyModel, type Machine, type Provider, parseLatencyTable } from "../../cost/index.js";

export type MeasuredOn = {
  readonly machine: Machine;
  /** e.g. `onnxruntime-node 1.30.0, CPU`. */
  readonly runtime: string;
  readonly threads: number;
};

/**
 * For one image at a time.
 *
 * @throws {FileError} when the file cannot be read, {ModelError} when it is no such table or holds no block,
 *   {UsageError} when nothing was measured on that device with so many threads.
 */
export async function readLatencyModel(
  file: string,
  { device, threads }: { readonly device: Provider; readonly threads: number },
): Promise<{ readonly model: LatencyModel; readonly measuredOn: MeasuredOn }> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    throw toFileError(error, file, "read");
  });
  const { machine, configurations } = parseLatencyTable(parsedOrNothing(text), file);
  const found = configurations.find((each) => each.provider === device && each.threads === threads && each.batch === 1);
  if (found === undefined) {
    const there = configurations.map((each) => `${each.provider}, ${each.threads} threads, batch ${each.batch}`);
    throw new UsageError({
      at: file,
      expected: `measurements of ${device}, ${threads} threads, batch 1`,
      received: there.join("; ") || "none",
      hint: "choose with --device and --threads, or measure them with `bantam bench --table`",
    });
  }
  return { model: latencyModel(found), measuredOn: { machine, runtime: found.runtime, threads } };
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
