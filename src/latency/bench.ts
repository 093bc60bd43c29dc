/** A process of its own to measure in, so that no configuration finds what another one loaded, cached or started. */
import { type ChildProcess, fork } from "node:child_process";
import { createRequire } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { EngineError } from "../base/index.js";
import type { Effort, Measurement } from "./measure.js";
import type { Answer, Request, Setup } from "./protocol.js";
import type { Subject } from "./subject.js";

export type Bench = {
  /** e.g. `onnxruntime-node 1.30.0, CPU`. */
  readonly runtime: string;
  /** Loading the runtime's code into a fresh process. WebAssembly is compiled later, with the first session. */
  readonly importMs: number;
  /** One at a time. */
  measure(subject: Subject, effort: Effort): Promise<Measurement>;
  /** Ends the process, whatever it does. */
  close(): void;
};

/**
 * @param signal ends the process; what is waited for is rejected with its reason.
 * @throws {EngineError} when the provider does not load on this machine.
 */
export async function openBench(setup: Setup, signal?: AbortSignal): Promise<Bench> {
  signal?.throwIfAborted();
  const child = fork(workerPath(), {
    execArgv: workerArguments(),
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  });
  let complaints = "";
  child.stderr!.setEncoding("utf8").on("data", (text: string) => {
    complaints = (complaints + text).slice(-2000);
  });
  const close = () => {
    signal?.removeEventListener("abort", close);
    child.kill("SIGKILL");
  };
  signal?.addEventListener("abort", close);
  const ask = (request: Request) => exchange(child, request, () => ending(setup, complaints, signal));
  try {
    const started = await ask({ kind: "start", ...setup });
    if (started.kind !== "started") throw new Error(`internal: a start was answered with ${started.kind}`);
    return {
      runtime: started.runtime,
      importMs: started.importMs,
      async measure(subject, effort) {
        const answer = await ask({ kind: "measure", subject, effort });
        if (answer.kind !== "measured") throw new Error(`internal: a measurement was answered with ${answer.kind}`);
        return answer.measurement;
      },
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** Sends one request and waits for its answer, or for the end of the process. */
function exchange(
  child: ChildProcess,
  request: Request,
  whyItEnded: () => unknown,
): Promise<Exclude<Answer, { kind: "failed" }>> {
  return new Promise((resolve, reject) => {
    const settle = () => {
      child.off("message", heard).off("exit", ended).off("error", ended);
    };
    const heard = (message: unknown) => {
      settle();
      const answer = message as Answer;
      if (answer.kind !== "failed") resolve(answer);
      else reject(answer.facts === null ? new Error(answer.message) : new EngineError(answer.facts));
    };
    const ended = () => {
      settle();
      reject(whyItEnded());
    };
    child.on("message", heard).on("exit", ended).on("error", ended);
    if (child.exitCode !== null || child.signalCode !== null) ended();
    else child.send(request, (error) => error && ended());
  });
}

function ending({ provider, threads }: Setup, complaints: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  return new EngineError({
    at: `${provider}, ${threads} ${threads === 1 ? "thread" : "threads"}`,
    expected: "a process that measures to the end",
    received: `its end${complaints === "" ? "" : `:\n  ${complaints.trim()}`}`,
    hint: "is there enough memory for this network and batch?",
  });
}

/** `worker.js` once compiled, `worker.ts` where the sources run themselves. */
function workerPath(): string {
  return fileURLToPath(new URL(`./worker${extname(import.meta.url)}`, import.meta.url));
}

/** Node 20 runs no TypeScript; jiti, which the tests have, teaches it. */
function workerArguments(): string[] {
  if (extname(import.meta.url) !== ".ts") return [];
  const register = createRequire(import.meta.url).resolve("jiti/package.json").replace(/package\.json$/, "");
  return ["--import", pathToFileURL(`${register}lib/jiti-register.mjs`).href];
}
