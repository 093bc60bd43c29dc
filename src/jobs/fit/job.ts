/** What every part of a fit works with. */
import type { Rng } from "../../base/index.js";
import type { Dataset, Normalization, Shape } from "../../data/index.js";
import type { Engine } from "../../runtime/index.js";
import type { Budget } from "../../scaling/index.js";
import type { Recipe } from "../../training/index.js";
import type { Metric } from "../shared/choices.js";
import type { ImagePool } from "../shared/image-pool.js";
import type { LatencyPredictor } from "../shared/latency-predictor.js";
import type { Mirroring } from "../shared/mirroring.js";
import type { Progress } from "../shared/progress.js";
import type { Study } from "./saved-fit.js";

export type FitOptions = {
  /** A folder of class folders, or of IDX files. */
  readonly data: string;
  /** By which states and trials are compared; by default balanced accuracy where classes are of unequal size. */
  readonly metric?: Metric | undefined;
  /** A list of pictures to leave out, as `bantam check` writes it. */
  readonly exclude?: string | undefined;
  /** How pictures become squares; by default as their shapes suggest. */
  readonly shape?: Shape | undefined;
  readonly budget: Budget;
  /** Time for all of it; kept within a tenth. */
  readonly seconds: number;
  /** Folder for the results; created where missing. */
  readonly out: string;
  /** Begins anew where the folder holds this or another job. */
  readonly overwrite?: boolean | undefined;
  /** Folder of a finished fit with the same options whose amounts of work are followed in place of the clock. */
  readonly repeat?: string | undefined;
  readonly seed: number;
  readonly engine: Engine;
  /** Decoded images; may be deleted at any time. */
  readonly cacheDir: string;
  /** Threads that assemble batches beside the training steps; by default as many as the first steps suggest. */
  readonly workers?: number | undefined;
  /** Searches architectures for a quarter of the time; where left out, only if `trials` is given. */
  readonly search?: boolean | undefined;
  /** Instead of the clock: exactly so many trials, and so many epochs of final training. */
  readonly trials?: number | undefined;
  readonly epochs?: number | undefined;
  /** Whether training mirrors pictures; by default as `findMirroring` finds. */
  readonly mirror?: boolean | undefined;
  /** Needed where the budget limits a latency. */
  readonly latency?: LatencyPredictor | undefined;
  /** Sides of the images to search over, px; by default what data and budget suggest. */
  readonly resolutions?: readonly number[] | undefined;
  /** Pictures of the data as golden pictures of `model.onnx`; by default drawn ones, which show nobody. */
  readonly goldenPhotos?: boolean | undefined;
  readonly command?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

/** Else a network of the portfolio has all the time. */
export const isSearch = ({ search, trials }: Pick<FitOptions, "search" | "trials">): boolean =>
  search ?? trials !== undefined;

/** Whether the time decides anything: not where all amounts are given. */
export const isTimed = (options: Pick<FitOptions, "search" | "trials" | "epochs">): boolean =>
  options.epochs === undefined || (isSearch(options) && options.trials === undefined);

export type Clock = {
  readonly total: number;
  /** Seconds since the start, those of earlier, stopped runs included. */
  spent(): number;
  add(seconds: number): void;
  /** Seconds that reading took in this run; 0 until `endReading`. */
  reading(): number;
  endReading(): void;
};

export function createClock(total: number): Clock {
  const began = performance.now();
  let earlier = 0;
  let reading = 0;
  const sinceBegin = () => (performance.now() - began) / 1000;
  return {
    total,
    reading: () => reading,
    endReading: () => {
      reading = sinceBegin();
    },
    spent: () => earlier + sinceBegin(),
    add: (seconds) => {
      earlier += seconds;
    },
  };
}

/** Everything a fit knows; only `study` changes. */
export type Job = Omit<FitOptions, "progress"> & {
  readonly progress: Progress;
  readonly dataset: Dataset;
  readonly pool: ImagePool;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly recipe: Recipe;
  readonly normalization: Normalization;
  readonly mirroring: Mirroring;
  study: Study;
};
