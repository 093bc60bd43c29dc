/** Files and machines at their edges: gzip with padding, few file handles. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { idxImages, idxLabels } from "../../src/data/testing/fixtures.js";
import { bantam, bantamApart, dataOf, program, quick, temporaryFolder, write } from "./data-fixtures.js";

describe("IDX files in gzip", () => {
  const labels = gzipSync(idxLabels(Array.from({ length: 24 }, (_, i) => i % 2)));
  const images = gzipSync(idxImages(24, 16, 16));
  const train = async (file: Uint8Array) => {
    const root = await temporaryFolder();
    await write(join(root, "train-images-idx3-ubyte.gz"), file);
    await write(join(root, "train-labels-idx1-ubyte.gz"), labels);
    return { root, ...(await bantam(["train", root, ...quick, "--out", join(await temporaryFolder(), "out")])) };
  };

  test("zeros after the end are padding", async () => {
    const { code, stderr } = await train(Buffer.concat([images, Buffer.alloc(1)]));
    expect({ code, internal: stderr.includes("internal") }).toEqual({ code: 0, internal: false });
  });

  test.each([
    ["cut off", images.subarray(0, -30), "unexpected end of file"],
    ["with garbage behind it", Buffer.concat([images, Buffer.from("x")]), "a whole gzip file"],
    ["empty", Buffer.alloc(0), "received 0 bytes"],
    ["of zeros alone", Buffer.alloc(512), "0x00000000"],
  ])("a file %s is refused with its path", async (_, file, text) => {
    const { root, code, stderr } = await train(file);
    expect(code).toBe(1);
    expect(stderr).toContain(`error: ${join(root, "train-images-idx3-ubyte.gz")}: expected`);
    expect(stderr).toContain(text);
    expect(stderr).not.toContain("internal");
  });
});

describe.skipIf(!existsSync(program))("with few file handles (skipped where the program is not built)", () => {
  const preload = fileURLToPath(new URL("./few-handles.mjs", import.meta.url));
  const train = async (handles: number) => {
    const data = await dataOf(["cat", "dog"], 30);
    const words = ["train", data, ...quick, "--workers", "0", "--json", "--out", join(data, "..", "out")];
    return bantamApart(words, { node: ["--import", preload], env: { HANDLES: String(handles) } });
  };

  test.each([2, 3, 5])("%d are enough: pictures wait for their turn, and none is left out", async (handles) => {
    const { code, stdout, stderr } = await train(handles);
    expect(stderr).not.toContain("skipped");
    expect(code).toBe(0);
    const { report } = JSON.parse(stdout);
    expect(report).toBeDefined();
  });

  test.each([0, 1])("with %d the run ends and says why", async (handles) => {
    const { code, stdout, stderr } = await train(handles);
    expect({ code, error: JSON.parse(stdout).error.code }).toEqual({ code: 1, error: "file" });
    expect(stderr).toMatch(/error: .*too many open files\n {2}hint: close some programs or raise `ulimit -n`/);
  });
});
