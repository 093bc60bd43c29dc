import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileError } from "./errors.js";
import {
  ensureWritableFolder,
  removeEmptyFolders,
  removeHalfWritten,
  requireWritable,
  toFileError,
  writeFileAtomic,
} from "./files.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bantam-files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const isRoot = process.geteuid?.() === 0;
/** The super-user may write anywhere, so permissions are tested as `nobody`. */
async function withoutPrivileges(work: () => Promise<void>): Promise<void> {
  if (isRoot) process.seteuid?.(65534);
  try {
    await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

describe("writeFileAtomic", () => {
  test("writes text, bytes and chunks, over an older and longer file too", async () => {
    const path = join(folder, "model.bin");
    await writeFileAtomic(path, "a longer text than the next");
    await writeFileAtomic(path, new Uint8Array([0, 255, 7]));
    expect([...(await readFile(path))]).toEqual([0, 255, 7]);
    await writeFileAtomic(
      path,
      (async function* () {
        yield "one ";
        yield new TextEncoder().encode("two");
      })(),
    );
    expect(await readFile(path, "utf8")).toBe("one two");
    expect(await readdir(folder)).toEqual(["model.bin"]);
  });

  test("keeps the mode of the file it replaces and the link that leads to it", async () => {
    const path = join(folder, "real");
    await writeFile(path, "old");
    await chmod(path, 0o600);
    await symlink("real", join(folder, "link"));
    await writeFileAtomic(join(folder, "link"), "new");
    expect(await readFile(path, "utf8")).toBe("new");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(
      (await readdir(folder, { withFileTypes: true })).filter((e) => e.isSymbolicLink()).map((e) => e.name),
    ).toEqual(["link"]);
  });

  test("leaves the old file and nothing else when the disk fills half way", async () => {
    const path = join(folder, "model.bin");
    await writeFile(path, "old");
    const fillsUp = async function* () {
      yield new Uint8Array(100_000);
      expect(await readdir(folder), "the first chunk is in a temporary file").toHaveLength(2);
      throw Object.assign(new Error("write ENOSPC"), { code: "ENOSPC", syscall: "write" });
    };
    const error = await writeFileAtomic(path, fillsUp()).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).facts).toEqual({
      at: path,
      expected: "a file that can be written",
      received: "a full disk",
      errno: "ENOSPC",
      hint: "free some space or choose a folder on another disk",
    });
    expect(await readdir(folder)).toEqual(["model.bin"]);
    expect(await readFile(path, "utf8")).toBe("old");
  });

  test("lets an error of the data pass, after cleaning up", async () => {
    const mistake = new RangeError("internal: no such tensor");
    const data = (function* (): Generator<string> {
      yield "x";
      throw mistake;
    })();
    await expect(writeFileAtomic(join(folder, "model.bin"), data)).rejects.toBe(mistake);
    expect(await readdir(folder)).toEqual([]);
  });

  test.skipIf(!existsSync("/dev/full"))(
    "reports a disk that is really full, and does not replace a device",
    async () => {
      await expect(writeFileAtomic("/dev/full", "x")).rejects.toThrow(/^\/dev\/full: .*a full disk\n {2}hint: free/);
      expect((await stat("/dev/full")).isCharacterDevice()).toBe(true);
    },
  );

  test("names a folder, a missing folder, a file used as a folder and a name too long", async () => {
    await mkdir(join(folder, "taken"));
    await writeFile(join(folder, "file"), "");
    await expect(writeFileAtomic(join(folder, "taken"), "x")).rejects.toThrow(
      /received a folder\n.*name a file inside it/,
    );
    await expect(writeFileAtomic(join(folder, "none", "a"), "x")).rejects.toThrow(
      /does not exist\n.*the folder must exist/,
    );
    await expect(writeFileAtomic(join(folder, "file", "a"), "x")).rejects.toThrow(
      /through a file.*\n.*rename that file/,
    );
    await expect(writeFileAtomic(join(folder, "n".repeat(300)), "x")).rejects.toThrow(/a name too long/);
    await writeFileAtomic(join(folder, "n".repeat(255)), "the longest name still works");
    expect(await readdir(folder)).toHaveLength(3);
  });

  test("reports a folder without permission", () =>
    withoutPrivileges(async () => {
      if (!isRoot) await chmod(folder, 0o500);
      await expect(writeFileAtomic(join(folder, "model.bin"), "x")).rejects.toThrow(/no permission\n.*owner and mode/);
    }));
});

