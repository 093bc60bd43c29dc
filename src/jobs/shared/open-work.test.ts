import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { InterruptedError, UsageError } from "../../base/index.js";
import { folderOf, pictures, temporaryFolder } from "../../data/testing/fixtures.js";
import { openWork, type Place, type Work, type WorkOptions } from "./open-work.js";

async function asked(
  other: Partial<WorkOptions> = {},
): Promise<{ place: Place & { out: string }; options: WorkOptions }> {
  const out = join(await temporaryFolder(), "out");
  const data = await folderOf(await pictures(["a", "b"], 8));
  return {
    place: { kind: "fit", at: "--out", out },
    options: { data, cacheDir: await temporaryFolder(), ...other },
  };
}

const held = { facts: {}, settings: {}, words: { options: {} } };
const reading = { seed: 0, maxSize: 16 };

test("gives the result, and lets pictures and folder go", async () => {
  const { place, options } = await asked();
  const pixels = await openWork(place, options, async ({ read, hold }) => {
    const { pool } = await read(reading);
    await hold(place.out, held);
    await expect(openWork(place, options, async () => {})).rejects.toThrow("in which process");
    return pool.get("train", 16);
  });
  expect(() => pixels.read(0, new Uint8Array(16 * 16 * 3), 0)).toThrow("images read after they were closed");
  expect(await readdir(place.out)).toEqual(["run.json"]);
});

test("results do not lie among the images, which are then not read", async () => {
  const { place, options } = await asked();
  const inside = { ...place, out: join(options.data, "a") };
  await expect(openWork(inside, options, async () => {})).rejects.toThrow(UsageError);
});

/** A lock that cannot be read: letting the folder go fails. */
async function breakLock({ out }: { readonly out: string }): Promise<void> {
  await rm(join(out, "run.lock"));
  await mkdir(join(out, "run.lock"));
}

test("an error while letting go does not hide the first, and is told alone", async () => {
  const { place, options } = await asked();
  const failing = openWork(place, options, async ({ hold }) => {
    await hold(place.out, held);
    await breakLock(place);
    throw new Error("the loss is NaN");
  });
  await expect(failing).rejects.toThrow("the loss is NaN");
  const other = await asked();
  const well = openWork(other.place, other.options, async ({ hold }) => {
    await hold(other.place.out, held);
    await breakLock(other.place);
  });
  await expect(well).rejects.toThrow("run.lock");
});

test.each([
  ["an InterruptedError", new InterruptedError({ at: "training", expected: "to go on", received: "SIGINT" }), "SIGINT"],
  ["the reason that a program gave", new Error("enough"), "enough"],
])("%s says how to go on once there is something to go on from", async (_, reason, received) => {
  const stop = new AbortController();
  const { place, options } = await asked({ signal: stop.signal });
  stop.abort(reason);
  const stopped = async ({ hold, resumeBy }: Work, isHeld: boolean) => {
    if (isHeld) {
      await hold(place.out, held);
      resumeBy("the same call goes on");
    }
    stop.signal.throwIfAborted();
  };
  const late = await openWork(place, options, (work) => stopped(work, true)).catch((error: unknown) => error);
  expect(late).toBeInstanceOf(InterruptedError);
  expect(late).toMatchObject({ facts: { received, hint: "the same call goes on" } });
  expect(await readdir(place.out)).toEqual(["run.json"]);
  const early = await openWork(place, options, (work) => stopped(work, false)).catch((error: unknown) => error);
  expect(early).toBeInstanceOf(InterruptedError);
  expect((early as InterruptedError).facts.hint).toBeUndefined();
});
