/**
 * The search itself: strategies ask, candidates are counted, trained and recorded, and the strategies are told.
 *
 * Several strategies, the arms, search side by side. The one that has spent less training compute goes next, so that whenever the
 * search ends they can be compared. What one arm had trained is not trained again for another, but counts as its compute; what an
 * arm asks for a second time counts as nothing.
 *
 * There is no other state than the trials: a search that was stopped goes on by telling the strategies what became of their
 * proposals, in the same order.
 */
import { concernsAll, lastly, messageOf, type Rng, UsageError } from "../base/index.js";
import { brokenLimits } from "../scaling/index.js";
import { type CostGate, type Counted, count } from "./feasible.js";
import { candidateKey, choicesOf, networkKey, type SearchSpace } from "./space.js";
import type { Objective, Outcome, Proposal, Strategy, Trial } from "./strategy.js";

/** What is to be trained next. */
export type Assignment = Counted &
  Pick<Trial, "id" | "arm" | "parent" | "epochs"> &
  Required<Pick<Proposal, "preparation">>;

export type SearchRun = {
  /** The strategy that was asked for, and those it is compared with. Their names differ. */
  readonly arms: readonly Strategy[];
  readonly gate: CostGate;
  readonly objective: Objective;
  /** Of a whole trial. */
  readonly epochs: number;
  /** Training images of a trial, for the compute. */
  readonly images: number;
  readonly rng: Rng;
  /** Trials of an earlier, stopped run of the same search, all of them and in their order. */
  readonly recorded: readonly Trial[];
  readonly train: (assignment: Assignment) => Promise<Outcome>;
  /**
   * Whether an error of `train` ends the search; any other makes a failed trial, and the search goes on. By default those end it
   * that would meet every other training as well.
   */
  readonly ends?: (error: unknown) => boolean;
  /** Called after each new trial. What it throws ends the search. */
  readonly record: (trial: Trial) => Promise<void>;
  /** Asked before each new training: what is known already costs nothing, and every arm is told of it. */
  readonly until: (trials: readonly Trial[]) => boolean;
  /** Called for each trial, recorded or new, when the strategies are about to be told. */
  readonly onTrial?: (trial: Trial) => void;
  /** Called for each new proposal before it is trained, also where its outcome is known. */
  readonly onProposal?: (assignment: Assignment) => void;
};

type Arm = {
  readonly name: string;
  readonly proposals: ReturnType<Strategy["search"]>;
  compute: number;
  /** What it was told of, and pays for no more. */
  readonly paid: Set<string>;
  /** What it was not told yet. */
  told: Trial | null;
  ended: boolean;
};

/**
 * Ends when `until` says so, or when the first arm has nothing more to ask for and the others have spent as much as it did.
 *
 * @returns all trials, the recorded ones first.
 * @throws what ends it out of `train`: the trial that was stopped is not recorded.
 * @throws {UsageError} when the recorded trials are not those of this search.
 */
export async function runSearch(run: SearchRun): Promise<readonly Trial[]> {
  const arms = openArms(run);
  const trials: Trial[] = [];
  const known = new Map<string, Trial>();
  const add = (arm: Arm, trial: Trial) => {
    trials.push(trial);
    arm.compute += trial.compute;
    arm.told = trial;
    if (trial.state === "failed") return;
    const work = workOf(run.gate.space, trial);
    arm.paid.add(work);
    if (trial.sameAs === null) known.set(work, trial);
  };
  const go = async () => {
    for (;;) {
      const recorded = run.recorded[trials.length];
      const asked = await ask(arms);
      if (asked === null && recorded === undefined) return trials;
      const assignment = asked && assign(run, trials, asked);
      if (recorded !== undefined) requireSame(run.gate.space, assignment, recorded, trials.length);
      const { arm } = asked!;
      const work = assignment && workOf(run.gate.space, assignment);
      const before = work === null ? undefined : known.get(work);
      if (recorded === undefined && before === undefined && run.until(trials)) return trials;
      const trial = recorded ?? (await perform(run, assignment!, before, arm.paid.has(work!)));
      add(arm, trial);
      if (recorded === undefined) await run.record(trial);
      run.onTrial?.(trial);
    }
  };
  return lastly(go, async () => {
    // A strategy may hold a session of an engine.
    await Promise.all(arms.map(({ proposals }) => proposals.return()));
  });
}

