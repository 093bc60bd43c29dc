import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileError, looksLikeServer as isServer, UsageError } from "../base/index.js";
import { temporaryFolder } from "../data/testing/fixtures.js";
import { shownPlace } from "./place.js";
import { openStudyStore, type StoredTrial, type StudyStore } from "./store.js";

const trial = (id: number, other: Partial<StoredTrial> = {}): StoredTrial => ({
  id,
  arm: "evolution",
  subject: { z: 1, a: [0.1, 1e-7], text: "naïve 'quotes' ; --", none: null },
  parent: null,
  sameAs: null,
  epochs: 3,
  costs: { params: 98_431, macs: 2 ** 53 - 1, weightBytes: 4, peakActivationBytes: 7 },
  state: "finished",
  accuracy: 1 / 3,
  curve: [0.1, 0.2, 1 / 3],
  compute: 1.5e15,
  seconds: 0.25,
  imagesPerSecond: 1234.5,
  error: null,
  ...other,
});

const server = process.env.BANTAM_TEST_POSTGRES;
const places = [
  // Not `temporaryFolder`, which goes after each test.
  ["a folder", () => mkdtemp(join(tmpdir(), "bantam-study-"))],
  ...(server === undefined ? [] : [["a server", async () => server] as const]),
] as const;

describe.each(places)("studies in %s", (_, place) => {
  let at: string;
  let store: StudyStore;
  beforeAll(async () => {
    at = await place();
    store = await openStudyStore(at);
  }, 180_000);
  afterAll(async () => {
    await store.close();
    if (!isServer(at)) await rm(at, { recursive: true });
  });

  test("trials come back as they went in, in their order", async () => {
    expect(await store.open("shoes", "search", { seed: 0, space: { b: 1, a: 2 } })).toEqual([]);
    const failed = trial(1, { state: "failed", error: "out of memory\nat step 3", curve: [], parent: 0, accuracy: 0 });
    await store.add("shoes", failed);
    await store.add("shoes", trial(0));
    const trials = await store.open("shoes", "search", { space: { b: 1, a: 2 }, seed: 0, missing: undefined });
    expect(trials).toEqual([trial(0), failed]);
    expect(JSON.stringify(trials[0]!.subject)).toBe(JSON.stringify(trial(0).subject));
  });

  test("a trial counts once", async () => {
    await store.open("once", "search", {});
    await store.add("once", trial(0));
    await store.add("once", trial(0));
    await expect(store.add("once", trial(0, { seconds: 9 }))).rejects.toThrow(
      /trial 1: expected no trial of this number/,
    );
    expect((await store.read("once")).trials).toHaveLength(1);
  });

  test("other settings are refused, each by its name", async () => {
    await store.open("hats", "search", { seed: 0, epochs: 3, budget: { macs: 5 } });
    const again = store.open("hats", "search", { seed: 1, epochs: 3, budget: { macs: 6 } });
    await expect(again).rejects.toThrow(UsageError);
    await expect(again).rejects.toThrow(/expected seed 0, budget \{"macs":5\}, received seed 1, budget \{"macs":6\}/);
    await expect(store.open("hats", "scaling", { seed: 0 })).rejects.toThrow(/kind "search".*kind "scaling"/);
  });

  test("the list counts trials and failures", async () => {
    const found = (await store.list()).map(({ name, kind, trials, failed }) => [name, kind, trials, failed]);
    expect(found).toEqual([
      ["shoes", "search", 2, 1],
      ["once", "search", 1, 0],
      ["hats", "search", 0, 0],
    ]);
    await expect(store.read("gloves")).rejects.toThrow(/received gloves\n {2}hint: there: shoes, once, hats/);
  });

  test("a second one is refused, with who has it; a server's other studies and all reading are free", async () => {
    await store.open("shoes", "search", { seed: 0, space: { b: 1, a: 2 } });
    const second = isServer(at) ? await openStudyStore(at) : null;
    const opened = second === null ? openStudyStore(at) : second.open("shoes", "search", {});
    await expect(opened).rejects.toThrow(FileError);
    await expect(opened).rejects.toThrow(new RegExp(`process ${process.pid} on ${hostname()}`));
    if (second === null) {
      const reader = await openStudyStore(at, { create: false });
      expect((await reader.read("shoes")).trials).toHaveLength(2);
      await reader.close();
      return;
    }
    expect((await second.read("shoes")).trials).toHaveLength(2);
    expect(await second.open("socks", "search", {})).toEqual([]);
    await second.close();
  });

  test.each(["a\nb", "a\0b", " ", "x".repeat(201), "\u202egnp", "\ud800"])("%j is no name of a study", async (name) => {
    await expect(store.open(name, "search", {})).rejects.toThrow(/expected a name of a study/);
  });

  test("a text with the character 0 in it is kept, but for that", async () => {
    await store.open("odd", "search", {});
    await store.add("odd", trial(0, { state: "failed", accuracy: 0, error: "bad\0byte" }));
    expect((await store.read("odd")).trials[0]!.error).toBe("bad\ufffdbyte");
  });
});

