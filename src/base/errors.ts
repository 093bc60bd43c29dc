/**
 * Errors are data first and a sentence second. Callers match `code`; the wording is free to get better.
 * Everything a user can cause is a `BantamError`; any other error that reaches the front door is ours to fix.
 */

/** 1 failed · 2 wrong usage · 3 no network fits the budget · 130 interrupted. */
export type ExitCode = 1 | 2 | 3 | 130;

export type Facts = {
  /** Where: a file, an option, a node of a graph. */
  readonly at: string;
  readonly expected: string;
  readonly received: string;
  /** What the reader can do about it. */
  readonly hint?: string;
  /** The system's own name of what went wrong, for programs: `ENOSPC`. The sentence does without. */
  readonly errno?: string;
};

export abstract class BantamError extends Error {
  abstract readonly code: string;
  readonly exitCode: ExitCode = 1;
  /** Whether it would meet every other training as well: a stop, a full disk, images that cannot be read. */
  readonly concernsAll: boolean = false;
  readonly facts: Facts;

  constructor(facts: Facts, options?: ErrorOptions) {
    const hint = facts.hint === undefined ? "" : `\n  hint: ${facts.hint}`;
    super(`${facts.at}: expected ${facts.expected}, received ${facts.received}${hint}`, options);
    this.facts = facts;
    this.name = new.target.name;
  }
}

/** Shapes in a graph that do not fit together. */
export class ShapeError extends BantamError {
  readonly code = "shape";
}

/** Images, labels or folders that cannot be used. */
export class DataError extends BantamError {
  readonly code = "data";
  override readonly concernsAll = true;
}

/** A model or checkpoint file that cannot be read or does not match what it is loaded into. */
export class ModelError extends BantamError {
  readonly code = "model";
}

/** A file or folder that cannot be read or written: no permission, no space, not there. */
export class FileError extends BantamError {
  readonly code = "file";
  override readonly concernsAll = true;
}

/** Another machine that cannot be reached, refuses, or sends something else than what was asked for. */
export class NetworkError extends BantamError {
  readonly code = "network";
}

/** A wrong option, argument or configuration. */
export class UsageError extends BantamError {
  readonly code = "usage";
  override readonly exitCode = 2;
}

/** No network keeps the budget. */
export class InfeasibleError extends BantamError {
  readonly code = "infeasible";
  override readonly exitCode = 3;
}

/** Training left the finite numbers. */
export class DivergenceError extends BantamError {
  readonly code = "divergence";
}

/** No engine could be loaded, or it refused a graph. */
export class EngineError extends BantamError {
  readonly code = "engine";
}

/** The user asked to stop; everything finished so far is saved. */
export class InterruptedError extends BantamError {
  readonly code = "interrupted";
  override readonly exitCode = 130;
  override readonly concernsAll = true;
}
