/**
 * Architecture search alone: candidates within a budget, each trained for a few epochs, one strategy and random search at equal
 * compute, every trial in a study that can be stopped and gone on with.
 */
import { join, resolve } from "node:path";
import { writeFileAtomic } from "../../base/files.js";
import { fileNameOf, lastly, looksLikeServer } from "../../base/index.js";
import { removeWeights } from "../../folders/index.js";
import type { SearchReport } from "../../report/index.js";
import { type Assignment, createStrategy, isHopeless, type Outcome, type Trial } from "../../search/index.js";
import { openStudyStore, type StudyStore, searchInStudy, shownPlace } from "../../study/index.js";
import { warmingUpWithin } from "../../training/index.js";
import { largestUsefulSide } from "../shared/choices.js";
import { costsBy } from "../shared/latency-predictor.js";
import { type Held, openWork } from "../shared/open-work.js";
import { dataFacts } from "../shared/read-data.js";
import { trainBriefly } from "../shared/short-training.js";
import { openArm, type SearchArm } from "./search-arm.js";
import { searchFacts } from "./search-facts.js";
import { prepareSearch, type SearchJob } from "./search-job.js";
import { type SearchOptions, startsWarm } from "./search-options.js";
import { type TrialWatch, watchTrials } from "./trial-watch.js";
import { networkOf, openTrialWeights, type TrialWeights } from "./trial-weights.js";

/**
 * @throws {InfeasibleError} when no candidate keeps the budget. @throws {DataError} for images that cannot be used.
 * @throws {UsageError} when the study was begun with other settings. @throws {InterruptedError} after the signal: the same call goes on.
 */
export async function searchNetworks(options: SearchOptions): Promise<SearchReport> {
  const { budget, latency, study, seed, signal, page } = options;
  const began = performance.now();
  const own = looksLikeServer(study) ? undefined : study;
  const place = { kind: "search", at: "--study", out: own ?? page?.folder, files: page && [page.name] } as const;
  return openWork(place, options, async ({ read, hold, resumeBy, progress }) => {
    const maxSize = largestUsefulSide(budget, costsBy(latency));
    const { dataset, pool } = await read({ seed, maxSize, derive: true });
    const job = await prepareSearch({ options, began, progress, dataset }, pool);
    if (own !== undefined) await hold(own, heldBy(options));
    const store = await openStudyStore(study, { create: true, signal });
    return lastly(
      async () => {
        const earlier = await store.open(job.name, "search", job.settings, options.overwrite);
        resumeBy(`every finished trial is in ${shownPlace(study)}; the same command goes on from there`);
        const found = await search(job, store, earlier.length);
        if (page === undefined) return found;
        // On a server other searches may go on meanwhile: the folder is theirs as well.
        if (own === undefined) await hold(page.folder, heldBy(options));
        await writeFileAtomic(join(page.folder, page.name), page.render(found));
        return found;
      },
      () => store.close(),
    );
  });
}

/** Whose each study in there is, the database tells. */
const heldBy = ({ data }: SearchOptions): Held => ({
  facts: {},
  settings: { data: resolve(data) },
  words: { options: {} },
});

/** @param earlier trials that an earlier call left. */
async function search(job: SearchJob, store: StudyStore, earlier: number): Promise<SearchReport> {
  const { options, progress, name } = job;
  const { study, cacheDir } = options;
  // A folder of the study's own; beside a server's, in the cache.
  const folder = join(looksLikeServer(study) ? cacheDir : study, "weights", fileNameOf(name));
  if (options.overwrite) await removeWeights(folder);
  const weights = startsWarm(options) ? await openTrialWeights(folder) : null;
  const asked = await openArm(job, folder);
  const arms = [asked.strategy];
  if (options.strategy !== "random") arms.push(createStrategy("random"));
  progress.phase("search", `${arms.map((arm) => arm.name).join(" and ")}, study ${name} in ${shownPlace(study)}`);
  if (earlier > 0) progress.line(`going on after ${earlier} trials`);
  const watch = watchTrials(options, progress);
  const { gate, objective, settings, trainImages: images } = job;
  const run = { arms, gate, objective, epochs: options.epochs, images, rng: job.rng.fork("search") };
  const { until, onTrial } = watch;
  const record = async (trial: Trial) => watch.record(trial);
  const train = trialTrainer(job, watch, weights);
  return lastly(async () => {
    const all = { ...run, train, until, record, onTrial };
    return foundBy(job, watch, asked, await searchInStudy(store, { name, settings }, all));
  }, asked.dispose);
}

function trialTrainer(job: SearchJob, watch: TrialWatch, weights: TrialWeights | null) {
  const { options, images, normalization, rng, progress } = job;
  const { engine, signal, earlyStopping, axes } = options;
  const recipe = warmingUpWithin(job.recipe, options.epochs);
  const warn = (text: string) => progress.line(text, "warning");
  const parentOf = async ({ parent }: Assignment) =>
    weights === null || parent === null ? undefined : networkOf(watch.told[parent]!, weights, warn);
  return async (assignment: Assignment): Promise<Outcome> => {
    const { id, candidate, architecture, epochs } = assignment;
    const { outcome, tensors } = await trainBriefly({
      engine,
      signal,
      images,
      normalization,
      recipe,
      architecture,
      epochs,
      parent: await parentOf(assignment),
      rng: rng.fork(`training of ${JSON.stringify(candidate)}`),
      onStep: (now) => watch.onStep(assignment, now),
      isHopeless: (curve) => earlyStopping && isHopeless({ ...assignment, curve }, watch.trained, axes),
    });
    if (tensors !== null) await weights?.save(id, tensors);
    return outcome;
  };
}

function foundBy(job: SearchJob, watch: TrialWatch, { shared }: SearchArm, trials: readonly Trial[]): SearchReport {
  const { options, dataset, gate } = job;
  const { study, strategy, seed, epochs, engine, latency } = options;
  return searchFacts({
    name: job.name,
    place: shownPlace(study),
    title: dataset.name,
    strategy,
    objective: job.objective,
    trials,
    seed,
    epochs,
    images: job.trainImages,
    rejected: job.rejected(),
    engine: engine.name,
    threads: engine.threads,
    exhaustedBefore: watch.isExhausted() ? options.trials : null,
    validation: dataset.splits.validation.length,
    data: dataFacts(dataset),
    warmStart: startsWarm(options),
    latencyOn: latency?.on ?? null,
    shared: shared && { space: gate.space, accuracies: shared },
    seconds: (performance.now() - job.began) / 1000,
  });
}
