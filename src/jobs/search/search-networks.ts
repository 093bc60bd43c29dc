/**
 * Architecture search alone: candidates within a budget, each trained for a few epochs, one strategy and random search at equal
 * compute, every trial in a study that can be stopped and gone on with.
 */
import { join, resolve } from "node:path";
import { requireWritable, writeFileAtomic } from "../../base/files.js";
import {
  createRng,
  fileNameOf,
  formatCount,
  formatDuration,
  formatPercent,
  largest,
  looksLikeServer,
  ModelError,
} from "../../base/index.js";
import { channelStatistics, requireVariety, subset } from "../../data/index.js";
import { type Folder, keyOf, openFolder, removeWeights, requireApart, requireFolder } from "../../folders/index.js";
import type { ZeroCostName } from "../../proxies/index.js";
import type { SearchReport } from "../../report/index.js";
import type { Engine } from "../../runtime/index.js";
import { type Budget, costOf, type LimitName } from "../../scaling/index.js";
import {
  type Assignment,
  type CostGate,
  controller,
  createStrategy,
  describe,
  imageSpace,
  isHopeless,
  type Objective,
  type Outcome,
  type RewardExponents,
  requireFeasible,
  reward,
  type SpaceMaker,
  type Trial,
} from "../../search/index.js";
import { openStudyStore, searchInStudy, shownPlace } from "../../study/index.js";
import { type TrainedNetwork, warmingUpWithin } from "../../training/index.js";
import { largestUsefulSide, recipeFor, sidesUpTo } from "../shared/choices.js";
import { createImagePool } from "../shared/image-pool.js";
import { costsBy, type LatencyPredictor } from "../shared/latency-predictor.js";
import { noProgress, type Progress } from "../shared/progress.js";
import { dataFacts, readData } from "../shared/read-data.js";
import { trainBriefly } from "../shared/short-training.js";
import { VERSION } from "../shared/version.js";
import { scoreFilter } from "./score-filter.js";
import { searchFacts } from "./search-facts.js";
import { type SupernetArm, supernetArm } from "./supernet-arm.js";
import { openTrialWeights } from "./trial-weights.js";

