/** A table of measured blocks as `bantam bench --table` writes it, of a machine on which time goes with work and kernels alone. */
import { writeFile } from "node:fs/promises";
import type { LatencyConfiguration } from "../src/cost/index.js";
import { blocksOf, buildArchitecture } from "../src/networks/index.js";

export async function writeLatencyTable(file: string): Promise<LatencyConfiguration> {
  const timing = (medianMs: number) => ({ medianMs, lowerMs: medianMs, upperMs: medianMs, minMs: medianMs, runs: 9 });
  const different = new Map(blocksOf(buildArchitecture("mobilenet-v3-small")).map((block) => [block.signature, block]));
  const blocks = [...different.values()].map(({ signature, work }) => ({
    signature,
    work,
    timing: timing(0.1 + 1e-7 * (work.pointwiseMacs + work.depthwiseMacs + work.otherMacs) + 0.01 * work.kernels),
  }));
  const configuration: LatencyConfiguration = {
    provider: "cpu",
    threads: 1,
    batch: 1,
    runtime: "an engine",
    overhead: timing(0.1),
    blocks,
    networks: [],
  };
  const machine = { cpu: "a processor", cores: 2, platform: "linux x64" };
  const table = { format: "bantam-latency", version: 1, date: "2026-01-31T00:00:00Z", machine };
  await writeFile(file, JSON.stringify({ ...table, configurations: [configuration] }));
  return configuration;
}
