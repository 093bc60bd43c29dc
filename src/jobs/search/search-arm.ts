/** The strategy that a search was asked for. */
import { keyOf } from "../../folders/index.js";
import { controller, createStrategy, type Strategy } from "../../search/index.js";
import { warmingUpWithin } from "../../training/index.js";
import { scoreFilter } from "./score-filter.js";
import type { SearchJob } from "./search-job.js";
import { defaultScore, defaultSupernet } from "./search-options.js";
import { supernetArm } from "./supernet-arm.js";

export type SearchArm = {
  readonly strategy: Strategy;
  /** What shared weights say of candidates, by `candidateKey`. */
  readonly shared?: ReadonlyMap<string, number>;
  dispose(): Promise<void>;
};

/** @param folder where weights of the search are kept. */
export async function openArm(job: SearchJob, folder: string): Promise<SearchArm> {
  const { strategy, strategyOptions, engine } = job.options;
  const only = (strategy: Strategy): SearchArm => ({ strategy, dispose: async () => {} });
  switch (strategy) {
    case "supernet":
      return sharedWeightsArm(job, folder);
    case "prefiltered":
      return only(filterArm(job));
    case "controller":
      // The one that learns on an engine.
      return only(controller({ ...strategyOptions, engine }));
    default:
      return only(createStrategy(strategy, strategyOptions));
  }
}

function sharedWeightsArm(job: SearchJob, folder: string): Promise<SearchArm> {
  const { options, images, gate, normalization, progress, rng, settings } = job;
  const { epochs, judged } = options.supernet ?? defaultSupernet;
  return supernetArm({
    engine: options.engine,
    gate,
    normalization,
    epochs,
    judged,
    signal: options.signal,
    progress,
    train: images.train,
    validation: images.validation,
    recipe: warmingUpWithin(job.recipe, epochs),
    rule: { kind: "sandwich", random: 2 },
    rng: rng.fork("supernet"),
    folder,
    run: keyOf(settings),
  });
}

const filterArm = ({ options, images, normalization, rng }: SearchJob): Strategy =>
  scoreFilter({
    engine: options.engine,
    normalization,
    train: images.train,
    rng: rng.fork("scores"),
    which: options.score ?? defaultScore,
  });
