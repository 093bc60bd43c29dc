/** The strategy that trains shared weights first: where they lie on disk, and what they say of each candidate. */
import { join } from "node:path";
import { z } from "zod";
import { ensureWritableFolder, writeFileAtomic } from "../../base/files.js";
import { DivergenceError, interruption } from "../../base/index.js";
import { readDocument } from "../../folders/index.js";
import { candidateKey, type Strategy } from "../../search/index.js";
import {
  createSupernet,
  loadSupernet,
  type SharedAccuracy,
  type Supernet,
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
  const { folder, run, judged: most, gate, epochs, signal, progress } = options;
  await ensureWritableFolder(folder);
  const files = { weights: join(folder, "supernet.safetensors"), judged: join(folder, "shared-accuracy.json") };
  const judgements = await readJudgements(files.judged, run);
  const shared = new Map<string, number>();
  let supernet: Supernet | undefined;

  const trainedAfter = async (setbacks: number): Promise<Supernet> => {
    const attempt = attemptOf(run, setbacks);
    const trained = createSupernet({
      ...options,
      recipe: recipeAfter(options.recipe, setbacks),
      state: await loadSupernet(files.weights, attempt),
    });
    supernet = trained;
    while (trained.state.epoch < epochs) {
      const began = performance.now();
      const before = trained.state.epoch;
      await trained.trainEpoch({
        signal,
        onStep: ({ epoch, step, steps, loss }) => {
          const done = epoch - 1 + step / steps;
          const pace = (performance.now() - began) / 1000 / (done - before);
          progress.update({
            text: `shared weights, epoch ${epoch}/${epochs}, loss ${loss.toFixed(3)}`,
            fraction: done / epochs,
            secondsLeft: (epochs - done) * pace,
          });
        },
      });
      await saveSupernet(files.weights, trained.state, attempt);
    }
    return trained;
  };

  /** Begun anew at a lower rate where it diverges; a search that goes on does so with the attempt that it was at. */
  const trainShared = async (): Promise<Supernet> => {
    let setbacks = MOST_RETRIES;
    while (setbacks > 0 && (await loadSupernet(files.weights, attemptOf(run, setbacks))) === undefined) setbacks--;
    for (; ; setbacks++) {
      try {
        return await trainedAfter(setbacks);
      } catch (error) {
        if (!(error instanceof DivergenceError)) throw error;
        await supernet?.dispose();
        const { at, received } = error.facts;
        if (setbacks === MOST_RETRIES) {
          const all = `${received}, and no better end at ${MOST_RETRIES} higher rates`;
          const hint = "look at the pictures and at which folder each is in, or take another --strategy";
          throw new DivergenceError({ ...error.facts, received: all, hint }, { cause: error });
        }
        const { learningRate } = recipeAfter(options.recipe, setbacks + 1);
        progress.line(`${at} went wrong (${received}): begun anew at a learning rate of ${learningRate}`, "warning");
      }
    }
  };

  const prepare = async () => {
    const trained = await trainShared();
    return {
      compute: trained.state.compute,
      judge: async (candidate: Parameters<Supernet["evaluate"]>[0]): Promise<SharedAccuracy> => {
        if (signal?.aborted) throw interruption(signal, "shared weights", "to judge candidates");
        const key = candidateKey(gate.space, candidate);
        const known = judgements.get(key);
        if (known !== undefined) return known;
        const judged = await trained.evaluate(candidate);
        judgements.set(key, judged);
        await writeFileAtomic(files.judged, JSON.stringify({ run, judged: Object.fromEntries(judgements) }));
        return judged;
      },
    };
  };
  const strategy = supernetStrategy({
    prepare,
    judged: most,
    onJudged: (candidate, accuracy, done) => {
      shared.set(candidateKey(gate.space, candidate), accuracy);
      progress.update({
        text: `judged ${done} of at most ${most} by shared weights`,
        fraction: Math.min(done / most, 1),
      });
    },
  });
  return { strategy, shared, dispose: async () => supernet?.dispose() };
}

/** The name of a training after so many that diverged. */
const attemptOf = (run: string, setbacks: number) => (setbacks === 0 ? run : `${run}-${setbacks}`);

/** None where there is no such file, or it is another run's. @throws {ModelError} when it is damaged. */
async function readJudgements(at: string, run: string): Promise<Map<string, SharedAccuracy>> {
  const hint = "remove it: the candidates are judged anew";
  const found = await readDocument(judgementsSchema, { at, expected: "what shared weights said of candidates", hint });
  return new Map(found?.run === run ? Object.entries(found.judged) : []);
}
