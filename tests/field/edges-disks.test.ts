/** Disks that are full, or cannot be written to, under a search and under who looks into its study. */
import { execFileSync, spawnSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, type TestContext, test } from "vitest";
import { commands } from "../../src/cli/commands/index.js";
import { main } from "../../src/cli/index.js";
import { createFakeIo } from "../../src/cli/testing/fake-io.js";
import { makePhotos } from "../photos.js";

let root: string;
const place = (name: string) => join(root, name);
const mounted: string[] = [];

async function bantam(...words: string[]) {
  const io = createFakeIo({ NO_COLOR: "1" });
  return { code: await main(words, commands, io), stdout: io.stdout.text, stderr: io.stderr.text };
}
const search = (study: string, trials: number) =>
  bantam(
    ...["search", place("photos"), "--study", study, "--name", "one", "--cache", place("cache"), "--images", "9"],
    ...["--trials", `${trials}`, "--epochs", "1", "--max-params", "60k", "--threads", "1"],
  );

/** Mounting needs the super-user, and a container may forbid it even so. */
async function mount(context: TestContext, name: string, ...options: string[]) {
  await mkdir(place(name), { recursive: true });
  if (spawnSync("mount", [...options, place(name)]).status !== 0) context.skip("mounting is not permitted");
  mounted.push(place(name));
}
/** Lazily: a database that could not be made keeps its files open until the process ends. */
const unmount = (at: string) => execFileSync("umount", ["-l", at]);

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bantam-disks-"));
  await makePhotos(place("photos"), 6);
  expect((await search(place("good"), 1)).code).toBe(0);
}, 120_000);
afterAll(async () => {
  for (const at of mounted.reverse()) unmount(at);
  await rm(root, { recursive: true, force: true });
});

test.for([
  ["no room for a database", 300, "begun anew"],
  ["room for half a database", 12_000, "begun anew"],
  ["not a page left", 0, "gone on with"],
  ["room for some trials", 16, "gone on with"],
] as const)("%s: a search says that the disk is full", async ([name, left, how], context) => {
  const disk = name.replaceAll(" ", "-");
  await mount(context, disk, "-t", "tmpfs", "-o", how === "begun anew" ? `size=${left}k` : "size=80m", "tmpfs");
  const study = join(place(disk), "studies");
  if (how === "gone on with") {
    await cp(place("good"), study, { recursive: true });
    const { bavail, bsize } = await statfs(study);
    await writeFile(join(place(disk), "filler"), new Uint8Array(bavail * bsize - left * 1024));
  }
  const { code, stderr } = await search(study, 30);
  expect(code).toBe(1);
  expect(stderr).toMatch(
    new RegExp(`error: ${study}(/[a-z]+)?: expected a f[a-z]+ that can be written, received a full disk\n  hint: `),
  );
  expect(stderr).not.toMatch(/object Object|internal/);
});

test("on a disk that is read only, a study is listed, shown and exported", async (context) => {
  await mount(context, "good", "--bind", place("good"));
  execFileSync("mount", ["-o", "remount,bind,ro", place("good")]);
  await expect(writeFile(join(place("good"), "x"), "")).rejects.toThrow(/EROFS/);
  expect(await bantam("study", "ls", place("good"))).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^one +search +2 /m),
  });
  expect(await bantam("study", "show", place("good"), "one")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("px"),
  });
  const exported = await bantam(
    "study",
    "export",
    place("good"),
    "one",
    "--trial",
    "1",
    "--out",
    place("network.json"),
  );
  expect(exported).toMatchObject({ code: 0 });
  expect((await bantam("profile", place("network.json"))).code).toBe(0);
  const { code, stderr } = await search(place("good"), 2);
  expect(code).toBe(1);
  expect(stderr).toMatch(/good: expected a folder that can be written, received a read-only file system/);
});

test("a temporary folder that is full, read only or not there is said, and nothing is left in it", async (context) => {
  await mount(context, "small", "-t", "tmpfs", "-o", "size=500k", "tmpfs");
  const before = process.env.TMPDIR;
  const listed = async (temporary: string) => {
    process.env.TMPDIR = temporary;
    try {
      return await bantam("study", "ls", place("good"));
    } finally {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    }
  };
  const full = await listed(place("small"));
  expect(full.stderr).toMatch(
    /^error: .*small\/bantam-study-\w+: expected a folder that can be written, received a full disk$/m,
  );
  expect(await readdir(place("small"))).toEqual([]);
  execFileSync("mount", ["-o", "remount,ro", place("small")]);
  const readOnly = await listed(place("small"));
  expect(readOnly.stderr).toMatch(/small: expected a folder that can be written, received a read-only file system/);
  const none = await listed(place("nowhere"));
  expect(none.stderr).toMatch(/nowhere: expected a folder that can be written, received a path that does not exist/);
  expect([full, readOnly, none].map(({ code }) => code)).toEqual([1, 1, 1]);
});
