/** What a process that measures is asked and answers; plain data both ways. */
import type { Facts } from "../base/index.js";
import type { Provider } from "../cost/index.js";
import type { Effort, Measurement } from "./measure.js";
import type { Subject } from "./subject.js";

/** Fixed for the life of a process: WebAssembly takes its number of threads when it is first loaded. */
export type Setup = { readonly provider: Provider; readonly threads: number };

export type Request =
  | ({ readonly kind: "start" } & Setup)
  | { readonly kind: "measure"; readonly subject: Subject; readonly effort: Effort };

export type Answer =
  | { readonly kind: "started"; readonly runtime: string; readonly importMs: number }
  | { readonly kind: "measured"; readonly measurement: Measurement }
  /** With facts where the engine refused; without where we made a mistake. */
  | { readonly kind: "failed"; readonly facts: Facts | null; readonly message: string };
