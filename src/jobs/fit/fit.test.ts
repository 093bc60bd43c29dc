import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { folderOf, pictures, temporaryFolder } from "../../data/testing/fixtures.js";
import { chooseEngine } from "../../runtime/index.js";
import { noProgress } from "../shared/progress.js";
import { fit } from "./fit.js";

test("an error while saving in the middle of another does not hide it", async () => {
  const out = join(await temporaryFolder(), "out");
  const line = (text: string) => {
    if (!text.startsWith("trial")) return;
    rmSync(join(out, "study.json"));
    mkdirSync(join(out, "study.json"));
    throw new Error("the terminal is gone");
  };
  const failing = fit({
    data: await folderOf(await pictures(["dark", "light"], 24, 16)),
    budget: { params: 30_000 },
    seconds: 60,
    trials: 2,
    epochs: 1,
    seed: 0,
    out,
    engine: await chooseEngine("auto", 1),
    cacheDir: await temporaryFolder(),
    progress: { ...noProgress, line },
  });
  await expect(failing).rejects.toThrow("the terminal is gone");
}, 60_000);
