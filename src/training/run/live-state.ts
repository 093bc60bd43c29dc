/** The state between two steps where the engine works: what a step leaves on the device, and the next one is fed with. */
import type { DeviceTensor } from "../../runtime/index.js";
import { vector } from "../step/flat.js";
import { stateFrom, type TrainingState, vectorsOf } from "../step/state.js";
import { names } from "../step/state-layout.js";

export type LiveState = Pick<TrainingState, "epoch" | "updates" | "within"> & {
  /** By the names of the step's inputs. */
  readonly vectors: ReadonlyMap<string, DeviceTensor>;
};

export function liveOf(state: TrainingState): LiveState {
  const { epoch, updates, within } = state;
  const vectors = new Map([...vectorsOf(state)].map(([name, data]) => [name, vector(data)]));
  return { epoch, updates, within, vectors };
}

/** After one more update. @param kept the step's outputs, by name. */
export function afterUpdate(live: LiveState, kept: Readonly<Record<string, DeviceTensor>>): LiveState {
  const vectors = new Map([...live.vectors.keys()].map((name) => [name, kept[names.next(name)]!]));
  return { ...live, vectors, updates: live.updates + 1 };
}

/** Brings all vectors to the processor's memory. */
export async function download(live: LiveState): Promise<TrainingState> {
  for (const vector of live.vectors.values()) await vector.download();
  return stateOf(live);
}

const known = new WeakMap<LiveState, TrainingState>();

/** The same object for the same state. @throws {Error} internal, when vectors are on the device alone. */
export function stateOf(live: LiveState): TrainingState {
  const before = known.get(live);
  if (before !== undefined) return before;
  const { vectors, ...counts } = live;
  const numbers = (name: string): Float32Array => {
    const { host } = vectors.get(name)!;
    if (host === null) throw new Error(`internal: ${name} was not brought to the processor's memory`);
    return host;
  };
  const state = stateFrom(vectors.keys(), numbers, counts);
  known.set(live, state);
  return state;
}

/** What is evaluated and shipped. */
export function shippedVectors({ vectors }: LiveState): Readonly<Record<"weights" | "buffers", DeviceTensor>> {
  const find = (name: "weights" | "buffers") => (vectors.get(names.average(name)) ?? vectors.get(name))!;
  return { weights: find("weights"), buffers: find("buffers") };
}
