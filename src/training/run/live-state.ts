/** The state between two steps where the engine works: what a step leaves on the device, and the next one is fed with. */
import type { DeviceTensor } from "../../runtime/index.js";
import { vector } from "../step/flat.js";
import type { TrainingState } from "../step/state.js";
import { names } from "../step/state-layout.js";

export type LiveState = Pick<TrainingState, "epoch" | "updates" | "within"> & {
  /** By the names of the step's inputs. */
  readonly vectors: ReadonlyMap<string, DeviceTensor>;
};

const averageOf = { weights: names.average(names.weights), buffers: names.average(names.buffers) } as const;

export function liveOf({ weights, buffers, moments, average, ...counts }: TrainingState): LiveState {
  const vectors: (readonly [string, Float32Array])[] = [
    [names.weights, weights],
    [names.buffers, buffers],
    ...moments.map((moment, i) => [names.moment(i), moment] as const),
    ...(average === null
      ? []
      : ([
          [averageOf.weights, average.weights],
          [averageOf.buffers, average.buffers],
        ] as const)),
  ];
  return { ...counts, vectors: new Map(vectors.map(([name, data]) => [name, vector(data)])) };
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
  const state: TrainingState = {
    ...counts,
    weights: numbers(names.weights),
    buffers: numbers(names.buffers),
    moments: [...vectors.keys()].filter((name) => name.startsWith("moments.")).map(numbers),
    average: vectors.has(averageOf.weights)
      ? { weights: numbers(averageOf.weights), buffers: numbers(averageOf.buffers) }
      : null,
  };
  known.set(live, state);
  return state;
}

/** What is evaluated and shipped. */
export function shippedVectors({ vectors }: LiveState): Readonly<Record<"weights" | "buffers", DeviceTensor>> {
  const find = (name: "weights" | "buffers") => (vectors.get(averageOf[name]) ?? vectors.get(name))!;
  return { weights: find("weights"), buffers: find("buffers") };
}

/** Frees the device's memory. */
export function release(vectors: Iterable<DeviceTensor>): void {
  for (const vector of vectors) vector.dispose();
}
