import { fsyncSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../data/testing/fixtures.js";
import { openDurably } from "./durable.js";

test("each commit is flushed to the disk; what a process killed while making one has left is cleared up", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "database.draft", "base"), { recursive: true });
  await writeFile(join(folder, "database.draft", "PG_VERSION"), "18");
  let flushes = 0;
  const database = await openDurably(join(folder, "database"), (file) => {
    flushes++;
    fsyncSync(file);
  });
  expect(await readdir(folder)).toEqual(["database"]);
  await database.exec("create table numbers (n integer)");
  for (let n = 0; n < 5; n++) {
    const before = flushes;
    await database.query("insert into numbers values ($1)", [n]);
    expect(flushes).toBeGreaterThan(before);
  }
  await database.close();
}, 60_000);
