/**
 * The process that is measured: it has loaded nothing but the engine, and runs one provider with one thread count, because
 * the first start of an engine can be had once a process, and WebAssembly keeps the threads it began with.
 */
import { BantamError, lastly, messageOf } from "../base/index.js";
import { chooseEngine, type Engine } from "../runtime/index.js";
import type { Answer, Question } from "./protocol.js";
import { timeRuns } from "./stopwatch.js";

let engine: Engine | null = null;

// A terminal sends Ctrl-C to all processes of the line; the parent decides what it means, and ends this one.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());

process.on("message", (question: Question) => {
  answer(question).then(
    (result) => process.send!({ ok: true, ...result } satisfies Answer),
    (error: unknown) => {
      const expected = error instanceof BantamError ? error.facts : null;
      process.send!({ ok: false, facts: expected, message: messageOf(error) } satisfies Answer);
    },
  );
});

async function answer({ provider, threads, model, input, patience }: Question) {
  const began = performance.now();
  engine ??= await chooseEngine(provider, threads);
  const ready = performance.now();
  const { name: runtime } = engine;
  const session = await engine.load(model);
  const loaded = performance.now();
  const feeds = { [input.name]: { data: values(input.dims), dims: input.dims } };
  return lastly(
    async () => {
      await session.run(feeds);
      const done = performance.now();
      const timing = await timeRuns(() => session.run(feeds), patience);
      return { runtime, engineMs: ready - began, loadMs: loaded - ready, firstMs: done - loaded, timing };
    },
    () => session.dispose(),
  );
}

/** Numbers such as a normalized picture has: none so small that arithmetic gets slow. */
function values(dims: readonly number[]): Float32Array {
  const count = dims.reduce((product, extent) => product * extent, 1);
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i) + 0.1);
}
