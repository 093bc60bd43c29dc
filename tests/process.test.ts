/** The built program as a process of its own: streams, exit codes, Ctrl-C. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VERSION } from "../src/jobs/index.js";
import { makePhotos } from "./photos.js";

const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bantam-process-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** @param watch called with the process and all of stderr so far, whenever there is more. */
async function bantam(words: readonly string[], watch?: (child: ChildProcess, stderr: string) => void) {
  const env = { ...process.env, BANTAM_CACHE: join(root, "cache"), BANTAM_THREADS: "1" };
  const child = spawn(process.execPath, [program, ...words], { env, stdio: ["ignore", "pipe", "pipe"] });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
    watch?.(child, stderr);
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { code, stdout, stderr };
}

describe.skipIf(!existsSync(program))("the built program (skipped where it is not built)", () => {
  test("prints its version", async () => {
    expect(await bantam(["--version"])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: "" });
  });

  test("prints one JSON document and nothing else", async () => {
    const { code, stdout, stderr } = await bantam(["profile", "mobilenet-v2", "--json"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({ params: 3_504_872, macs: 300_774_272 });
  });

  test.each([
    [["profile", "mobilenet-v9"], 2],
    [["fit", "nowhere/at/all", "--out", "ROOT/none"], 1],
    [["scale", "mobilenet-v1", "--max-params", "10"], 3],
  ] as const)("%o ends with %d", async (words, expected) => {
    const { code, stdout, stderr } = await bantam(words.map((word) => word.replace("ROOT", root)));
    expect({ code, stdout }).toEqual({ code: expected, stdout: "" });
    expect(stderr).toMatch(/^error: .*\n {2}hint: /m);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("at Ctrl-C ends its worker threads, too, and the same command goes on to the bytes of an unbroken run", async () => {
    await makePhotos(join(root, "large"), 12);
    const model = (out: string) => readFile(join(root, out, "model.safetensors"));
    const train = (out: string, workers: string, watch?: Parameters<typeof bantam>[1]) => {
      const size = ["--network", "mobilenet-v3-small-0.35@32", "--epochs", "4", "--batch-size", "8"];
      return bantam(["train", join(root, "large"), ...size, "--workers", workers, "--out", join(root, out)], watch);
    };
    let pressed = false;
    const stopped = await train("stopped", "2", (child, stderr) => {
      if (pressed || !stderr.includes("epoch   2/4")) return;
      pressed = true;
      child.kill("SIGINT");
    });
    expect({ code: stopped.code, stdout: stopped.stdout }).toEqual({ code: 130, stdout: "" });
    expect((await train("stopped", "2")).code).toBe(0);
    expect((await train("unbroken", "0")).code).toBe(0);
    expect(Buffer.compare(await model("stopped"), await model("unbroken"))).toBe(0);
  }, 180_000);

  test("at Ctrl-C saves what is finished, and the same command goes on", async () => {
    await makePhotos(join(root, "photos"), 12);
    const out = join(root, "run");
    const words = ["fit", join(root, "photos"), "--max-params", "30k", "--max-macs", "1M", "--out", out];
    const command = [...words, "--trials", "8", "--epochs", "2"];
    let pressed = false;
    const stopped = await bantam(command, (child, stderr) => {
      if (pressed || !stderr.includes("trial  1")) return;
      pressed = true;
      child.kill("SIGINT");
    });
    expect(stopped.stderr).toContain("stopping after this step; press Ctrl-C again to stop at once\n");
    expect(stopped.stderr).toMatch(/\ninterrupted: .*\n {2}everything finished is in .*; the same command goes on/);
    expect({ code: stopped.code, stdout: stopped.stdout }).toEqual({ code: 130, stdout: "" });
    const saved = await readdir(out);
    expect(saved).toContain("study.json");
    expect(saved.filter((name) => /model|report|tmp/.test(name))).toEqual([]);

    const { code, stderr } = await bantam(command);
    expect(stderr).toMatch(/going on in .* after [1-8] finished trials\n/);
    expect(code).toBe(0);
    const files = (await readdir(out)).toSorted();
    const own = ["checkpoints", "model.onnx", "model.safetensors", "report.html", "run.json", "study.json"];
    expect(files).toEqual(own);
    expect(await readFile(join(out, "report.html"), "utf8")).toMatch(/^<!doctype html>/i);
  });
});
