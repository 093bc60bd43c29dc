/** `train` stopped, called again, and called for another training in the same folder. */
import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { SEAL_KEY } from "../src/base/index.js";
import { decodeSafetensors } from "../src/weights/index.js";
import { makePhotos } from "./photos.js";
import { createPlace } from "./place.js";

const { place, run } = createPlace();
const bantam = (words: readonly string[], stopAt?: RegExp) => run(words, {}, stopAt);

const network = ["--network", "mobilenet-v1", "--width", "0.25", "--resolution", "16"];
const train = (out: string, ...more: string[]) => [
  ...["train", place("photos"), ...network, "--epochs", "3", "--device", "cpu", "--out", place(out)],
  ...more,
];

/** Weights, moments and curve of the last state, the speed left out. */
async function lastOf(out: string) {
  const { tensors, metadata } = decodeSafetensors(await readFile(place(out, "checkpoints", "last.safetensors")), out);
  const curve = (JSON.parse(metadata.curve!) as { imagesPerSecond: number; waitingForData: number }[]).map(
    ({ imagesPerSecond: _, waitingForData: __, ...record }) => record,
  );
  // The digest is of the speed, too.
  const { [SEAL_KEY]: _, ...rest } = metadata;
  return { tensors, metadata: { ...rest, curve } };
}

async function sameAs(unbroken: string, out: string) {
  for (const file of ["model.safetensors", "model.onnx"]) {
    expect(Buffer.compare(await readFile(place(out, file)), await readFile(place(unbroken, file))), file).toBe(0);
  }
  expect(await lastOf(out)).toEqual(await lastOf(unbroken));
}

let unbroken: Awaited<ReturnType<typeof bantam>>;
beforeAll(async () => {
  await makePhotos(place("photos"), 12);
  unbroken = await bantam(train("unbroken"));
  expect(unbroken.code).toBe(0);
}, 60_000);

test("a training ends with its curves, in the terminal and in a report", async () => {
  expect(unbroken.stderr).toMatch(/^training loss {10,}validation accuracy$/m);
  expect(unbroken.stderr).toMatch(/^ {8}1 +3 {11}1 +3$/m);
  const page = await readFile(place("unbroken", "report.html"), "utf8");
  expect(page).toContain("Learning curves over 3 epochs");
  expect(unbroken.stderr).toContain(`file://${place("unbroken", "report.html")}\n`);
});

test("--accumulate takes a batch in parts, of one size", async () => {
  const { code } = await bantam(train("parts", "--accumulate", "2", "--epochs", "1"));
  expect(code).toBe(0);
  expect(await readFile(place("parts", "report.html"), "utf8")).toContain("8 images in 2 parts");
  const odd = await bantam(train("odd", "--accumulate", "3"));
  expect(odd.code).toBe(2);
  expect(odd.stderr).toContain(
    "accumulate: expected as many parts as a batch of 8 has of one size, received 3\n  hint: one of 1, 2, 4, 8\n",
  );
  const { stderr } = await bantam(train("parts", "--epochs", "1"));
  expect(stderr).toContain("it holds (--accumulate 2), received --accumulate none\n");
});

