/** A file of measured blocks, as `bantam bench --table` writes it, made ready to predict with. */
import { readTextFile } from "../../base/files.js";
import { ModelError, parseJson, sha256OfJson, UsageError } from "../../base/index.js";
import { latencyModel, type Machine, type Provider, parseLatencyTable, predictLatency } from "../../cost/index.js";
import type { LatencyPredictor } from "../../jobs/index.js";
import { isThisMachine, measureNetwork } from "../../latency/index.js";
import { type Architecture, blocksOf } from "../../networks/index.js";
import { refuse } from "./common-options.js";

type MeasuredOn = {
  readonly machine: Machine;
  /** e.g. `onnxruntime-node 1.30.0, CPU`. */
  readonly runtime: string;
  readonly threads: number;
};

export const latencyOptions = {
  "max-latency": { kind: "duration", min: 0, help: "time for one image, by --latency-table" },
  "latency-table": { kind: "path", help: "file of `bantam bench --table`" },
  "latency-device": { kind: "choice", of: ["cpu", "wasm"], help: "whose latency in there (by default the cpu's)" },
  "latency-threads": { kind: "integer", min: 1, max: 256, help: "with how many threads; by default 1" },
} as const;

type LatencyValues = {
  readonly latencyTable: string | undefined;
  readonly latencyDevice: Provider | undefined;
  readonly latencyThreads: number | undefined;
};

/**
 * By the table, where there is one.
 *
 * @param wanting options that need a latency, by their flags.
 * @throws {UsageError} when the table is missing, or would change nothing; else as `readLatency`.
 */
export async function latencyBy(
  { latencyTable, latencyDevice, latencyThreads }: LatencyValues,
  wanting: Readonly<Record<string, unknown>>,
): Promise<LatencyPredictor | undefined> {
  if (latencyTable === undefined) {
    const chosen = { "--latency-device": latencyDevice, "--latency-threads": latencyThreads };
    refuse({ ...wanting, ...chosen }, "--latency-table, a file of `bantam bench --table`,", "none");
    return undefined;
  }
  if (Object.values(wanting).every((value) => value === undefined))
    refuse({ "--latency-table": latencyTable }, Object.keys(wanting).join(" or "), "none");
  const [device, threads] = [latencyDevice ?? "cpu", latencyThreads ?? 1];
  const { of, measuredOn, fingerprint } = await readLatency(latencyTable, { device, threads });
  const { machine, runtime } = measuredOn;
  return {
    of,
    fingerprint,
    on: `${machine.cpu}, ${runtime}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    measure: isThisMachine(machine)
      ? async (architecture, signal) => {
          const setting = { provider: device, threads, batch: 1, ...(signal !== undefined && { signal }) };
          const { timing } = await measureNetwork(architecture, setting, { seconds: 1.5, leastRuns: 15 });
          return timing.medianMs;
        }
      : null,
  };
}

/** What a table says of any network. */
type Latency = {
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
  const json = parseJson(await readTextFile(file), file, "a latency table as JSON", (facts) => new ModelError(facts));
  const { machine, configurations } = parseLatencyTable(json, file);
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
    fingerprint: sha256OfJson(found).slice(0, 16),
  };
}
