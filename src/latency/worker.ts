/** The process that measures: one engine, one request after the other, until the parent is gone. */
import { EngineError } from "../base/index.js";
import { chooseEngine, type Engine } from "../runtime/index.js";
import { measure } from "./measure.js";
import type { Answer, Request } from "./protocol.js";
import { prepare } from "./subject.js";

let engine: Engine | null = null;

async function answer(request: Request): Promise<Answer> {
  switch (request.kind) {
    case "start": {
      const begin = performance.now();
      engine = await chooseEngine(request.provider, request.threads);
      return { kind: "started", runtime: engine.name, importMs: performance.now() - begin };
    }
    case "measure": {
      if (engine === null) throw new Error("internal: asked to measure before an engine was chosen");
      const { model, feeds } = prepare(request.subject);
      return { kind: "measured", measurement: await measure(engine, model, feeds, request.effort) };
    }
    default:
      return request satisfies never;
  }
}

function failure(error: unknown): Answer {
  const message = error instanceof Error ? error.message : String(error);
  return { kind: "failed", facts: error instanceof EngineError ? error.facts : null, message };
}

// A terminal sends Ctrl-C to the whole group; the parent decides what it means.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());
process.on("message", (request: Request) => {
  answer(request)
    .catch(failure)
    .then((message) => process.send!(message));
});
