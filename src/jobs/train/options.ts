/** What a training is asked for. */
import type { Shape } from "../../data/index.js";
import type { Architecture, BuildOptions } from "../../networks/index.js";
import type { Engine } from "../../runtime/index.js";
import type { FoundRecipe } from "../../training/index.js";
import type { Metric } from "../shared/choices.js";
import type { Progress } from "../shared/progress.js";
import type { FromOptions } from "./fine-tune.js";
import type { TeacherOptions } from "./teacher.js";

export type NetworkOptions = Pick<BuildOptions, "width" | "depth" | "resolution"> & {
  readonly name?: string | undefined;
  /** A network of one's own, in place of a published one: classes and channels become those of the images. */
  readonly table?: Architecture | undefined;
};

export type TrainOptions = {
  readonly data: string;
  /** By which states and trials are compared; by default balanced accuracy where classes are of unequal size. */
  readonly metric?: Metric | undefined;
  /** Whether training mirrors pictures; by default colour ones, where the recipe does. */
  readonly mirror?: boolean | undefined;
  /** A list of pictures to leave out, as `bantam check` writes it. */
  readonly exclude?: string | undefined;
  /** How pictures become squares; by default as their shapes suggest, or as pretrained weights were shown theirs. */
  readonly shape?: Shape | undefined;
  /** Needs a name or a table where there is no `from`; with it, only the resolution is heeded. */
  readonly network?: NetworkOptions | undefined;
  /** Weights to go on from: fine-tuning. */
  readonly from?: FromOptions | undefined;
  /** A network to learn from beside the labels: distillation. */
  readonly teacher?: TeacherOptions | undefined;
  /** By default `quick`. */
  readonly recipe?: FoundRecipe | undefined;
  /** By default the recipe's. */
  readonly epochs?: number | undefined;
  /** `"find"`: by a range test before the training. */
  readonly learningRate?: number | "find" | undefined;
  readonly batchSize?: number | undefined;
  /** In how many parts a batch goes through the network; by default as few as the memory allows. */
  readonly accumulate?: number | undefined;
  /** Bytes of memory that training may take; by default three quarters of what is free. */
  readonly trainingMemory?: number | undefined;
  readonly out: string;
  /** Begins anew where the folder holds this or another run. */
  readonly overwrite?: boolean | undefined;
  /** Within an epoch the last state is written after so many seconds; by default 60. */
  readonly checkpointSeconds?: number | undefined;
  /** Event files beside `metrics.jsonl`. */
  readonly tensorboard?: boolean | undefined;
  /** Pictures of the data as golden pictures of `model.onnx`; by default drawn ones, which show nobody. */
  readonly goldenPhotos?: boolean | undefined;
  readonly seed: number;
  /** Several: the fastest of them, by a few steps; a training that goes on stays with the one it began on. */
  readonly engine: Engine | readonly Engine[];
  readonly cacheDir: string;
  /** Threads that assemble batches beside the training steps; by default as many as the first steps suggest. */
  readonly workers?: number | undefined;
  /** Of HF_HOME and others, where weights come from the Hugging Face Hub; by default `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};