function openArms({ arms, gate, objective, epochs, rng }: SearchRun): readonly Arm[] {
  const names = new Set(arms.map(({ name }) => name));
  if (names.size < arms.length) throw new Error("internal: two arms of a search have the same name");
  return arms.map(({ name, search }) => ({
    name,
    proposals: search({ gate, objective, epochs, rng: rng.fork("strategy") }),
    compute: 0,
    paid: new Set(),
    told: null,
    ended: false,
  }));
}

/** The next proposal of the arm that has spent least; null when the search has come to its end. */
async function ask(arms: readonly Arm[]): Promise<{ arm: Arm; proposal: Proposal } | null> {
  for (;;) {
    const [first] = arms;
    const open = arms.filter(({ ended, compute }) => !ended && !(first!.ended && compute >= first!.compute));
    if (open.length === 0) return null;
    const arm = open.reduce((least, other) => (other.compute < least.compute ? other : least));
    const next = await (arm.told === null ? arm.proposals.next() : arm.proposals.next(arm.told));
    if (next.done !== true) return { arm, proposal: next.value };
    arm.ended = true;
  }
}

function assign(
  { gate, epochs: whole }: SearchRun,
  trials: readonly Trial[],
  { arm, proposal }: { arm: Arm; proposal: Proposal },
): Assignment {
  const { candidate, parent, epochs = whole, preparation = 0 } = proposal;
  const wrong = (what: string) => new Error(`internal: ${arm.name} proposed ${what}: ${JSON.stringify(candidate)}`);
  if (choicesOf(gate.space, candidate).includes(-1)) throw wrong("a candidate that is not in the space");
  const counted = count(gate, candidate);
  const broken = brokenLimits(counted.costs, gate.budget);
  if (broken.length > 0) throw wrong(`a candidate that breaks the limit of ${broken.join(" and ")}`);
  if (!(Number.isInteger(epochs) && epochs >= 1)) throw wrong(`${epochs} epochs`);
  if (parent !== null && trials[parent] === undefined) throw wrong(`trial ${parent}, which there is not, as a parent`);
  return { ...counted, id: trials.length, arm: arm.name, parent, epochs, preparation };
}

/** @param before the trial that this one would only repeat. @param isPaid whether this arm had asked for it. */
async function perform(
  run: SearchRun,
  assignment: Assignment,
  before: Trial | undefined,
  isPaid: boolean,
): Promise<Trial> {
  run.onProposal?.(assignment);
  const outcome = before === undefined ? await train(run, assignment) : { ...outcomeOf(before), seconds: 0 };
  // An epoch that failed was begun. Without it, an arm that always fails would never let another go.
  const begun = outcome.state === "failed" ? outcome.curve.length + 1 : outcome.curve.length;
  const paid = isPaid ? 0 : Math.min(begun, assignment.epochs);
  const { preparation, ...rest } = assignment;
  return {
    ...rest,
    ...outcome,
    accuracy: outcome.state === "failed" ? 0 : (outcome.curve.at(-1) ?? 0),
    compute: preparation + assignment.costs.macs * run.images * paid,
    sameAs: before?.id ?? null,
  };
}

async function train({ train, ends = concernsAll }: SearchRun, assignment: Assignment): Promise<Outcome> {
  try {
    return await train(assignment);
  } catch (error) {
    if (ends(error)) throw error;
    return { state: "failed", curve: [], seconds: 0, imagesPerSecond: 0, error: messageOf(error) };
  }
}

const outcomeOf = ({ state, curve, seconds, imagesPerSecond, error }: Trial): Outcome => ({
  state,
  curve,
  seconds,
  imagesPerSecond,
  error,
});

/** The same for candidates of the same network. */
const workOf = (space: SearchSpace, { candidate, epochs }: Pick<Trial, "candidate" | "epochs">) =>
  `${networkKey(space, candidate)} ${epochs}`;

function requireSame(space: SearchSpace, now: Assignment | null, then: Trial, id: number): asserts now is Assignment {
  const line = ({
    id,
    arm,
    parent,
    candidate,
    epochs,
  }: Pick<Trial, "id" | "arm" | "parent" | "candidate" | "epochs">) =>
    `${arm}'s trial ${id + 1} of ${candidateKey(space, candidate)} for ${epochs} epochs${parent === null ? "" : ` after trial ${parent + 1}`}`;
  if (now !== null && line(now) === line(then)) return;
  throw new UsageError({
    at: `recorded trial ${id + 1}`,
    expected: now === null ? "no more trials" : line(now),
    received: line(then),
    hint: "these trials are of a search with another seed, space, budget or other options: repeat those, or begin anew",
  });
}
