/** How many threads should assemble batches. */

/** Workers that bring less are not worth their memory. */
const LEAST_GAIN = 0.05;
const MOST_WORKERS = 16;

/** Of one batch on one thread, and of the step on its threads, which are taken to be busy all the while. */
export type StepTimes = { readonly assembleSeconds: number; readonly stepSeconds: number };

/**
 * The least number that comes within a twentieth of the best. A batch and its step take at least as long as the step alone, as the batch alone
 * over the workers, and as the work of both over all cores; without workers, one comes after the other.
 */
export function chooseWorkers(times: StepTimes & { readonly threads: number; readonly cores: number }): number {
  const { assembleSeconds, stepSeconds, cores } = times;
  const threads = Math.min(times.threads, cores);
  const work = (assembleSeconds + stepSeconds * threads) / cores;
  const seconds = [assembleSeconds + stepSeconds];
  for (let workers = 1; workers <= Math.min(cores, MOST_WORKERS); workers++)
    seconds.push(Math.max(assembleSeconds / workers, stepSeconds, work));
  const best = Math.min(...seconds);
  return seconds.findIndex((each) => each <= best * (1 + LEAST_GAIN));
}
