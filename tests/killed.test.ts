/** Trainings in processes of their own, that are killed or may not write: what is on the disk goes on to the same bytes. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createRng, SEAL_KEY } from "../src/base/index.js";
import type { ImageSet } from "../src/data/index.js";
import { halves, halvesNetwork, halvesNormalization, halvesRecipe } from "../src/training/testing/halves.js";
import { decodeSafetensors } from "../src/weights/index.js";

const library = fileURLToPath(new URL("../dist/index.js", import.meta.url));
const script = fileURLToPath(new URL("train-apart.mjs", import.meta.url));
const KILLS = 20;

let root: string;
const place = (...names: string[]) => join(root, ...names);

const asPlain = (images: ImageSet) => ({
  size: images.size,
  labels: [...images.labels],
  pictures: Array.from({ length: images.count }, (_, i) => {
    const pixels = new Uint8Array(images.size ** 2);
    images.read(i, pixels, 0);
    return [...pixels];
  }),
});

/** @param limit the largest file that the process may write, in blocks of 512 bytes. */
async function train(out: string, kill: readonly number[] = [], limit?: number) {
  await mkdir(place(out, "checkpoints"), { recursive: true });
  const words = [process.execPath, script, place("setup.json"), place(out), ...kill.map(String)];
  const limited = limit === undefined ? "" : `ulimit -f ${limit}; `;
  const child = spawn("sh", ["-c", `${limited}exec "$@"`, "sh", ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  type End = { code: number | null; signal: string | null; stdout: string; stderr: string };
  return new Promise<End>((resolve, reject) =>
    child.on("error", reject).on("close", (code, signal) => resolve({ code, signal, stdout, stderr })),
  );
}

/** Of an epoch, all but how fast it was. */
const figures = ({ imagesPerSecond: _, waitingForData: __, ...record }: Record<string, number>) => record;

/** Everything that a training leaves, its speed left out. */
async function results(out: string) {
  const checkpoint = async (name: string) => {
    const { tensors, metadata } = decodeSafetensors(await readFile(place(out, "checkpoints", name)), name);
    // The digest is of the speed, too.
    const { [SEAL_KEY]: _, curve, ...rest } = metadata;
    return { tensors, metadata: { ...rest, curve: JSON.parse(curve!).map(figures) } };
  };
  const lines = (await readFile(place(out, "metrics.jsonl"), "utf8")).trim().split("\n");
  return {
    last: await checkpoint("last.safetensors"),
    best: await checkpoint("best.safetensors"),
    metrics: lines.map((line) => figures(JSON.parse(line))),
  };
}

describe.skipIf(!existsSync(library))("in a process of its own (skipped where it is not built)", () => {
  let unbroken: Awaited<ReturnType<typeof results>>;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "bantam-killed-"));
    const optimizer = { kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
    const setup = {
      architecture: { ...halvesNetwork, dropout: 0.2 },
      recipe: { ...halvesRecipe, optimizer, learningRate: 0.01, ema: 0.9 },
      normalization: halvesNormalization,
      epochs: 24,
      train: asPlain(halves(32, 1)),
      validation: asPlain(halves(24, 2)),
    };
    await writeFile(place("setup.json"), JSON.stringify(setup));
    expect(await train("unbroken")).toMatchObject({ code: 0, stderr: "" });
    unbroken = await results("unbroken");
  }, 60_000);
  afterAll(() => rm(root, { recursive: true, force: true }));

  test("a training killed after twenty random steps ends in the bytes of an unbroken one", async () => {
    const rng = createRng(5);
    let epochs = 0;
    for (let i = 0; i < KILLS; i++) {
      const { signal, stdout, stderr } = await train("killed", [1 + rng.integer(4), rng.integer(6)]);
      expect({ signal, stderr }, `kill ${i + 1}`).toEqual({ signal: "SIGKILL", stderr: "" });
      epochs += stdout.split("\n").length - 1;
    }
    const { code, stdout } = await train("killed");
    expect(code).toBe(0);
    expect(epochs, "epochs that ended between kills").toBeGreaterThan(3);
    expect(stdout, "what is done is not done again").not.toMatch(/^epoch 1$/m);
    expect(unbroken.last.tensors.size, "weights, statistics, two moments, two averages").toBe(6);
    expect(await results("killed")).toEqual(unbroken);
  }, 180_000);

  test("a checkpoint that cannot be written ends the training, and the one before it is gone on from", async () => {
    await train("full", [5, 0]);
    const before = await readFile(place("full", "checkpoints", "last.safetensors"));
    const halfWritten = async () =>
      (await readdir(place("full", "checkpoints"))).filter((name) => name.endsWith(".tmp"));
    // The one that was killed may have left a file half written; one that ends by itself leaves none.
    const left = await halfWritten();
    // The limit is a file's size, the one thing that any user may take from a process of theirs.
    const failed = await train("full", [], Math.floor(before.length / 512) - 1);
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(
      /^FileError: \S+last\.safetensors: expected a file that can be written, received a file larger than the file system or `ulimit -f` allows\n {2}hint: choose a folder on another disk or raise the limit\n$/,
    );
    expect(Buffer.compare(await readFile(place("full", "checkpoints", "last.safetensors")), before)).toBe(0);
    expect((await halfWritten()).filter((name) => !left.includes(name))).toEqual([]);
    expect((await train("full")).code).toBe(0);
    expect(await results("full")).toEqual(unbroken);
  }, 120_000);
});
