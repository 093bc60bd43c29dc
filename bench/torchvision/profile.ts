/** Where ONNX Runtime spends its time, by type of op. */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load, type SessionSetup } from "./session.js";

const RUNS = 30;

export type OpTime = { readonly milliseconds: number; readonly nodes: number };

/** An event of ONNX Runtime's profile; `dur` in µs. */
type Event = { readonly cat: string; readonly name: string; readonly dur: number; readonly args: { op_name?: string } };

/** Per run, after ONNX Runtime's own optimizations: fused nodes go by their new type. */
export async function profile(model: Uint8Array, setup: Omit<SessionSetup, "profile">): Promise<Map<string, OpTime>> {
  const folder = await mkdtemp(join(tmpdir(), "profile-"));
  try {
    const session = await load(model, { ...setup, profile: join(folder, "ort") });
    for (let i = 0; i < RUNS; i++) await session.run();
    await session.end();
    const [file] = await readdir(folder);
    return sumByType(JSON.parse(await readFile(join(folder, file!), "utf8")) as Event[]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function sumByType(events: readonly Event[]): Map<string, OpTime> {
  const types = new Map<string, { microseconds: number; nodes: Set<string> }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== "Node" || !name.endsWith("_kernel_time")) continue;
    const sum = types.get(args.op_name!) ?? { microseconds: 0, nodes: new Set() };
    types.set(args.op_name!, sum);
    sum.microseconds += dur;
    sum.nodes.add(name);
  }
  const sums = [...types].map(([type, { microseconds, nodes }]): [string, OpTime] => [
    type,
    { milliseconds: microseconds / (RUNS + 1) / 1000, nodes: nodes.size }, // load ran it once
  ]);
  return new Map(sums.sort(([, a], [, b]) => b.milliseconds - a.milliseconds));
}
