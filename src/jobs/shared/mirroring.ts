/** Whether a mirrored picture still shows what its label says: not an arrow, not a letter. Asked of the pictures themselves. */
import { InterruptedError, lastly, type Rng } from "../../base/index.js";
import { channelStatistics, type ImageSet, mirrored, subset } from "../../data/index.js";
import { countArchitecture } from "../../networks/index.js";
import { bestWithin, portfolio } from "../../portfolio/index.js";
import type { Engine } from "../../runtime/index.js";
import { createTraining, type Recipe, warmingUpWithin } from "../../training/index.js";
import type { Progress } from "./progress.js";

/** How training mirrors pictures, and the reason in a sentence. */
export type Mirroring = { readonly on: boolean; readonly why: string };

export type MirroringOptions = {
  readonly engine: Engine;
  /** Training images, of a small side: a small network is enough. */
  readonly images: ImageSet;
  readonly classes: readonly string[];
  readonly recipe: Recipe;
  readonly rng: Rng;
  /** For the training; by default as long as 300 steps take. */
  readonly seconds?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress: Progress;
};

const STEPS = { least: 40, most: 300 };
const PROBED = 2000;
const SMALL = { params: 30_000, macs: 1_000_000 };
/** Of fewer that the network knows nothing is concluded. */
const LEAST_KNOWN = 12;
/** Where fewer are known again in the mirror, it shows something else, or what no picture shows. */
const LEAST_KEPT = 0.35;

/**
 * Trains a small network for a moment without mirroring, and shows it the pictures that it knows in a mirror. A class that it knows no
 * more then is another one in the mirror, as a left arrow is, or never stands so in the data, as shoes that all point one way: in both
 * cases mirrored pictures teach nothing true of the pictures to come.
 *
 * @throws {InterruptedError} after the signal.
 */
export async function findMirroring(options: MirroringOptions): Promise<Mirroring> {
  const { images, classes, rng, progress } = options;
  progress.phase("mirror", "asking the pictures whether they may be mirrored");
  const order = rng.fork("mirror").shuffle(Array.from({ length: images.count }, (_, i) => i));
  const probe = subset(images, order.slice(0, PROBED));
  const predicted = await predictBoth(options, order, probe);
  return judge(classes, probe.labels, predicted, images.channels === 3);
}

type Predicted = { readonly plain: Int32Array; readonly mirrored: Int32Array };

async function predictBoth(options: MirroringOptions, order: readonly number[], probe: ImageSet): Promise<Predicted> {
  const { engine, images, classes, rng, seconds, signal, progress } = options;
  const { batchSize } = options.recipe;
  const { architecture } = bestWithin(portfolio[0]!.shape, {
    input: { classes: classes.length, channels: images.channels },
    sides: [images.size],
    budget: SMALL,
    costsOf: countArchitecture,
  });
  const part = subset(images, order.slice(0, STEPS.most * batchSize));
  const augmentation = { ...options.recipe.augmentation, flip: false };
  const normalization = channelStatistics(part);
  const recipe = { ...options.recipe, augmentation };
  const perEpoch = Math.max(1, Math.floor(part.count / batchSize));
  const setup = { engine, architecture, normalization, rng: rng.fork("mirror training"), recipe };
  const steps = seconds === undefined ? STEPS.most : await affordable(setup, part, seconds);
  const epochs = Math.max(1, Math.round(steps / perEpoch));
  const training = await createTraining({ ...setup, recipe: warmingUpWithin(recipe, epochs) });
  return lastly(
    async () => {
      for (let epoch = 1; epoch <= epochs; epoch++) {
        await training.trainEpoch(part, {
          epochs,
          signal,
          onStep: ({ step, steps }) =>
            progress.update({ text: `epoch ${epoch}/${epochs}`, fraction: (epoch - 1 + step / steps) / epochs }),
        });
      }
      if (signal?.aborted)
        throw new InterruptedError({ at: "mirror", expected: "to run to the end", received: "a stop" });
      return { plain: await training.predict(probe), mirrored: await training.predict(mirrored(probe)) };
    },
    () => training.dispose(),
  );
}

async function affordable(
  setup: Parameters<typeof createTraining>[0],
  images: ImageSet,
  seconds: number,
): Promise<number> {
  const training = await createTraining(setup);
  const step = await lastly(
    () => training.measureStep(images),
    () => training.dispose(),
  );
  return Math.max(STEPS.least, Math.min(STEPS.most, Math.floor(seconds / step)));
}

/** @param labels of pictures. @param predicted for each as it is, and in the mirror. @param usual where that shows nothing. */
export function judge(
  classes: readonly string[],
  labels: ArrayLike<number>,
  { plain, mirrored }: { readonly plain: ArrayLike<number>; readonly mirrored: ArrayLike<number> },
  usual: boolean,
): Mirroring {
  const known = classes.map((name) => ({ name, count: 0, kept: 0, others: classes.map(() => 0) }));
  for (let i = 0; i < plain.length; i++) {
    if (plain[i] !== labels[i]) continue;
    const own = known[labels[i]!]!;
    own.count++;
    if (mirrored[i] === labels[i]) own.kept++;
    else own.others[mirrored[i]!]!++;
  }
  const count = known.reduce((sum, own) => sum + own.count, 0);
  const kept = known.reduce((sum, own) => sum + own.kept, 0);
  const share = (own: { readonly count: number; readonly kept: number }) => own.kept / own.count;
  const changed = known.filter((own) => own.count >= LEAST_KNOWN && share(own) < LEAST_KEPT);
  const [worst] = changed.toSorted((a, b) => share(a) - share(b));
  if (worst !== undefined) {
    const most = Math.max(...worst.others);
    const other = `${most} of ${worst.count} known pictures of ${worst.name} are taken for ${classes[worst.others.indexOf(most)]} in the mirror`;
    const more = changed.length === 1 ? "" : ` (and ${changed.length - 1} more classes change)`;
    return { on: false, why: `${other}${more}` };
  }
  const figures = `${kept} of ${count} pictures that a brief training knew were known in the mirror, too`;
  if (count < LEAST_KNOWN) return { on: usual, why: `${figures}: too few to tell, so as is usual` };
  return { on: share({ count, kept }) >= 0.5, why: figures };
}

export const mirroringLine = ({ on, why }: Mirroring): string =>
  `pictures are ${on ? "mirrored at random" : "not mirrored"}: ${why}`;
