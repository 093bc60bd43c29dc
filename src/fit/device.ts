/** The device that a training runs on: the one it began on, or the fastest. Kept beside its checkpoints. */
import { readFile } from "node:fs/promises";
import { toFileError, writeFileAtomic } from "../base/files.js";
import { EngineError } from "../base/index.js";
import type { ImageSet } from "../data/index.js";
import type { Device, Engine } from "../runtime/index.js";
import { type MeasuredEngine, measureEngines, type TrainingSetup } from "../training/index.js";
import type { Progress } from "./progress.js";

type Choice = { readonly run: string; readonly device: Device };

/**
 * @param engines one that is insisted on, or those to choose from.
 * @param kept.run identifies the training, whatever it runs on: a choice that was made for another is not heeded.
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
  const before = await readChoice(kept.file);
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
  const choice: Choice = { run: kept.run, device: fastest.device };
  await writeFileAtomic(kept.file, `${JSON.stringify(choice)}\n`);
  return fastest;
}

function shown({ engine, stepSeconds }: MeasuredEngine): string {
  if (stepSeconds === null) return `${engine.device} cannot train this network`;
  const ms = 1000 * stepSeconds;
  return `${engine.device} ${ms < 100 ? ms.toPrecision(3) : Math.round(ms)} ms a step`;
}

/** null where there is none that can be read. */
async function readChoice(file: string): Promise<Choice | null> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "null";
    throw toFileError(error, file, "read");
  });
  try {
    return JSON.parse(text) as Choice | null;
  } catch {
    return null;
  }
}
