/** What a search is asked for. */
import type { Shape } from "../../data/index.js";
import type { ZeroCostName } from "../../proxies/index.js";
import type { SearchReport } from "../../report/index.js";
import type { Engine } from "../../runtime/index.js";
import type { Budget, LimitName } from "../../scaling/index.js";
import type { RewardExponents, SpaceMaker } from "../../search/index.js";
import type { Metric } from "../shared/choices.js";
import type { LatencyPredictor } from "../shared/latency-predictor.js";
import type { Progress } from "../shared/progress.js";

export type SearchOptions = {
  /** A folder of class folders, or of IDX files. */
  readonly data: string;
  /** By which states and trials are compared; by default balanced accuracy where classes are of unequal size. */
  readonly metric?: Metric | undefined;
  /** Whether training mirrors pictures; by default colour ones, where the recipe does. */
  readonly mirror?: boolean | undefined;
  /** A list of pictures to leave out, as `bantam check` writes it. */
  readonly exclude?: string | undefined;
  /** How pictures become squares; by default as their shapes suggest. */
  readonly shape?: Shape | undefined;
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
  /** Trials that come from another begin with its weights, as far as they fit; by default NetAdapt's, as in its paper. */
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

export const defaultScore: ZeroCostName = "naswot";

/** Enough for τ to settle on small images; see `results/small-space`. */
export const defaultSupernet = { epochs: 10, judged: 200 };

export const startsWarm = ({ strategy, warmStart }: Pick<SearchOptions, "strategy" | "warmStart">): boolean =>
  warmStart ?? strategy === "netadapt";
