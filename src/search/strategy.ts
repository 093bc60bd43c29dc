/** What a strategy is: it asks for a candidate, is told what became of it, and asks for the next. */
import type { Rng } from "../base/index.js";
import type { LimitName } from "../scaling/index.js";
import type { CostGate, Counted } from "./feasible.js";
import type { Candidate } from "./space.js";

export type Proposal = {
  readonly candidate: Candidate;
  /** The trial it comes from: a parent, or the same candidate trained for less. Its weights may be inherited. */
  readonly parent: number | null;
  /** How long it is trained, where that is not the search's own length. */
  readonly epochs?: number;
  /** Multiply-accumulates that went into finding it, where that was more than a glance: they count as the trial's. */
  readonly preparation?: number;
};

/** What training a candidate came to. */
export type Outcome = {
  /** `stopped`: before its last epoch, as one that could not come onto the front any more. */
  readonly state: "finished" | "stopped" | "failed";
  /** Top-1 on the validation images after each epoch that was trained. */
  readonly curve: readonly number[];
  readonly seconds: number;
  /** Speed of the training, validation left out; 0 where none was trained. */
  readonly imagesPerSecond: number;
  /** Why it failed. */
  readonly error: string | null;
};

/** A proposal and what became of it. Plain data: a search that was stopped goes on by being told its trials again. */
export type Trial = Counted &
  Outcome & {
    /** Its place in the search, from 0. */
    readonly id: number;
    /** Name of the strategy that asked for it. */
    readonly arm: string;
    readonly parent: number | null;
    readonly epochs: number;
    /** Last of the curve; 0 where the trial failed. */
    readonly accuracy: number;
    /**
     * Multiply-accumulates of the training, had this arm been alone: MACs · images · epochs begun, and its preparation. What the
     * arm asks for again takes no training.
     */
    readonly compute: number;
    /** The earlier trial of the same candidate and length whose outcome this is; nothing was trained again. */
    readonly sameAs: number | null;
  };

export type Objective = {
  /** What is minimized beside the error; the axes of the front. */
  readonly costs: readonly LimitName[];
  /** One number to maximize, for strategies that need one. */
  readonly reward: (trial: Pick<Trial, "accuracy" | "costs">) => number;
};

export type SearchContext = {
  readonly gate: CostGate;
  readonly objective: Objective;
  /** Of a whole trial. */
  readonly epochs: number;
  /**
   * Of this strategy alone. Every arm's begins alike, so what two strategies draw under one label is the same: arms that
   * begin at random begin with the same candidates, which are then trained once.
   */
  readonly rng: Rng;
};

/**
 * Ends when it has nothing more to ask for, and does not for ever ask for what it was told before, which costs nothing. What it asks for depends on its options, the context and what it was told, and on
 * nothing else.
 */
export type Strategy = {
  readonly name: string;
  readonly search: (context: SearchContext) => AsyncGenerator<Proposal, void, Trial>;
};
