/**
 * Trainings of a scaling experiment, kept as they come. Whoever stores them elsewhere gives another `Points`.
 *
 * The file has a JSON document a line and only grows: a line is on the disk before the next training begins, and one that a
 * killed process or a pulled plug left unfinished is cut off when the file is opened again.
 */
import { type FileHandle, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { ensureWritableFolder, toFileError } from "../base/files.js";
import { DataError } from "../base/index.js";

export type TrainedPoint = {
  /** Of `run`, the point's key and the seed; a later record of the same id replaces an earlier one. */
  readonly id: string;
  /** Hash of everything else that the accuracy depends on: images, baseline, rounding, recipe, epochs. */
  readonly run: string;
  /** The point's multipliers: `d1.2 w1.1 r1.15`. */
  readonly key: string;
  readonly seed: number;
  readonly state: "finished" | "failed";
  /** Top-1 on the validation images after each epoch; empty where it failed. */
  readonly curve: readonly number[];
  readonly params: number;
  readonly macs: number;
  /** Of the training with its validations. */
  readonly seconds: number;
  readonly imagesPerSecond: number;
  /** Why it failed. */
  readonly error: string | null;
};

export type Points = {
  all(): Promise<readonly TrainedPoint[]>;
  /** When it returns, the point is on the disk. */
  add(point: TrainedPoint): Promise<void>;
};

const schema: z.ZodType<TrainedPoint> = z.object({
  id: z.string(),
  run: z.string(),
  key: z.string(),
  seed: z.int().min(0),
  state: z.enum(["finished", "failed"]),
  curve: z.array(z.number()),
  params: z.number(),
  macs: z.number(),
  seconds: z.number(),
  imagesPerSecond: z.number(),
  error: z.string().nullable(),
});

const pointsFile = (folder: string) => join(folder, "points.jsonl");

/**
 * The points of a folder, which is created where missing. One process at a time.
 *
 * @throws {FileError} when the folder or the file cannot be read or written. @throws {DataError} for a line that is no point.
 */
export async function openPoints(folder: string): Promise<Points> {
  await ensureWritableFolder(folder);
  const path = pointsFile(folder);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return Buffer.alloc(0);
    throw toFileError(error, path, "read");
  });
  const whole = bytes.lastIndexOf("\n") + 1;
  const lines = bytes.toString("utf8", 0, whole).split("\n").slice(0, -1);
  const points = new Map(
    lines.map((line, i) => parsePoint(line, `${path}:${i + 1}`)).map((point) => [point.id, point]),
  );
  await written(path, async (file) => {
    if (whole < bytes.length) await file.truncate(whole);
  });
  // Makes the file's name durable; not every platform can open a folder.
  await open(dirname(path), "r").then(
    (handle) => handle.sync().finally(() => handle.close()),
    () => {},
  );
  return {
    all: async () => [...points.values()],
    add: async (point) => {
      await written(path, (file) => file.appendFile(`${JSON.stringify(point)}\n`));
      points.set(point.id, point);
    },
  };
}

async function written(path: string, write: (file: FileHandle) => Promise<unknown>): Promise<void> {
  try {
    const file = await open(path, "a");
    try {
      await write(file);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw toFileError(error, path, "write");
  }
}

function parsePoint(line: string, at: string): TrainedPoint {
  const result = schema.safeParse(parsedOrNothing(line));
  if (result.success) return result.data;
  throw new DataError({
    at,
    expected: "a trained point as JSON",
    received: JSON.stringify(line.slice(0, 60)),
    hint: "the file was changed by hand or damaged; remove the line, and its point is trained again",
  });
}

function parsedOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
