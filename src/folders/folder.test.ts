import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { FileError } from "../base/index.js";
import { openFolder } from "./folder.js";

test("a folder that cannot be cleaned after a failure is let go all the same", async () => {
  const out = await mkdtemp(join(tmpdir(), "bantam-folder-"));
  onTestFinished(() => rm(out, { recursive: true }));
  const job = { kind: "train", version: "1", facts: {}, settings: {}, words: { options: {} }, warn: () => {} } as const;
  const held = await openFolder(out, job);
  // A folder where a file was: it is not removed.
  await mkdir(join(out, "metrics.jsonl"));
  await expect(held.close(new Error("the loss is NaN"))).rejects.toThrow(FileError);
  await rm(join(out, "metrics.jsonl"), { recursive: true });
  await (await openFolder(out, job)).close();
});
