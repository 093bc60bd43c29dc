/** What a training tells as it goes: people by its progress, other programs by its metrics. */
import { sparkline } from "../../report/index.js";
import type { EpochRecord, StepProgress } from "../../training/index.js";
import { type PhaseSetback, setbackInWords } from "../shared/course.js";
import { epochLine, paceOf } from "../shared/progress.js";
import { openMetrics } from "./metrics.js";
import type { TrainJob } from "./train-job.js";

/** @param earlier epochs that a run which goes on has behind it. */
export async function watchTraining(
  { options, progress, epochs, recipe }: Pick<TrainJob, "options" | "progress" | "epochs" | "recipe">,
  earlier: readonly EpochRecord[],
) {
  const metrics = await openMetrics(options.out, { earlier, tensorboard: options.tensorboard ?? false });
  const accuracies = earlier.map(({ validationAccuracy }) => validationAccuracy);
  return {
    onNotice: (text: string) => progress.line(text, "warning"),
    onStep: (epoch: number, { step, steps, imagesPerSecond, waitingForData }: StepProgress) =>
      progress.update({
        text: `epoch ${epoch}/${epochs}`,
        fraction: (epoch - 1 + step / steps) / epochs,
        columns: [...paceOf({ imagesPerSecond, waitingForData }), sparkline(accuracies)].filter((text) => text !== ""),
        secondsLeft: ((epochs - epoch + 1 - step / steps) * steps * recipe.batchSize) / imagesPerSecond,
      }),
    onEpoch: async (record: EpochRecord) => {
      progress.line(epochLine(record, epochs));
      accuracies.push(record.validationAccuracy);
      await metrics.add(record);
    },
    onSetback: async (setback: PhaseSetback, curve: readonly EpochRecord[]) => {
      progress.line(setbackInWords(setback), "warning");
      accuracies.splice(curve.length);
      await metrics.replace(curve);
    },
  };
}
