import { spawn } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { acquireLock, requireUnlocked } from "./lock.js";

const folders: string[] = [];
const temporaryFolder = async () => {
  folders.push(await mkdtemp(join(tmpdir(), "bantam-lock-")));
  return folders.at(-1)!;
};
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

describe("the lock", () => {
  const sleeper = "setInterval(() => {}, 1000)";

  test("of a process that lives is respected, until it is killed", async () => {
    const folder = await temporaryFolder();
    const path = join(folder, "lock");
    const child = spawn(process.execPath, ["-e", sleeper]);
    await new Promise((done) => child.once("spawn", done));
    await writeFile(path, JSON.stringify({ pid: child.pid, host: hostname(), start: null, since: "today" }));
    await expect(acquireLock(path, "here")).rejects.toThrow(`process ${child.pid} on ${hostname()}`);
    await expect(requireUnlocked(path, "here")).rejects.toThrow(`process ${child.pid} on ${hostname()}`);
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
    const lock = await acquireLock(path, "here");
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test.each([
    ["a process that has this number, but began at another time", { pid: process.pid, host: hostname(), start: "1" }],
    ["nobody: it is not whole", "{"],
    ["nobody: it names no process", '{"pid":"7","host":null}'],
    ["nobody: it is a number", "7"],
  ])("of %s is taken over", async (_, owner) => {
    const path = join(await temporaryFolder(), "lock");
    await writeFile(path, typeof owner === "string" ? owner : JSON.stringify({ since: "", ...owner }));
    const lock = await acquireLock(path, "here");
    await expect(acquireLock(path, "here")).rejects.toThrow(`process ${process.pid}`);
    await lock.release();
  });

  test.skipIf(process.getuid?.() === 0)("that may not be read is said to be", async () => {
    const path = join(await temporaryFolder(), "lock");
    await writeFile(path, "{}");
    await chmod(path, 0);
    await expect(acquireLock(path, "here")).rejects.toThrow(/no permission/);
  });

  test("that is a folder is said to be", async () => {
    const path = join(await temporaryFolder(), "lock");
    await mkdir(path);
    await expect(acquireLock(path, "here")).rejects.toThrow(/received a folder/);
  });

  test("of another machine is left, and the hint says what to do", async () => {
    const path = join(await temporaryFolder(), "lock");
    await writeFile(path, JSON.stringify({ pid: 1, host: "elsewhere", start: null, since: "" }));
    await expect(acquireLock(path, "here")).rejects.toThrow(`if that process is gone, delete ${path}`);
  });

  test("goes to one of many who find its owner dead, a little after each other", async () => {
    const folder = await temporaryFolder();
    for (let round = 0; round < 60; round++) {
      const path = join(folder, `lock ${round}`);
      await writeFile(path, JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), start: null, since: "" }));
      const tries = await Promise.allSettled(
        Array.from({ length: 12 }, async (_, i) => {
          for (let turn = 0; turn < i % 4; turn++) await new Promise(setImmediate);
          return acquireLock(path, "here");
        }),
      );
      expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    }
  });

  test("is taken over also from one that died while it took over", async () => {
    const folder = await temporaryFolder();
    const dead = JSON.stringify({ pid: 2 ** 22 + 1, host: hostname(), start: null, since: "" });
    await writeFile(join(folder, "lock"), dead);
    await writeFile(join(folder, "lock.removing"), dead);
    const lock = await acquireLock(join(folder, "lock"), "here");
    await lock.release();
    expect(await readdir(folder)).toEqual([]);
  });
});
