/** A folder of a test file's own, removed after its tests, and the command line run in this process with its cache in there. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { commands } from "../src/cli/commands/index.js";
import { main } from "../src/cli/index.js";
import { createFakeIo } from "../src/cli/testing/fake-io.js";

type Environment = Readonly<Record<string, string>>;

export function createPlace() {
  const root = mkdtempSync(join(tmpdir(), "bantam-test-"));
  afterAll(() => rm(root, { recursive: true, force: true }));
  /** Below the folder. */
  const place = (...names: string[]) => join(root, ...names);
  /** @param stopAt Ctrl-C as soon as this is written. */
  const run = async (words: readonly string[], env: Environment = {}, stopAt?: RegExp) => {
    const io = createFakeIo({ BANTAM_CACHE: place("cache"), BANTAM_THREADS: "1", NO_COLOR: "1", ...env });
    io.stderr.onWrite = (text) => stopAt?.test(text) && io.signals.emit("SIGINT", "SIGINT");
    const code = await main(words, commands, io);
    return { code, stdout: io.stdout.text, stderr: io.stderr.text };
  };
  return { place, run, bantam: (...words: string[]) => run(words) };
}