describe("ensureWritableFolder", () => {
  test("creates the folder and those above it, and leaves nothing inside", async () => {
    const path = join(folder, "runs", "shoes");
    await ensureWritableFolder(path);
    await ensureWritableFolder(path);
    expect(await readdir(path)).toEqual([]);
  });

  test("refuses a file in its place or on its way", async () => {
    await writeFile(join(folder, "file"), "kept");
    await expect(ensureWritableFolder(join(folder, "file"))).rejects.toThrow(
      /a folder that can be written.*a file where the folder should be\n.*hint/,
    );
    await expect(ensureWritableFolder(join(folder, "file", "runs"))).rejects.toThrow(/through a file/);
    expect(await readFile(join(folder, "file"), "utf8")).toBe("kept");
  });

  test("refuses a folder that exists and cannot be written", () =>
    withoutPrivileges(async () => {
      if (!isRoot) await chmod(folder, 0o500);
      await expect(ensureWritableFolder(folder)).rejects.toThrow(/no permission/);
    }));
});

describe("requireWritable", () => {
  test("creates nothing, and finds what is in the way as ensureWritableFolder does", async () => {
    await writeFile(join(folder, "file"), "kept");
    for (const path of ["runs", "runs/shoes/red", "."]) await requireWritable(join(folder, path));
    for (const path of ["file", "file/runs", "file/runs/shoes"]) {
      const said = await ensureWritableFolder(join(folder, path)).catch((error: Error) => error.message);
      await expect(requireWritable(join(folder, path))).rejects.toThrow(said as string);
    }
    expect(await readdir(folder)).toEqual(["file"]);
  });

  test("refuses a folder in one that cannot be written", () =>
    withoutPrivileges(async () => {
      if (!isRoot) await chmod(folder, 0o500);
      await expect(requireWritable(join(folder, "runs", "shoes"))).rejects.toThrow(/no permission/);
    }));
});

test("folders that were created for nothing are removed, others not", async () => {
  await ensureWritableFolder(join(folder, "a"));
  const created = await ensureWritableFolder(join(folder, "a", "b", "c"));
  expect(created).toEqual([join(folder, "a", "b", "c"), join(folder, "a", "b")]);
  await writeFile(join(folder, "a", "b", "mine"), "kept");
  await removeEmptyFolders(created);
  expect((await readdir(folder, { recursive: true })).toSorted()).toEqual([
    "a",
    join("a", "b"),
    join("a", "b", "mine"),
  ]);
});

