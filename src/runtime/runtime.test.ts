import { describe, expect, test } from "vitest";
import { plain } from "../ir/index.js";
import { lower } from "../onnx/index.js";
import { createBuilder } from "../ops/index.js";
import { chooseEngine, type Engine, hostTensor } from "./index.js";
import { webGpuForTests } from "./testing/webgpu.js";

const engineOf = async (name: "cpu" | "wasm") => chooseEngine(name, 1).catch(({ message }: Error) => message);
const engines = [
  { name: "cpu", engine: await engineOf("cpu") },
  { name: "wasm", engine: await engineOf("wasm") },
  { name: "webgpu", engine: await webGpuForTests() },
];

/** next.x = 2x + 1 and sum = Σ next.x. */
function doubling(): Uint8Array {
  const g = createBuilder();
  const next = g.add(g.mul(g.input("x", plain(3)), 2), 1);
  g.output(next, "next.x");
  g.output(g.sumTo(next, []), "sum");
  return lower(g.build(), { name: "doubling", layout: "channel-major" });
}

/** z = x + y. */
function adding(): Uint8Array {
  const g = createBuilder();
  g.output(g.add(g.input("x", plain(3)), g.input("y", plain(3))), "z");
  return lower(g.build(), { name: "adding", layout: "channel-major" });
}

describe.each(engines)("tensors that are kept, on $name", ({ engine }) => {
  const orSkip = (skip: (reason: string) => never): Engine => (typeof engine === "string" ? skip(engine) : engine);

  test("go round and round, and come out when they are asked for", async ({ skip }) => {
    const session = await orSkip(skip).loadKeeping(doubling(), ["next.x"]);
    let x = hostTensor(Float32Array.of(0, 1, 2), [3]);
    const sums: number[] = [];
    for (let i = 0; i < 4; i++) {
      const { outputs, kept } = await session.run({ x });
      expect([Object.keys(outputs), Object.keys(kept)]).toEqual([["sum"], ["next.x"]]);
      sums.push(outputs.sum!.data[0]!);
      x.dispose();
      x = kept["next.x"]!;
    }
    await session.dispose();
    // x → 2x + 1 four times is 16x + 15.
    expect(sums).toEqual([9, 21, 45, 93]);
    expect(x.dims).toEqual([3]);
    expect(await x.download()).toEqual(Float32Array.of(15, 31, 47));
    expect(x.host).toEqual(Float32Array.of(15, 31, 47));
    x.dispose();
    expect(x.host, "a copy that is the caller's own").toEqual(Float32Array.of(15, 31, 47));
  });

  test("are taken by other sessions of the engine, beside tensors from here, also after they were freed", async ({
    skip,
  }) => {
    const own = orSkip(skip);
    const [first, second] = [await own.loadKeeping(doubling(), ["next.x"]), await own.load(adding())];
    const { kept } = await first.run({ x: { data: Float32Array.of(1, 2, 3), dims: [3] } });
    const x = kept["next.x"]!;
    const y = { data: Float32Array.of(10, 20, 30), dims: [3] };
    expect((await second.run({ x, y })).z!.data).toEqual(Float32Array.of(13, 25, 37));
    await x.download();
    x.dispose();
    expect((await second.run({ x, y })).z!.data).toEqual(Float32Array.of(13, 25, 37));
    await Promise.all([first.dispose(), second.dispose()]);
  });

  test("lie in the device's own memory where it has one, and are gone when they are disposed unread", async ({
    skip,
  }) => {
    const own = orSkip(skip);
    const session = await own.loadKeeping(doubling(), ["next.x"]);
    const twice = async () => (await session.run({ x: hostTensor(Float32Array.of(1, 2, 3), [3]) })).kept["next.x"]!;
    expect((await twice()).host === null).toBe(own.device === "webgpu");
    const x = await twice();
    x.dispose();
    x.dispose();
    await expect(session.run({ x })).rejects.toThrow("internal: a tensor of another engine, or one that was disposed");
    await session.dispose();
  });
});

test.for(engines)("a graph that $name cannot run is refused by name", async ({ engine }, { skip }) => {
  const own = typeof engine === "string" ? skip(engine) : engine;
  for (const refusal of [own.load(new Uint8Array(8)), own.loadKeeping(new Uint8Array(8), ["y"])]) {
    await expect(refusal).rejects.toMatchObject({
      code: "engine",
      facts: { at: own.name, expected: "a graph it can run" },
    });
  }
});