export type SearchOptions = {
  /** A folder of class folders, or of IDX files. */
  readonly data: string;
  readonly budget: Budget;
  /** One of `strategyNames`, `controller`, `supernet` or `prefiltered`. */
  readonly strategy: string;
  /** Options of the strategy that differ from its defaults. */
  readonly strategyOptions?: object | undefined;
  /** Folder or `postgres://` address, and the study's name there; by default the data's. */
  readonly study: string;
  readonly name?: string | undefined;
  /** The search ends when so many were trained, or so many seconds have passed in this run, whichever comes first. */
  readonly trials: number;
  readonly seconds?: number | undefined;
  /** Of a trial. */
  readonly epochs: number;
  /** Training images of a trial; by default all. */
  readonly images?: number | undefined;
  /** What is minimized beside the error. */
  readonly axes: readonly LimitName[];
  /** Needed where latency is limited, an axis or the target. */
  readonly latency?: LatencyPredictor | undefined;
  /** For strategies that look at one number: accuracy alone where this is left out. */
  readonly target?:
    | { readonly cost: LimitName; readonly value: number; readonly exponents: RewardExponents }
    | undefined;
  readonly earlyStopping: boolean;
  /** Of the strategy `prefiltered`: the zero-cost score. */
  readonly score?: ZeroCostName | undefined;
  /** Trials that come from another begin with its weights, as far as they fit. */
  readonly warmStart?: boolean | undefined;
  /** Of the strategy `supernet`: epochs of the shared weights, and how many candidates they judge. */
  readonly supernet?: { readonly epochs: number; readonly judged: number } | undefined;
  /** By default the space for images of the data's size. */
  readonly space?: SpaceMaker | undefined;
  readonly seed: number;
  /** Where a page about what was found is written: the folder of the study, or one for a server's. */
  readonly page?:
    | { readonly folder: string; readonly name: string; readonly render: (found: SearchReport) => string }
    | undefined;
  /** Begins the study of this name anew, and takes the folder from another kind of job. */
  readonly overwrite?: boolean | undefined;
  readonly engine: Engine;
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

/**
 * @throws {InfeasibleError} when no candidate keeps the budget. @throws {DataError} for images that cannot be used.
 * @throws {UsageError} when the study was begun with other settings. @throws {InterruptedError} after the signal.
 */
export async function searchNetworks(options: SearchOptions): Promise<SearchReport> {
  const {
    data,
    budget,
    study,
    seed,
    engine,
    cacheDir,
    signal,
    epochs,
    axes,
    latency,
    overwrite,
    progress = noProgress,
  } = options;
  const began = performance.now();
  const costsOf = costsBy(latency);
  const folder = looksLikeServer(study) ? undefined : study;
  const { page } = options;
  const out = folder ?? page?.folder;
  await requireApart(data, { "--study": out, "--cache": cacheDir });
  if (out !== undefined) await requireFolder(out, { kind: "search", overwrite, files: page ? [page.name] : [] });
  await requireWritable(cacheDir);
  const maxSize = largestUsefulSide(budget, costsOf);
  const dataset = await readData(data, { seed, cacheDir, maxSize, signal }, progress);
  const pool = createImagePool(dataset, { cacheDir, signal, progress, derive: true });
  let held: Folder | undefined;
  try {
    const facts = {
      classes: dataset.classes.length,
      channels: dataset.channels,
      resolutions: sidesUpTo(dataset.size),
    };
    const space = (options.space ?? imageSpace)(facts);
    let rejected = 0;
    const gate: CostGate = {
      space,
      budget,
      costsOf,
      onRejected: () => {
        rejected++;
      },
    };
    requireFeasible(gate);
    const all = await pool.get("train", dataset.size);
    const images = Math.min(options.images ?? all.count, all.count);
    const rng = createRng(seed);
    const indices = rng
      .fork("trial images")
      .shuffle(Array.from({ length: all.count }, (_, i) => i))
      .slice(0, images);
    requireVariety(all, data);
    const normalization = channelStatistics(all);
    const whole = recipeFor(dataset);
    const recipe = warmingUpWithin(whole, epochs);
    const objective = objectiveOf(options);
    const name = options.name ?? dataset.name;
    const settings = {
      version: VERSION,
      data: dataset.fingerprint,
      strategy: options.strategy,
      options: options.strategyOptions,
      budget,
      space,
      epochs,
      images,
      axes,
      target: options.target,
      earlyStopping: options.earlyStopping,
      ...(latency && { latency: latency.fingerprint }),
      ...(options.warmStart === true && { warmStart: true }),
      ...(options.strategy === "prefiltered" && { score: options.score ?? defaultScore }),
      ...(options.strategy === "supernet" && { supernet: options.supernet ?? defaultSupernet }),
      recipe,
      seed,
      engine: engine.name,
      threads: engine.threads,
    };
    // Whose each study in there is, the database tells.
    const shared = { facts: {}, settings: { data: resolve(data) }, words: { options: {} } };
    const warn = (text: string) => progress.line(text, "warning");
    const hold = (place: string) => openFolder(place, { kind: "search", version: VERSION, ...shared, overwrite, warn });
    if (folder !== undefined) held = await hold(folder);
    const store = await openStudyStore(study, { create: true, signal });
    let supernet: SupernetArm | undefined;
    try {
      const earlier = (await store.open(name, "search", settings, overwrite)).length;
      // A folder of the study's own; beside a server's, in the cache.
      const beside = join(looksLikeServer(study) ? cacheDir : study, "weights", fileNameOf(name));
      if (overwrite) await removeWeights(beside);
      const weights = options.warmStart === true ? await openTrialWeights(beside) : null;
      const sets = {
        train: async (side: number) => subset(await pool.get("train", side), indices),
        validation: (side: number) => pool.get("validation", side),
      };
      if (options.strategy === "supernet") {
        const { epochs, judged } = options.supernet ?? defaultSupernet;
        supernet = await supernetArm({
          engine,
          gate,
          normalization,
          epochs,
          judged,
          signal,
          progress,
          ...sets,
          recipe: warmingUpWithin(whole, epochs),
          rule: { kind: "sandwich", random: 2 },
          rng: rng.fork("supernet"),
          folder: beside,
          run: keyOf(settings),
        });
      }
      const filter = () =>
        scoreFilter({
          engine,
          normalization,
          train: sets.train,
          rng: rng.fork("scores"),
          which: options.score ?? defaultScore,
        });
      const arms = [supernet?.strategy ?? (options.strategy === "prefiltered" ? filter() : strategyOf(options))];
      if (options.strategy !== "random") arms.push(createStrategy("random"));
      progress.phase("search", `${arms.map((arm) => arm.name).join(" and ")}, study ${name} in ${shownPlace(study)}`);
      const trained: Trial[] = [];
      const told: Trial[] = [];
      const parentOf = async ({ parent }: Assignment): Promise<TrainedNetwork | undefined> => {
        if (weights === null || parent === null) return undefined;
        const { id, sameAs, state, architecture } = told[parent]!;
        if (state === "failed") return undefined;
        const tensors = await weights.load(sameAs ?? id).catch((error: unknown) => {
          if (error instanceof ModelError) return error;
          throw error;
        });
        if (tensors instanceof Map) return { architecture, tensors };
        const why =
          tensors?.message.split("\n")[0] ?? `the weights of trial ${(sameAs ?? id) + 1} are gone from ${beside}`;
        progress.line(`${why}: what comes from it begins anew`, "warning");
        return undefined;
      };
      const clock = { began: performance.now(), trials: 0 };
      const spent = () => (performance.now() - clock.began) / 1000;
      let isEnough = false;
      const until = (trials: readonly Trial[]) => {
        const done = trials.filter(({ sameAs }) => sameAs === null).length;
        isEnough = done >= options.trials || (options.seconds !== undefined && spent() >= options.seconds);
        return isEnough;
      };
      const train = async (assignment: Assignment): Promise<Outcome> => {
        const { architecture } = assignment;
        const { outcome, tensors } = await trainBriefly({
          engine,
          parent: await parentOf(assignment),
          architecture,
          recipe,
          normalization,
          epochs: assignment.epochs,
          rng: rng.fork(`training of ${JSON.stringify(assignment.candidate)}`),
          images: sets,
          signal,
          onStep: ({ epoch, done: inTrial, imagesPerSecond }) => {
            const done = Math.min((trained.length + inTrial) / options.trials, 1);
            const perTrial = spent() / Math.max(clock.trials + inTrial, 1e-9);
            const left = (options.trials - trained.length - inTrial) * perTrial;
            progress.update({
              // Trials that repeat another are counted, and not trained.
              text: `trial ${assignment.id + 1}, ${trained.length} of ${options.trials} trained, epoch ${epoch}/${assignment.epochs}`,
              fraction: done,
              columns: [...best(trained), `${Math.round(imagesPerSecond)} images/s`],
              secondsLeft: options.seconds === undefined ? left : Math.min(left, options.seconds - spent()),
            });
          },
          isHopeless: (curve) => options.earlyStopping && isHopeless({ ...assignment, curve }, trained, axes),
        });
        if (tensors !== null) await weights?.save(assignment.id, tensors);
        return outcome;
      };
      if (earlier > 0) progress.line(`going on after ${earlier} trials`);
      const trials = await searchInStudy(
        store,
        { name, settings },
        {
          arms,
          gate,
          objective,
          epochs,
          images,
          rng: rng.fork("search"),
          train,
          until,
          record: async (trial) => {
            if (trial.sameAs !== null) return;
            clock.trials++;
            progress.line(trialLine(trial));
          },
          onTrial: (trial) => {
            told.push(trial);
            if (trial.sameAs === null) trained.push(trial);
          },
        },
      );
      const found = searchFacts({
        name,
        place: shownPlace(study),
        title: dataset.name,
        strategy: options.strategy,
        objective,
        trials,
        seed,
        epochs,
        images,
        rejected,
        engine: engine.name,
        threads: engine.threads,
        exhaustedBefore: isEnough || trained.length >= options.trials ? null : options.trials,
        validation: dataset.splits.validation.length,
        data: dataFacts(dataset),
        warmStart: weights !== null,
        latencyOn: latency?.on ?? null,
        shared: supernet && { space, accuracies: supernet.shared },
        seconds: (performance.now() - began) / 1000,
      });
      if (page !== undefined) {
        // On a server other searches may go on meanwhile: the folder is theirs as well.
        held ??= await hold(page.folder);
        await writeFileAtomic(join(page.folder, page.name), page.render(found));
      }
      return found;
    } finally {
      await supernet?.dispose();
      await store.close();
    }
  } catch (error) {
    await held?.close(error);
    throw error;
  } finally {
    pool.close();
    await held?.close();
  }
}

export const defaultScore: ZeroCostName = "naswot";

/** Enough for τ to settle on small images; see `results/small-space`. */
export const defaultSupernet = { epochs: 10, judged: 200 };

/** The controller is the one that learns on an engine. */
const strategyOf = ({ strategy, strategyOptions, engine }: SearchOptions) =>
  strategy === "controller" ? controller({ ...strategyOptions, engine }) : createStrategy(strategy, strategyOptions);

function objectiveOf({ axes, target }: Pick<SearchOptions, "axes" | "target">): Objective {
  return {
    costs: axes,
    reward: ({ accuracy, costs }) =>
      target === undefined ? accuracy : reward(accuracy, costOf(costs, target.cost), target.value, target.exponents),
  };
}

const best = (trials: readonly Trial[]) =>
  trials.length === 0 ? [] : [`best ${formatPercent(largest(trials.map(({ accuracy }) => accuracy)))}`];

function trialLine({ id, arm, state, accuracy, costs, seconds, architecture, curve, epochs, error }: Trial): string {
  const head = `trial ${String(id + 1).padStart(3)}  ${arm.padEnd(18)}`;
  if (state === "failed") return `${head}  failed: ${error?.split("\n")[0]}  ${describe(architecture)}`;
  const figures = [
    formatPercent(accuracy).padStart(6),
    `${formatCount(costs.params)} params`.padStart(14),
    `${formatCount(costs.macs)} MACs`.padStart(12),
    ...(typeof costs.latencyMs === "number" ? [`${costs.latencyMs.toPrecision(3)} ms`.padStart(8)] : []),
    formatDuration(seconds).padStart(6),
  ];
  const stopped = state === "stopped" ? `stopped after ${curve.length} of ${epochs} epochs · ` : "";
  return `${head}  ${figures.join("  ")}  ${stopped}${describe(architecture)}`;
}
