/** Shared weights on disk. */
import { loadVectors, saveVectors } from "../training/index.js";
import type { SupernetState } from "./supernet-setup.js";

const FORMAT = "bantam-supernet-2";

/** @param run identifies everything that the training depends on. */
export async function saveSupernet(path: string, { weights, velocity, epoch, compute }: SupernetState, run: string) {
  const vectors = new Map(Object.entries({ weights, velocity }));
  await saveVectors(path, vectors, { format: FORMAT, run, epoch: String(epoch), compute: String(compute) });
}

/** @returns nothing when there is no such file, or it is another run's. @throws {ModelError} when it is damaged. */
export async function loadSupernet(path: string, run: string): Promise<SupernetState | undefined> {
  const isOlder = (format: string | undefined) => format === "bantam-supernet-1";
  const file = await loadVectors(path, { format: FORMAT, run, isOlder });
  if (file === null) return undefined;
  const { numbers, metadata } = file;
  const [epoch, compute] = [Number(metadata.epoch), Number(metadata.compute)];
  return { weights: numbers("weights"), velocity: numbers("velocity"), epoch, compute };
}