test("what a killed process was writing is removed, a living one's is not", async () => {
  const kept = ["last.safetensors", ".bantam.json", ".bantam-notes.tmp"];
  for (const name of kept) await writeFile(join(folder, name), "kept");
  // A process that dies while its data is being made, which an endless iterable stands for.
  const endless = async function* () {
    yield "half";
    await new Promise(() => {});
  };
  void writeFileAtomic(join(folder, "last.safetensors"), endless());
  while ((await readdir(folder)).length < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  const living = (await readdir(folder)).find((name) => !kept.includes(name))!;
  const start = living.split("-")[3]!;
  expect(living).toContain(`-${process.pid}-`);
  const dead = spawnSync("true").pid;
  const named = (pid: number, began = start) => living.replace(`-${process.pid}-${start}`, `-${pid}-${began}`);
  // Of a process that ended, of an earlier one with our number, and of others who cannot be asked, a day and an hour old.
  const elsewhere = living.replace(/-[0-9a-f]{8}-/, "-00000000-");
  const left = [named(dead), ...(start === "x" ? [] : [named(process.pid, "1")]), ".bantam-0f3a9c11-7d2e.tmp"];
  for (const name of [...left, elsewhere]) await writeFile(join(folder, name), "half");
  const yesterday = Date.now() / 1000 - 90_000;
  await utimes(join(folder, ".bantam-0f3a9c11-7d2e.tmp"), yesterday, yesterday);
  await utimes(join(folder, living), yesterday, yesterday);
  await removeHalfWritten(folder);
  expect((await readdir(folder)).toSorted()).toEqual([...kept, living, elsewhere].toSorted());
  await utimes(join(folder, elsewhere), yesterday, yesterday);
  await removeHalfWritten(folder);
  expect((await readdir(folder)).toSorted()).toEqual([...kept, living].toSorted());
  await expect(removeHalfWritten(join(folder, "nowhere"))).rejects.toThrow(FileError);
});

/** Mounting needs the super-user, and a container may forbid it even so. */
function mount(at: string, options: string): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", options, "tmpfs", at], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

describe("a disk of its own", () => {
  let mounted: boolean;
  afterEach(() => {
    if (mounted) execFileSync("umount", [folder]);
  });

  test("fills up: the old file stays, the temporary one goes", async (context) => {
    mounted = isRoot && mount(folder, "size=64k");
    if (!mounted) context.skip("mounting a small tmpfs is not permitted");
    await writeFileAtomic(join(folder, "model.bin"), "old");
    await expect(writeFileAtomic(join(folder, "model.bin"), new Uint8Array(100_000))).rejects.toThrow(/a full disk/);
    expect(await readdir(folder)).toEqual(["model.bin"]);
    expect(await readFile(join(folder, "model.bin"), "utf8")).toBe("old");
    // Takes what is left, to the last page.
    await writeFile(join(folder, "filler"), new Uint8Array(100_000)).catch(() => {});
    await expect(ensureWritableFolder(folder)).rejects.toThrow(/a full disk/);
    await expect(requireWritable(join(folder, "runs"))).rejects.toThrow(/a full disk/);
  });

  test("is read-only", async (context) => {
    mounted = isRoot && mount(folder, "size=64k,ro");
    if (!mounted) context.skip("mounting a read-only tmpfs is not permitted");
    await expect(ensureWritableFolder(folder)).rejects.toThrow(/a read-only file system/);
    await expect(ensureWritableFolder(join(folder, "runs"))).rejects.toThrow(/a read-only file system/);
    await expect(writeFileAtomic(join(folder, "a"), "x")).rejects.toThrow(/a read-only file system/);
  });
});

describe("toFileError", () => {
  test.each(["ENOSPC", "EACCES", "EROFS", "ENOTDIR", "EISDIR", "ENOENT", "EMFILE"])("%s tells what to do", (code) => {
    const cause = Object.assign(new Error(code), { code });
    const error = toFileError(cause, "runs/a", "read") as FileError;
    expect(error.message).toMatch(/^runs\/a: expected a file that can be read, received [a-z `/-]+\n {2}hint: /);
    expect(error.facts.errno).toBe(code);
    expect(error.cause).toBe(cause);
  });

  test("an unknown code of the system keeps its message, and other errors stay what they are", () => {
    const odd = Object.assign(new Error("EODD: weird device, open '/dev/a'"), { code: "EODD", syscall: "open" });
    expect((toFileError(odd, "a", "write") as Error).message).toBe(
      "a: expected a file that can be written, received weird device",
    );
    const mistake = new TypeError("x is not a function");
    expect(toFileError(mistake, "a", "write")).toBe(mistake);
  });
});

test("a file error of a program compiled to WebAssembly is known by its number", () => {
  const error = toFileError({ name: "ErrnoError", errno: 51 }, "runs/a", "write");
  expect(error).toBeInstanceOf(FileError);
  expect((error as FileError).facts).toMatchObject({ received: "a full disk", errno: "ENOSPC" });
  const unknown = { name: "ErrnoError", errno: 8 };
  expect(toFileError(unknown, "runs/a", "write")).toBe(unknown);
});
