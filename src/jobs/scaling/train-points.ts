/** Every point of a scaling experiment under every seed, each trained once however often the work is stopped. */

import {
  concernsAll,
  formatCount,
  formatDuration,
  formatPercent,
  InterruptedError,
  messageOf,
} from "../../base/index.js";
import { costsOfProfile } from "../../cost/index.js";
import { countArchitecture } from "../../networks/index.js";
import type { ScaledPoint } from "../../scaling/index.js";
import type { Outcome } from "../../search/index.js";
import { activationsOf } from "../shared/activations.js";
import type { Progress } from "../shared/progress.js";
import type { Points, TrainedPoint } from "./points.js";

/** Trains one network. @param onStep told the share that is done, in [0, 1]. */
export type TrainPoint = (point: ScaledPoint, seed: number, onStep: (fraction: number) => void) => Promise<Outcome>;

export type TrainPointsOptions = {
  readonly points: readonly ScaledPoint[];
  readonly seeds: readonly number[];
  readonly store: Points;
  readonly train: TrainPoint;
  /** Failed ones again, too. */
  readonly retry: boolean;
  readonly progress: Progress;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Seed after seed, so that a study that is stopped early has whole curves. A training that fails is recorded with its reason, and
 * the others go on.
 *
 * @returns all that are wanted, points of the same network standing for each other.
 * @throws {InterruptedError} at the signal. @throws {FileError} when a result cannot be kept.
 */
export async function trainPoints(options: TrainPointsOptions): Promise<readonly TrainedPoint[]> {
  const { points, seeds, store, train, retry, progress, signal } = options;
  const networks = points.filter(({ sameAs }) => sameAs === null);
  const wanted = seeds.flatMap((seed) =>
    networks.map((point) => ({ point, seed, id: idOf({ key: point.key, seed }) })),
  );
  const isWanted = new Set(wanted.map(({ id }) => id));
  const known = new Map(
    store.recorded.filter((point) => isWanted.has(idOf(point))).map((point) => [idOf(point), point]),
  );
  const isOpen = ({ id }: { id: string }) =>
    known.get(id) === undefined || (retry && known.get(id)!.state === "failed");
  const open = wanted.filter(isOpen);
  if (known.size > 0) progress.line(`${known.size} of ${wanted.length} trainings were done before`);

  const pace = createPace(networks);
  for (const point of known.values()) pace.learn(point);
  for (const [i, { point, seed, id }] of open.entries()) {
    if (signal?.aborted) throw interrupted();
    const rest = open.slice(i + 1).reduce((sum, { point }) => sum + pace.expected(point), 0);
    const began = performance.now();
    const place = wanted.length - open.length + i;
    const show = (done: number) => {
      const own = pace.expected(point);
      progress.update({
        text: `training ${place + 1} of ${wanted.length}, ${point.key}, seed ${seed}`,
        fraction: (place + done) / wanted.length,
        ...(own > 0 && { secondsLeft: own * (1 - done) + rest }),
      });
    };
    show(0);
    const outcome = await attempt(() => train(point, seed, show));
    const trained: TrainedPoint = {
      key: point.key,
      seed,
      costs: costsOfProfile(countArchitecture(point.architecture)),
      ...outcome,
      seconds: (performance.now() - began) / 1000,
    };
    await store.add(trained);
    known.set(id, trained);
    pace.learn(trained);
    progress.line(pointLine(trained));
  }
  return [...known.values()];
}

const idOf = ({ key, seed }: Pick<TrainedPoint, "key" | "seed">) => `${key} s${seed}`;

const interrupted = () =>
  new InterruptedError({ at: "scaling", expected: "to train every point", received: "stopped between two trainings" });

/** What would fail every other training too ends the whole work. */
async function attempt(
  train: () => Promise<Outcome>,
): Promise<Pick<TrainedPoint, "state" | "curve" | "imagesPerSecond" | "error">> {
  try {
    const { curve, imagesPerSecond } = await train();
    return { state: "finished", curve, imagesPerSecond, error: null };
  } catch (error) {
    if (concernsAll(error)) throw error;
    return { state: "failed", curve: [], imagesPerSecond: 0, error: messageOf(error) };
  }
}

/**
 * How long a training takes: as long as the same network took, or else in proportion to its activations.
 */
function createPace(networks: readonly ScaledPoint[]) {
  const work = new Map(networks.map(({ key, architecture }) => [key, activationsOf(architecture)]));
  const seconds = new Map<string, number>();
  let [allSeconds, allWork] = [0, 0];
  return {
    learn({ key, seconds: taken, state }: TrainedPoint): void {
      if (state === "failed") return;
      seconds.set(key, taken);
      allSeconds += taken;
      allWork += work.get(key)!;
    },
    /** 0 before anything was learnt. */
    expected: ({ key }: ScaledPoint) =>
      seconds.get(key) ?? (allWork === 0 ? 0 : (work.get(key)! * allSeconds) / allWork),
  };
}

function pointLine({ key, seed, state, curve, costs, seconds, error }: TrainedPoint): string {
  const what = state === "failed" ? `failed: ${error!.split("\n")[0]}` : formatPercent(curve.at(-1)!).padStart(6);
  return `${key.padEnd(24)} seed ${seed}  ${`${formatCount(costs.macs)} MACs`.padStart(12)}  ${formatDuration(seconds).padStart(8)}  ${what}`;
}