describe("--resume", () => {
  test("goes on from the folder alone, to the bytes of an unbroken run", async () => {
    const stopped = await bantam(train("stopped"), /^epoch {3}1\/3/);
    expect(stopped.code).toBe(130);
    expect(stopped.stderr).toContain(
      `interrupted: a request to stop in epoch 2\n  everything finished is in ${place("stopped")}; bantam train --resume ${place("stopped")} goes on\n`,
    );
    const { code, stderr } = await bantam(["train", "--resume", place("stopped")]);
    expect(code).toBe(0);
    expect(stderr).not.toMatch(/^epoch {3}1\/3/m);
    expect(stderr).toMatch(/^epoch {3}2\/3[\s\S]*^epoch {3}3\/3/m);
    await sameAs("unbroken", "stopped");
  });

  test("goes on with fine-tuning in the phase that was stopped", async () => {
    const words = (out: string) => [
      ...["train", place("photos"), "--from", place("unbroken", "model.safetensors"), "--resolution", "16"],
      ...["--unfreeze", "classifier:2,all:2", "--out", place(out)],
    ];
    expect((await bantam(words("tuned"))).code).toBe(0);
    expect((await bantam(words("tuned-stopped"), /^epoch {3}3\/4/)).code).toBe(130);
    const { code, stderr } = await bantam(["train", "--resume", place("tuned-stopped")]);
    expect(code).toBe(0);
    expect(stderr.match(/^epoch +\d/gm)).toEqual(["epoch   4"]);
    for (const file of ["model.safetensors", "model.onnx"]) {
      const [left, right] = [await readFile(place("tuned", file)), await readFile(place("tuned-stopped", file))];
      expect(Buffer.compare(left, right), file).toBe(0);
    }
    const { stderr: refused } = await bantam(train("tuned"));
    expect(refused).toContain(`--from ${place("unbroken", "model.safetensors")}`);
  });

  test("takes no options that would make it another training", async () => {
    const words = ["train", "--resume", place("unbroken"), "--epochs", "4"];
    const { code, stderr } = await bantam(words);
    expect(code).toBe(2);
    expect(stderr).toContain("--epochs: expected no option of the training beside --resume, received 4\n  hint: ");
  });

  test("a folder without a training is named", async () => {
    const { code, stderr } = await bantam(["train", "--resume", place("photos")]);
    expect(code).toBe(1);
    expect(stderr).toContain(`${place("photos", "run.json")}: expected a training's folder, received no such file`);
  });

  test.each([
    ["no JSON", "{", "written by this version (bantam-run-1), received something that is no JSON"],
    [
      "of another version",
      '{"format": "bantam-run-9"}',
      'written by this version (bantam-run-1), received "bantam-run-9"',
    ],
    ["with another recipe", "recipe", "settings.recipe.recipe.optimizer"],
  ])("a run.json that is %s is refused with its place", async (_, text, message) => {
    const file = place("unbroken", "run.json");
    const good = await readFile(file, "utf8");
    const bad = good.replace('"kind": "sgd"', '"kind": "sdg"');
    expect(bad).not.toBe(good);
    await writeFile(file, text === "recipe" ? bad : text);
    const { code, stderr } = await bantam(["train", "--resume", place("unbroken")]);
    await writeFile(file, good);
    expect(code).toBe(1);
    expect(stderr).toContain(message.replace("written by this version", "a run as this version writes it"));
    expect(stderr).toContain("hint: remove it and give the options of the run again");
  });

  test("without a folder, data and network must be given", async () => {
    expect((await bantam(["train"])).stderr).toContain("<data>: expected a path, received nothing");
    expect(await bantam(["train", place("photos")])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--network: expected a network, or weights with --from, received neither"),
    });
  });
});

