/** In how many parts a training's batches go through the network, by the memory that there is. */
import { formatBytes, UsageError } from "../../base/index.js";
import type { Engine } from "../../runtime/index.js";
import { partsWithin, type Recipe, type TrainingSetup } from "../../training/index.js";
import type { Progress } from "../shared/progress.js";
import type { OpenRun } from "./open-run.js";

/** Of the free memory: the images, and whatever else the machine does, need some. */
const SHARE = 0.75;

/**
 * The recipe with as many parts as its training needs to stay within the memory, chosen now or by an earlier call, after which the run
 * keeps them. Graphics chips have memory of their own, about which nothing is known: there the recipe stays as it is.
 *
 * @param memory.most bytes that training may take; by default three quarters of what is free.
 * @throws {UsageError} when parts of eight images would need more than `memory.most`.
 */
export async function chooseParts(
  setup: Omit<TrainingSetup, "engine">,
  engines: Engine | readonly Engine[],
  run: Pick<OpenRun, "parts" | "keepParts">,
  memory: { readonly most?: number | undefined; readonly free?: number },
  progress: Progress,
): Promise<Recipe> {
  const { recipe, architecture } = setup;
  if (run.parts !== null) return { ...recipe, accumulate: run.parts };
  const engine = ("load" in engines ? [engines] : engines).find(({ device }) => device !== "webgpu");
  if (engine === undefined) return recipe;
  const { most, free = process.availableMemory() } = memory;
  const limit = most ?? SHARE * free;
  const { accumulate, memory: planned, whole, fits } = partsWithin({ ...setup, engine }, limit);
  const images = recipe.batchSize / accumulate;
  if (!fits && most !== undefined) {
    throw new UsageError({
      at: "--training-memory",
      expected: `at least the ${formatBytes(planned.bytes)} that ${architecture.name} takes with ${images} images at a time`,
      received: formatBytes(most),
      hint: "a smaller --resolution or --width takes less",
    });
  }
  if (accumulate !== recipe.accumulate) {
    const instead = `${formatBytes(planned.bytes)} of memory in place of ${formatBytes(whole.bytes)}`;
    progress.line(`batches of ${recipe.batchSize} go through in ${accumulate} parts, for ${instead}`);
  } else if (most !== undefined) {
    progress.line(`memory: ${formatBytes(planned.bytes)} planned, ${formatBytes(most)} allowed`);
  }
  if (!fits) progress.line(`only ${formatBytes(free)} of memory are free: this may be slow, or end`, "warning");
  await run.keepParts(accumulate);
  return { ...recipe, accumulate };
}
