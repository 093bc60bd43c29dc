/** What `npm install bantam` gives: packed, installed into an empty project with npm's own defaults, type-checked and run. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makePhotos } from "../photos.js";

const repository = fileURLToPath(new URL("../..", import.meta.url));
/** Of Node's releases the npm packages that hold nothing but the program. */
const releases = [20, 22, 24];
const nodeOf = (release: number) => `node-${process.platform}-${process.arch}-${release}`;

let root: string;
let project: string;

/** Of npm's settings only the user's own: those that `npm test` hands down are this repository's. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name)));
const run = (program: string, words: readonly string[], cwd: string) =>
  promisify(execFile)(program, words, { cwd, env: { ...env, BANTAM_THREADS: "1" }, maxBuffer: 1 << 26 });
const npm = (...words: string[]) => run("npm", words, project);

/** null where the registry cannot be reached, and nothing of this can be tried. */
async function installed(): Promise<string | null> {
  await run("npm", ["pack", "--ignore-scripts", "--pack-destination", root], repository);
  await writeFile(join(project, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
  try {
    await npm("install", "--prefer-offline", join(root, "bantam-0.1.0.tgz"));
    return project;
  } catch (error) {
    if (/ENOTFOUND|ECONNREFUSED|EAI_AGAIN|ETIMEDOUT|network/.test(String(error))) return null;
    throw error;
  }
}

const isBuilt = existsSync(join(repository, "dist/index.js"));
root = await mkdtemp(join(tmpdir(), "bantam-package-"));
project = join(root, "project");
await mkdir(project);
const there = isBuilt ? await installed() : null;

afterAll(() => rm(root, { recursive: true, force: true }));

describe.skipIf(there === null)("the package (skipped where it is not built or the registry cannot be reached)", () => {
  let snippet: string;

  beforeAll(async () => {
    const readme = await readFile(join(repository, "README.md"), "utf8");
    [, snippet] = /## As a library\n+```js\n(.*?)```/s.exec(readme) as unknown as [string, string];
    await writeFile(join(project, "snippet.ts"), snippet);
    await makePhotos(join(project, "photos"), 8);
    const small = snippet
      .replace("data/fashion-mnist-test-10k", "photos")
      .replace("seconds: 60", "seconds: 20, trials: 1, epochs: 1");
    expect(small).not.toBe(snippet);
    await writeFile(join(project, "snippet.mjs"), small);
  });

  test("the README's lines are well typed, libraries included", async () => {
    const compilerOptions = { strict: true, module: "NodeNext", target: "ES2023", noEmit: true, types: ["node"] };
    await writeFile(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["snippet.ts"] }));
    const tsc = join(repository, "node_modules/typescript/bin/tsc");
    const said = await run(process.execPath, [tsc, "--project", "."], project).catch(({ stdout }) => ({ stdout }));
    expect(said.stdout).toBe("");
  });

  const advice = /running on WebAssembly, many times slower: .*; (npm install --ignore-scripts onnxruntime-node)/g;

  test("where the install has lost the native engine, it is said once, with the command that brings it", async () => {
    const isThere = () => existsSync(join(project, "node_modules/onnxruntime-node"));
    const wasThere = isThere();
    const { stdout, stderr } = await run(process.execPath, ["snippet.mjs"], project);
    expect(stdout).toMatch(/^[\d.]+ \d+ runs\/first\/model\.onnx$/m);
    const said = [...stderr.matchAll(advice)];
    expect(said).toHaveLength(wasThere ? 0 : 1);
    const cli = await run(
      process.execPath,
      ["node_modules/bantam/dist/cli/main.js", "predict", "runs/first/model.onnx", "photos/cross/0.png"],
      project,
    );
    expect([...cli.stderr.matchAll(advice)]).toHaveLength(wasThere ? 0 : 1);

    const [, command] = said[0] ?? [];
    if (command !== undefined) await npm(...command.split(" ").slice(1), "--prefer-offline");
    expect(isThere()).toBe(true);
  });

  test.each(releases)("runs on Node %i, natively", async (release) => {
    const from = `npm:node-${process.platform}-${process.arch}@${release}`;
    await npm("install", "--prefer-offline", "--ignore-scripts", "--no-save", `${nodeOf(release)}@${from}`);
    const node = join(project, "node_modules", nodeOf(release), "bin", "node");
    await rm(join(project, "runs"), { recursive: true, force: true });
    const version = (await run(node, ["--version"], project)).stdout;
    expect(version).toMatch(new RegExp(`^v${release}\\.`));
    const { stdout, stderr } = await run(node, ["snippet.mjs"], project);
    expect(stdout).toMatch(/^[\d.]+ \d+ runs\/first\/model\.onnx$/m);
    expect(stderr).toBe("");
  });
});