describe("a folder that holds another training", () => {
  test("is refused with what differs, and stays as it is", async () => {
    const before = await lastOf("unbroken");
    const words = train("unbroken", "--seed", "1", "--batch-size", "4", "--network", "mobilenet-v2", "--epochs", "5");
    const { code, stderr } = await bantam(words);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `error: ${place("unbroken")}: expected the options of the training that it holds (--network mobilenet-v1 width 0.25 resolution 16, --epochs 3, --seed 0, --learning-rate 0.025, --batch-size 8), received --network mobilenet-v2 width 0.25 resolution 16, --epochs 5, --seed 1, --learning-rate 0.0125, --batch-size 4\n  hint: give another --out, or --overwrite to begin anew in this one\n`,
    );
    expect(await lastOf("unbroken")).toEqual(before);
  });

  test("other images are other", async () => {
    await makePhotos(place("more"), 12, 8);
    const { code, stderr } = await bantam(["train", place("more"), ...train("unbroken").slice(2)]);
    expect(code).toBe(2);
    expect(stderr).toContain(`it holds (images ${place("photos")}), received images ${place("more")}\n`);
  });

  test("of a fit, or of an earlier version, has no options to tell", async () => {
    await bantam(train("foreign", "--epochs", "1"));
    await rm(place("foreign", "run.json"));
    const { code, stderr } = await bantam(train("foreign", "--epochs", "2"));
    expect(code).toBe(2);
    expect(stderr).toContain("report.html, metrics.jsonl, checkpoints, without a run.json that tells whose they are");
    const again = await bantam(train("foreign", "--epochs", "1"));
    expect(again, "its own options go on").toMatchObject({ code: 0 });
    expect(again.stderr).not.toMatch(/^epoch/m);
  });

  test("is begun anew with --overwrite", async () => {
    await bantam(train("replaced", "--seed", "1"), /^epoch {3}1/);
    expect((await bantam(train("replaced", "--overwrite"))).code).toBe(0);
    await sameAs("unbroken", "replaced");
    const { stderr } = await bantam(train("replaced", "--overwrite"), /^epoch {3}1/);
    expect(stderr, "its own, too").toMatch(/^epoch {3}1\/3/m);
  });
});

describe("--find-learning-rate", () => {
  const found = (text: string) => /^learning rate (\S+), found/m.exec(text)?.[1];

  test("stops within a step, and is not done again when it was done", async () => {
    const words = train("found", "--find-learning-rate");
    const stopped = await bantam(words, /trying 100 learning rates/);
    expect(stopped.stderr).toContain("interrupted: a request to stop in the test of rate 1 of 100\n");
    expect(JSON.parse(await readFile(place("found", "run.json"), "utf8"))).toMatchObject({ learningRate: null });

    const first = await bantam(["train", "--resume", place("found")], /^epoch {3}1\/3/);
    expect(first.code).toBe(130);
    const rate = Number(found(first.stderr));
    expect(JSON.parse(await readFile(place("found", "run.json"), "utf8"))).toMatchObject({ learningRate: rate });
    for (const again of [words, ["train", "--resume", place("found")]]) {
      const { code, stderr } = await bantam(again);
      expect(code).toBe(0);
      expect(stderr).not.toContain("trying 100 learning rates");
    }
    await bantam(train("told", "--learning-rate", String(rate)));
    expect((await lastOf("found")).tensors, "as when it is given").toEqual((await lastOf("told")).tensors);
  });
});

describe("what goes wrong", () => {
  test("a last checkpoint that is cut off: the best one is gone on from, to the same bytes", async () => {
    await bantam(train("cut"), /^epoch {3}2\/3/);
    const last = place("cut", "checkpoints", "last.safetensors");
    await truncate(last, 1000);
    const { code, stderr } = await bantam(["train", "--resume", place("cut")]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/last\.safetensors: .*; going on from \S+best\.safetensors, epoch [12]\n/);
    await sameAs("unbroken", "cut");
  });

  test("a learning rate of nothing, and one that is absurd", async () => {
    expect(await bantam(train("zero", "--learning-rate", "0"))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("--learning-rate: expected a finite number above 0, received 0"),
    });
    const { code, stderr } = await bantam(train("absurd", "--learning-rate", "1e12"));
    expect(code).toBe(1);
    expect(stderr.match(/^warning: epoch \d went wrong .*: put back to the start, and tried again at/gm)).toHaveLength(
      3,
    );
    expect(stderr).toMatch(
      /^error: mobilenet-v1, epoch \d: expected a training that gets better than guessing, received .*, and no better end at any learning rate of 1000000000000, 250000000000, 62500000000, 15600000000\n {2}hint: look at the pictures and at which folder each is in; .*lower --learning-rate/m,
    );
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});
