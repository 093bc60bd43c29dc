/** The strategy that trains shared weights first: where they lie on disk, and what they say of each candidate. */
import { join } from "node:path";
import { z } from "zod";
import { ensureWritableFolder, writeFileAtomic } from "../../base/files.js";
import { DivergenceError, interruption } from "../../base/index.js";
import { readDocument } from "../../folders/index.js";
import { type Candidate, candidateKey, type Strategy } from "../../search/index.js";
import {
  createSupernet,
  loadSupernet,
  type SharedAccuracy,
  type Supernet,
  type SupernetProgress,
  type SupernetSetup,
  saveSupernet,
  supernetStrategy,
} from "../../supernet/index.js";
import { MOST_RETRIES, recipeAfter } from "../../training/index.js";
import type { Progress } from "../shared/progress.js";

export type SupernetArmOptions = Omit<SupernetSetup, "state"> & {
  /** Candidates that are judged by the shared weights. */
  readonly judged: number;
  /** Of the weights and what they said: a search that goes on neither trains nor judges again. */
  readonly folder: string;
  /** Identifies everything that the training depends on. */
  readonly run: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress: Progress;
};

export type SupernetArm = {
  readonly strategy: Strategy;
  /** Accuracy by shared weights, by `candidateKey`. */
  readonly shared: ReadonlyMap<string, number>;
  dispose(): Promise<void>;
};

const judgementsSchema = z.object({
  run: z.string(),
  judged: z.record(z.string(), z.object({ accuracy: z.number().min(0).max(1), compute: z.number().min(0) })),
});

export async function supernetArm(options: SupernetArmOptions): Promise<SupernetArm> {
  const { folder, run, judged: most, gate, progress } = options;
  await ensureWritableFolder(folder);
  const file = join(folder, "shared-accuracy.json");
  const known = await readJudgements(file, run);
  const shared = new Map<string, number>();
  let supernet: Supernet | undefined;
  const strategy = supernetStrategy({
    async prepare() {
      supernet = await trainShared(options, join(folder, "supernet.safetensors"));
      return { compute: supernet.state.compute, judge: judgeBy(supernet, options, known, file) };
    },
    judged: most,
    onJudged(candidate, accuracy, done) {
      shared.set(candidateKey(gate.space, candidate), accuracy);
      progress.update({
        text: `judged ${done} of at most ${most} by shared weights`,
        fraction: Math.min(done / most, 1),
      });
    },
  });
  return { strategy, shared, dispose: async () => supernet?.dispose() };
}

/** Begun anew at a lower rate where it diverges; a search that goes on does so with the attempt that it was at. */
async function trainShared(options: SupernetArmOptions, file: string): Promise<Supernet> {
  const { run, recipe, progress } = options;
  let setbacks = MOST_RETRIES;
  while (setbacks > 0 && (await loadSupernet(file, attemptOf(run, setbacks))) === undefined) setbacks--;
  for (; ; setbacks++) {
    try {
      return await trainedAfter(setbacks, options, file);
    } catch (error) {
      if (!(error instanceof DivergenceError)) throw error;
      if (setbacks === MOST_RETRIES) throw hopeless(error);
      const { at, received } = error.facts;
      const { learningRate } = recipeAfter(recipe, setbacks + 1);
      progress.line(`${at} went wrong (${received}): begun anew at a learning rate of ${learningRate}`, "warning");
    }
  }
}

function hopeless(error: DivergenceError): DivergenceError {
  const received = `${error.facts.received}, and no better end at ${MOST_RETRIES} higher rates`;
  const hint = "look at the pictures and at which folder each is in, or take another --strategy";
  return new DivergenceError({ ...error.facts, received, hint }, { cause: error });
}

/** Saved after each epoch. */
async function trainedAfter(setbacks: number, options: SupernetArmOptions, file: string): Promise<Supernet> {
  const run = attemptOf(options.run, setbacks);
  const recipe = recipeAfter(options.recipe, setbacks);
  const supernet = createSupernet({ ...options, recipe, state: await loadSupernet(file, run) });
  try {
    while (supernet.state.epoch < options.epochs) {
      const onStep = epochShown(options, supernet.state.epoch);
      await supernet.trainEpoch({ signal: options.signal, onStep });
      await saveSupernet(file, supernet.state, run);
    }
    return supernet;
  } catch (error) {
    await supernet.dispose().catch(() => {});
    throw error;
  }
}

/** @param before epochs that are done. */
function epochShown({ epochs, progress }: SupernetArmOptions, before: number) {
  const began = performance.now();
  return ({ epoch, step, steps, loss }: SupernetProgress) => {
    const done = epoch - 1 + step / steps;
    const pace = (performance.now() - began) / 1000 / (done - before);
    progress.update({
      text: `shared weights, epoch ${epoch}/${epochs}, loss ${loss.toFixed(3)}`,
      fraction: done / epochs,
      secondsLeft: (epochs - done) * pace,
    });
  };
}

/** Asks the weights once; what they said is on the disk when it returns. */
const judgeBy =
  (supernet: Supernet, options: SupernetArmOptions, known: Map<string, SharedAccuracy>, file: string) =>
  async (candidate: Candidate): Promise<SharedAccuracy> => {
    const { run, gate, signal } = options;
    if (signal?.aborted) throw interruption(signal, "shared weights", "to judge candidates");
    const key = candidateKey(gate.space, candidate);
    const before = known.get(key);
    if (before !== undefined) return before;
    const judged = await supernet.evaluate(candidate);
    known.set(key, judged);
    await writeFileAtomic(file, JSON.stringify({ run, judged: Object.fromEntries(known) }));
    return judged;
  };

/** The name of a training after so many that diverged. */
const attemptOf = (run: string, setbacks: number) => (setbacks === 0 ? run : `${run}-${setbacks}`);

/** None where there is no such file, or it is another run's. @throws {ModelError} when it is damaged. */
async function readJudgements(at: string, run: string): Promise<Map<string, SharedAccuracy>> {
  const hint = "remove it: the candidates are judged anew";
  const found = await readDocument(judgementsSchema, { at, expected: "what shared weights said of candidates", hint });
  return new Map(found?.run === run ? Object.entries(found.judged) : []);
}
