/** Nothing leaves the machine, and nothing is left outside the folders that a command was given. Each command runs in a fresh home. */
import "../../src/runtime/no-telemetry.js";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readOnnx } from "../../src/onnx/index.js";
import { drawnPictures } from "../../src/shipping/goldens.js";
import { makePhotos } from "../photos.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const program = join(repository, "dist/cli/main.js");
const hasNative = await import("onnxruntime-node").then(
  () => true,
  () => false,
);
const hasStrace = ((): boolean => {
  try {
    execFileSync("strace", ["-o", "/dev/null", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

let root: string;
let home: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bantam-leaks-"));
  home = join(root, "home");
  for (const folder of ["home", "tmp", "work"]) await mkdir(join(root, folder));
  await makePhotos(join(root, "Muster-Klinik", "photos"), 6);
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** As on a machine of somebody who has set nothing. Where `CI` is set, the runtime keeps silent by itself. */
const environment = () => {
  const { ORT_DISABLE_TELEMETRY: _, XDG_CACHE_HOME: __, BANTAM_CACHE: ___, CI: ____, ...env } = process.env;
  return { ...env, HOME: home, TMPDIR: join(root, "tmp"), BANTAM_THREADS: "1" };
};

type Seen = {
  /** Paths that were opened to be written, made, or renamed to. */
  readonly written: readonly string[];
  /** What was asked of the network. */
  readonly connected: readonly string[];
};

const TRACED =
  "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,connect,sendto,sendmsg,sendmmsg";

/** Runs Node, under a tracer where there is one. */
async function node(...words: string[]): Promise<Seen | null> {
  const options = { cwd: join(root, "work"), env: environment(), maxBuffer: 1 << 26 };
  if (!hasStrace) {
    await promisify(execFile)(process.execPath, words, options);
    return null;
  }
  const trace = join(root, "trace");
  const traced = ["-f", "-qq", "-s", "4096", "-e", `trace=${TRACED}`, "-o", trace, process.execPath];
  await promisify(execFile)("strace", [...traced, ...words], options);
  const lines = (await readFile(trace, "utf8")).split("\n");
  const quoted = (line: string) => [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text]) => text!);
  const writing = lines.filter(
    (line) =>
      / = \d/.test(line) &&
      (/\b(mkdir|rename|link|symlink|creat)\w*\(/.test(line) ||
        (/\bopen\w*\(/.test(line) && /O_(WRONLY|RDWR|CREAT)/.test(line))),
  );
  return {
    written: writing.map((line) => quoted(line).at(-1)!),
    connected: lines.filter((line) => /\b(connect|send\w+)\(.*(AF_INET|htons|nscd|resolve)/.test(line)),
  };
}

const inOrder = (folder: string) => readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();

describe.skipIf(!existsSync(program))("a fresh home (skipped where it is not built)", () => {
  const model = () => join(root, "work", "out", "model.onnx");
  const data = () => join(root, "Muster-Klinik", "photos");
  const picture = () => join(data(), "cross", "0.png");
  const size = ["--network", "mobilenet-v3-small-0.25@16", "--epochs", "1"];

  test.each([
    ["train", () => ["train", data(), ...size, "--out", "out"]],
    ["predict", () => ["predict", model(), picture()]],
    ["eval", () => ["eval", model(), data()]],
    ["bench", () => ["bench", join(root, "work", "out", "model.safetensors"), "--threads", "1"]],
    ["fit", () => ["fit", data(), "--trials", "1", "--epochs", "1", "--out", "fit", "--max-params", "50k"]],
    ["search", () => ["search", data(), "--trials", "1", "--study", "search"]],
    ["export", () => ["export", join(root, "work", "out", "model.safetensors"), "--out", "other.onnx"]],
    ["profile", () => ["profile", "mobilenet-v2"]],
  ] as const)(
    "%s writes into its folder, the cache and the temporary folder alone, and looks no name up",
    async (_, words) => {
      const seen = await node(program, ...words());
      expect(inOrder(home).filter((path) => !/^\.cache(\/bantam.*)?$/.test(path))).toEqual([]);
      expect(inOrder(join(root, "tmp")).filter((path) => /onnxruntime|telemetry|deviceid/i.test(path))).toEqual([]);
      if (seen === null) return; // no tracer here: the file system alone was looked at
      const allowed = [
        join(home, ".cache", "bantam"),
        join(root, "tmp"),
        join(root, "work"),
        "/dev/",
        "/proc/",
        "/sys/",
      ];
      const isRelative = (path: string) => !path.startsWith("/");
      const elsewhere = seen.written.filter(
        (path) =>
          !isRelative(path) && path !== join(home, ".cache") && !allowed.some((place) => path.startsWith(place)),
      );
      expect(elsewhere).toEqual([]);
      expect(seen.connected).toEqual([]);
    },
  );

  test("the library says nothing either, and the runtime alone would have: else this could not fail", async (context) => {
    if (!hasNative) return context.skip("onnxruntime-node is not installed");
    const queue = () => inOrder(home).filter((path) => path.includes("onnxruntime"));
    const load = `InferenceSession.create(${JSON.stringify(model())})`;
    const ours = `import { openClassifier, chooseEngine } from ${JSON.stringify(join(repository, "dist/index.js"))};
      await (await openClassifier(${JSON.stringify(model())}, await chooseEngine("cpu", 1))).dispose();
      const { InferenceSession } = await import("onnxruntime-node"); await ${load};`;
    const script = join(repository, "tests", "field", `.ours-${process.pid}.mjs`); // beside the packages it imports
    await writeFile(script, ours);
    await node(script).finally(() => rm(script));
    expect(queue()).toEqual([]);

    const theirs = script.replace("ours", "theirs");
    await writeFile(theirs, `import { InferenceSession } from "onnxruntime-node"; await ${load};`);
    await node(theirs).finally(() => rm(theirs));
    if (process.platform !== "win32") expect(queue().length).toBeGreaterThan(0);
  });

  test("in a thread that began before the library was loaded, the runtime is not started", async (context) => {
    if (!hasNative) return context.skip("onnxruntime-node is not installed");
    await rm(home, { recursive: true, force: true });
    await mkdir(home);
    const script = join(repository, "tests", "field", `.thread-${process.pid}.mjs`);
    await writeFile(
      script,
      `import { isMainThread, Worker } from "node:worker_threads";
       import { writeFileSync } from "node:fs";
       if (isMainThread) new Worker(new URL(import.meta.url));
       else {
         const { chooseEngine } = await import(${JSON.stringify(join(repository, "dist/index.js"))});
         const said = await chooseEngine("cpu", 1).then(() => "started", (error) => error.message);
         writeFileSync(${JSON.stringify(join(root, "said"))}, said);
       }`,
    );
    await node(script).finally(() => rm(script));
    expect(await readFile(join(root, "said"), "utf8")).toMatch(
      /^onnxruntime-node: expected .*ORT_DISABLE_TELEMETRY=1$/s,
    );
    expect(await readdir(home)).toEqual([]);
  });

  test("a model that is passed on holds drawn pictures, unless its own were asked for", async () => {
    const goldens = (file: string) =>
      (JSON.parse(readOnnx(readFileSync(file), file).metadata["bantam.goldens"]!) as { pixels: string }[]).map(
        ({ pixels }) => pixels,
      );
    const drawn = drawnPictures({ size: 16, channels: 3 }).map((pixels) => Buffer.from(pixels).toString("base64"));
    expect(goldens(model())).toEqual(drawn);
    expect(goldens(join(root, "work", "other.onnx"))).toEqual(drawn);
    await node(program, "train", data(), ...size, "--out", "own", "--golden-photos");
    const own = goldens(join(root, "work", "own", "model.onnx"));
    expect(own).toHaveLength(3);
    expect(own.filter((pixels) => drawn.includes(pixels))).toEqual([]);
  });
});

test("whoever imports onnxruntime-node has told it to keep silent before", () => {
  const loud = ["src", "bench", "scripts", "tests"]
    .flatMap((folder) => inOrder(join(repository, folder)).map((path) => join(folder, path)))
    .filter((path) => /\.(ts|mjs|js)$/.test(path) && !path.includes("node_modules"))
    .filter((path) => {
      const text = readFileSync(join(repository, path), "utf8");
      const native = text.search(/^import (?!type).*from "onnxruntime-node"|\bimport\("onnxruntime-node"\)/m);
      const silence = text.search(/no-telemetry\.js"/);
      return native !== -1 && (silence === -1 || silence > native);
    });
  expect(loud).toEqual([]);
});
