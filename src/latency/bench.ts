/** Graphs timed in a process of their own. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { EngineError, InterruptedError } from "../base/index.js";
import type { Provider } from "../cost/index.js";
import type { Graph } from "../ir/index.js";
import { lower } from "../onnx/index.js";
import type { Answer, Measurement, Question } from "./protocol.js";
import type { Patience } from "./stopwatch.js";
import { benchWeights } from "./weights.js";

export type Bench = {
  /** @param graph with one float input. Its weights are random: what they are does not matter to a clock. */
  measure(graph: Graph, patience: Patience): Promise<Measurement>;
  close(): void;
};

export type BenchOptions = { readonly provider: Provider; readonly threads: number; readonly signal?: AbortSignal };

/** Starts a fresh process; the first graph it measures has the cold start. */
export function openBench({ provider, threads, signal }: BenchOptions): Bench {
  // Compiled, the worker is JavaScript; in the sources, a loader reads it.
  const isSource = import.meta.url.endsWith(".ts");
  const child = fork(fileURLToPath(new URL(isSource ? "./worker.ts" : "./worker.js", import.meta.url)), {
    execArgv: isSource ? ["--import", "jiti/register"] : [],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  // A process that is gone says so by its exit; without a listener, a question it can no longer read would end us too.
  child.on("error", () => {});
  return {
    measure: async (graph, patience) => {
      const [input] = graph.inputs;
      const model = lower(graph, { name: "latency", layout: "image-major", weights: benchWeights(graph) });
      const answer = await ask(child, signal, {
        provider,
        threads,
        model,
        patience,
        input: { name: input!.name, dims: input!.shape },
      });
      if (answer.ok) return answer;
      if (answer.facts !== null) throw new EngineError(answer.facts);
      throw new Error(`internal: the measuring process failed: ${answer.message}`);
    },
    close: () => child.kill(),
  };
}

function ask(child: ChildProcess, signal: AbortSignal | undefined, question: Question): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stop = () =>
      finish(() => reject(new InterruptedError({ at: "bench", expected: "to finish", received: "a stop" })));
    const gone = () => {
      const received = `its end (${child.signalCode ?? child.exitCode ?? "no cause given"})`;
      const hint = "is there enough memory for this network and batch?";
      const at = `${question.provider}, ${question.threads} threads`;
      finish(() => reject(new EngineError({ at, expected: "a process that measures to the end", received, hint })));
    };
    const answered = (answer: Answer) => finish(() => resolve(answer));
    const finish = (then: () => void) => {
      signal?.removeEventListener("abort", stop);
      child
        .off("exit", gone)
        .off("error", gone)
        .off("message", answered as never);
      then();
    };
    if (signal?.aborted) return stop();
    signal?.addEventListener("abort", stop, { once: true });
    child
      .once("exit", gone)
      .once("error", gone)
      .once("message", answered as never);
    child.send(question);
  });
}
