/** Classes of unequal size, as a person meets them: what is said, what is chosen by, and what leads the figures. */
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { createRng } from "../src/base/index.js";
import { bantam, fill, quick, temporaryFolder } from "./field/data-fixtures.js";

/** Noise, a little brighter or darker: the two overlap. */
function noise(hue: number, i: number) {
  const rng = createRng(500 * hue + i);
  const pixels = Buffer.from(Array.from({ length: 16 * 16 }, () => Math.min(255, rng.integer(200) + 26 * hue)));
  return sharp(pixels, { raw: { width: 16, height: 16, channels: 1 } });
}

let root: string;
let cache: string;
const train = async (...more: string[]) => {
  const out = await temporaryFolder();
  const run = await bantam(["train", root, ...quick, "--epochs", "8", "--out", out, "--json", ...more], cache);
  expect({ code: run.code, stderr: run.stderr }).toMatchObject({ code: 0 });
  return { out, stderr: run.stderr, result: JSON.parse(run.stdout) as Result };
};
type Result = {
  readonly accuracy: number;
  readonly balancedAccuracy: number;
  readonly commonest: number;
  readonly curve: readonly { readonly validationAccuracy: number }[];
};

beforeAll(async () => {
  root = join(await temporaryFolder(), "photos");
  cache = await temporaryFolder();
  await fill(join(root, "common"), 190, 0, noise);
  await fill(join(root, "rare"), 20, 1, noise);
});

test("small classes are drawn more often where nobody says otherwise, and it is said", async () => {
  const line = "small ones are drawn more often, and balanced accuracy chooses";
  const [auto, plain] = [await train(), await train("--metric", "accuracy")];
  expect(auto.stderr).toMatch(new RegExp(`classes have \\d+ to \\d+ training pictures: ${line}`));
  expect(plain.stderr).not.toContain(line);
  expect(auto.result.commonest).toBeGreaterThan(0.8);
  expect(auto.result.curve).not.toEqual(plain.result.curve);

  const other = await bantam(
    ["train", root, ...quick, "--epochs", "8", "--out", auto.out, "--metric", "accuracy"],
    cache,
  );
  expect(other.code).toBe(2);
  expect(other.stderr).toContain("--metric");
  const mirrored = await bantam(["train", root, ...quick, "--epochs", "8", "--out", auto.out, "--mirror", "on"], cache);
  expect({ code: mirrored.code, stderr: mirrored.stderr }).toMatchObject({ code: 2 });
  expect(mirrored.stderr).toContain("--mirror");

  const { stdout } = await bantam(["eval", join(auto.out, "model.onnx"), root], cache);
  expect(stdout).toMatch(
    /^\d+\.\d\d % balanced accuracy, the mean over the classes\n\d+\.\d % to \d+\.\d %, the 95 % interval of \d+\.\d\d % of /,
  );
  expect(stdout).toMatch(/balanced accuracy \d+\.\d % · macro F1 \d+\.\d % · always saying common: \d\d\.\d %/);
}, 120_000);
