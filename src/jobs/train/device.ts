/** The device that a training runs on: the one it began on, or the fastest. Kept beside its checkpoints. */
import { z } from "zod";
import { writeFileAtomic } from "../../base/files.js";
import { EngineError } from "../../base/index.js";
import type { ImageSet } from "../../data/index.js";
import { readDocument } from "../../folders/index.js";
import type { Engine } from "../../runtime/index.js";
import { type MeasuredEngine, measureEngines, type TrainingSetup } from "../../training/index.js";
import type { Progress } from "../shared/progress.js";

const choiceSchema = z.object({ run: z.string(), device: z.literal(["cpu", "wasm", "webgpu"]) });

/**
 * @param engines one that is insisted on, or those to choose from.
 * @param kept.run identifies the training, whatever it runs on: a choice that was made for another is not heeded.
 * @throws {ModelError} when the choice that was kept is damaged.
 * @throws {EngineError} when the training began on a device that is not there any more, or no device can train the network.
 */
export async function chooseDevice(
  engines: Engine | readonly Engine[],
  setup: Omit<TrainingSetup, "engine">,
  images: ImageSet,
  kept: { readonly file: string; readonly run: string },
  progress: Progress,
): Promise<Engine> {
  if ("load" in engines) return engines;
  const before = await readDocument(choiceSchema, {
    at: kept.file,
    expected: "the device of a training",
    hint: "remove it, and name the device with --device, or let it be chosen anew",
  });
  if (before?.run === kept.run) {
    const same = engines.find(({ device }) => device === before.device);
    if (same !== undefined) return same;
    throw new EngineError({
      at: kept.file,
      expected: `${before.device}, on which this training began`,
      received: `only ${engines.map(({ device }) => device).join(", ")}`,
      hint: "--device names another: the training goes on there, rounded differently",
    });
  }
  progress.phase("device", `trying a few steps on ${engines.map(({ device }) => device).join(", ")}`);
  const { fastest, measured } = await measureEngines(engines, setup, images);
  progress.line(`device ${fastest.device}: ${measured.map(shown).join(", ")}`);
  const choice: z.infer<typeof choiceSchema> = { run: kept.run, device: fastest.device };
  await writeFileAtomic(kept.file, `${JSON.stringify(choice)}\n`);
  return fastest;
}

function shown({ engine, stepSeconds }: MeasuredEngine): string {
  if (stepSeconds === null) return `${engine.device} cannot train this network`;
  const ms = 1000 * stepSeconds;
  return `${engine.device} ${ms < 100 ? ms.toPrecision(3) : Math.round(ms)} ms a step`;
}
