/** A file of measured blocks, as `bantam bench --table` writes it, made ready to predict with. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { toFileError } from "../../base/files.js";
import { UsageError } from "../../base/index.js";
import { latencyModel, type Machine, type Provider, parseLatencyTable, predictLatency } from "../../cost/index.js";
import { type Architecture, blocksOf } from "../../networks/index.js";

export type MeasuredOn = {
  readonly machine: Machine;
  /** e.g. `onnxruntime-node 1.30.0, CPU`. */
  readonly runtime: string;
  readonly threads: number;
};

/** What a table says of any network. */
export type Latency = {
  /** Milliseconds for one image. */
  readonly of: (architecture: Architecture) => number;
  readonly measuredOn: MeasuredOn;
  /** Of the measurements: another table's differs. */
  readonly fingerprint: string;
};

/**
 * For one image at a time.
 *
 * @throws {FileError} when the file cannot be read, {ModelError} when it is no such table or holds no block,
 *   {UsageError} when nothing was measured on that device with so many threads.
 */
export async function readLatency(
  file: string,
  { device, threads }: { readonly device: Provider; readonly threads: number },
): Promise<Latency> {
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
  const model = latencyModel(found);
  return {
    of: (architecture) => predictLatency(blocksOf(architecture), model).ms,
    measuredOn: { machine, runtime: found.runtime, threads },
    fingerprint: createHash("sha256").update(JSON.stringify(found)).digest("hex").slice(0, 16),
  };
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