describe.skipIf(server === undefined)("a server whose connection breaks", () => {
  /** The way to the server, which can be cut and opened again. */
  async function way() {
    const { hostname: host, port } = new URL(server!);
    const open = new Set<Socket>();
    const proxy = createServer((inner) => {
      const outer = connect(Number(port || 5432), host);
      for (const [from, to] of [
        [inner, outer],
        [outer, inner],
      ] as const) {
        open.add(from);
        from.on("error", () => {}).on("close", () => to.destroy());
        from.pipe(to);
      }
    });
    const listen = (at: number) => new Promise<void>((done) => proxy.listen(at, "127.0.0.1", done));
    await listen(0);
    const { port: at } = proxy.address() as AddressInfo;
    const cut = () => {
      for (const socket of open) socket.destroy();
      open.clear();
    };
    const close = () => new Promise<void>((done) => proxy.close(() => done()));
    const address = new URL(server!);
    address.host = `127.0.0.1:${at}`;
    return { address: address.href, cut, close, reopen: () => listen(at) };
  }

  test("is waited for, and the study is held again", async () => {
    const through = await way();
    const store = await openStudyStore(through.address);
    await store.open("cut", "search", {});
    await store.add("cut", trial(0));
    through.cut();
    await store.add("cut", trial(1));
    const closing = through.close();
    through.cut();
    await closing;
    setTimeout(() => void through.reopen(), 1500);
    await store.add("cut", trial(2));
    expect((await store.read("cut")).trials.map(({ id }) => id)).toEqual([0, 1, 2]);
    const second = await openStudyStore(server!);
    await expect(second.open("cut", "search", {})).rejects.toThrow(`process ${process.pid}`);
    await second.close();
    await store.close();
    await through.close();
  }, 30_000);

  test("is given up when another process has taken the study meanwhile", async () => {
    const through = await way();
    const store = await openStudyStore(through.address);
    await store.open("taken", "search", {});
    const closing = through.close();
    through.cut();
    await closing;
    const other = await openStudyStore(server!);
    await wait(200);
    await other.open("taken", "search", {});
    await through.reopen();
    await expect(store.add("taken", trial(0))).rejects.toThrow(/a study that no other process writes to/);
    await other.close();
    await store.close();
    await through.close();
  }, 30_000);
});

test.skipIf(server === undefined)("what a server refuses is said, and a look makes no tables", async () => {
  const missing = new URL(server!);
  missing.pathname = "/no-such-database";
  await expect(openStudyStore(missing.href)).rejects.toThrow(/no-such-database/);
  const empty = new URL(server!);
  empty.searchParams.set("options", "-c search_path=pg_temp");
  await expect(openStudyStore(empty.href, { create: false })).rejects.toThrow(/a database with studies, received none/);
});

test("a password is not shown", () => {
  expect(shownPlace("postgres://me:se/cret@host/db")).not.toContain("cret");
  expect(shownPlace("postgres://me:secret@host:1/db?password=other")).toBe("postgres://me@host:1/db");
  expect(shownPlace("postgresql://me@host/db?sslmode=require")).toBe("postgres://me@host/db?sslmode=require");
  expect(shownPlace("runs/postgres")).toBe("runs/postgres");
});

test("an address where nobody answers, a folder without studies", async () => {
  const address = "postgres://me:secret@127.0.0.1:9/none";
  await expect(openStudyStore(address)).rejects.toThrow(
    /^postgres:\/\/me@127.0.0.1:9\/none: expected a PostgreSQL server/,
  );
  await expect(openStudyStore(await temporaryFolder(), { create: false })).rejects.toThrow(/a folder with studies/);
});
