import { execFileSync, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BantamError, FileError, NetworkError, UsageError } from "../base/index.js";
import { type DownloadOptions, downloadFromHub } from "./hub.js";
import { retryAfter } from "./hub-http.js";
import {
  commit,
  etagOf,
  type Misdeed,
  partly,
  repository,
  type StoredFile,
  startHub,
  status,
  type TestHub,
} from "./testing/hub-server.js";

const large: StoredFile = { bytes: randomBytes(300_000), large: true };
const small: StoredFile = { bytes: new TextEncoder().encode('{"architecture":"mobilenet"}'), large: false };
const etag = etagOf(large);

let folder: string;
let hub: TestHub;
let warnings: string[];
/** What the client last said it had. */
let received: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "bantam-hub-"));
  hub = await startHub({ "model.safetensors": large, "config.json": small, "onnx/model #1.onnx": large });
  warnings = [];
  received = 0;
});
afterEach(async () => {
  await hub.close();
  await rm(folder, { recursive: true, force: true });
});

const timeouts = { stallMs: 5_000, retryMs: 2, longestWaitMs: 2_000, lockMs: 5_000 };
const impatient = { ...timeouts, stallMs: 150 };
const download = (
  file = "model.safetensors",
  options: DownloadOptions & { revision?: string } = {},
): Promise<string> => {
  const { revision, onProgress, ...rest } = options;
  return downloadFromHub(
    { repository, file, ...(revision === undefined ? {} : { revision }) },
    {
      cache: folder,
      endpoint: hub.url,
      env: {},
      timeouts,
      warn: (text) => warnings.push(text),
      onProgress: (progress) => {
        received = progress.receivedBytes;
        onProgress?.(progress);
      },
      ...rest,
    },
  );
};
const refusal = async (work: Promise<unknown>): Promise<BantamError> => {
  const error = await work.then(
    () => new Error("it was downloaded"),
    (error: unknown) => error,
  );
  if (!(error instanceof BantamError)) throw error;
  expect(error.facts.hint, error.message).toBeDefined();
  return error;
};

const cutAt = (end: number) => partly(large, end, { cutWhen: () => received >= end });

const home = () => join(folder, "models--bantam--shoes");
const blob = () => join(home(), "blobs", etag);
const incomplete = () => `${blob()}.incomplete`;
const pointer = () => join(home(), "snapshots", commit, "model.safetensors");
const hashOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
/** Not compared byte by byte, as a failure would print them all. */
const contentOf = async (path: string) => hashOf(await readFile(path));
const wholeFile = hashOf(large.bytes);
const ranges = () => hub.parts().flatMap(({ at, range }) => (at === "storage" ? [range ?? "all"] : []));

describe("the cache", () => {
  test("is laid out as the Python client's", async () => {
    const seen: number[] = [];
    const path = await download("model.safetensors", { onProgress: ({ receivedBytes }) => seen.push(receivedBytes) });
    expect(path).toBe(pointer());
    expect(await contentOf(path)).toBe(wholeFile);
    expect(await readlink(path)).toBe(join("..", "..", "blobs", etag));
    expect(await readFile(join(home(), "refs", "main"), "utf8")).toBe(commit);
    expect(await readdir(join(home(), "blobs"))).toEqual([etag]);
    expect(await readdir(join(folder, ".locks", "models--bantam--shoes"))).toEqual([]);
    expect(seen[0]).toBe(0);
    expect(seen.at(-1)).toBe(300_000);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(warnings).toEqual([]);
  });

  test("holds small files by their git checksum, and files in folders with odd names", async () => {
    const config = await download("config.json");
    expect(await readFile(config, "utf8")).toBe('{"architecture":"mobilenet"}');
    // As `git hash-object` prints it.
    expect(await readlink(config)).toBe(join("..", "..", "blobs", "d66742d4d90fa81868d888a31c0be82277cffb9b"));
    const nested = await download("onnx/model #1.onnx", { revision: "refs/pr/1" });
    expect(await readlink(nested)).toBe(join("..", "..", "..", "blobs", etag));
    expect(await readFile(join(home(), "refs", "refs", "pr", "1"), "utf8")).toBe(commit);
  });

  test("holds an empty file", async () => {
    hub.files.set("empty", { bytes: new Uint8Array(0), large: false });
    expect((await stat(await download("empty"))).size).toBe(0);
  });

  test("is asked before the network: the size and checksum are looked up, the bytes are not fetched again", async () => {
    await download();
    const parts = hub.parts().length;
    expect(await download()).toBe(pointer());
    expect(hub.parts()).toHaveLength(parts);
    // Another commit with the same content: a link, no bytes.
    const other = "f".repeat(40);
    const path = await download("model.safetensors", { revision: other });
    expect(path).toBe(join(home(), "snapshots", other, "model.safetensors"));
    expect(hub.parts()).toHaveLength(parts);
    // Known by its commit, it is not even asked about.
    const asked = hub.asked.length;
    expect(await download("model.safetensors", { revision: other })).toBe(path);
    expect(hub.asked).toHaveLength(asked);
    expect(await readdir(join(home(), "refs"))).toEqual(["main"]);
    // The bytes are asked for by the commit too, so that a push in between does not change what comes.
    expect(hub.asked.filter(({ range }) => range === undefined)[0]!.path).toContain(
      `/resolve/${commit}/model.safetensors`,
    );
  });

  test("replaces a copy of the wrong length", async () => {
    await download();
    await writeFile(blob(), "cut off");
    expect(await contentOf(await download())).toBe(wholeFile);
  });

  test("is where the variables say", async () => {
    const asked = async (env: Record<string, string>) =>
      (await refusal(downloadFromHub({ repository, file: "a" }, { env: { HF_HUB_OFFLINE: "1", ...env } }))).facts
        .expected;
    expect(await asked({ HF_HUB_CACHE: "/x", HF_HOME: "/y" })).toBe("a copy in /x");
    expect(await asked({ HF_HOME: "/y", XDG_CACHE_HOME: "/z" })).toBe("a copy in /y/hub");
    expect(await asked({ XDG_CACHE_HOME: "/z" })).toBe("a copy in /z/huggingface/hub");
    expect(await asked({ HF_HUB_CACHE: "" })).toMatch(/\/\.cache\/huggingface\/hub$/);
  });
});

describe("without a network", () => {
  test("HF_HUB_OFFLINE=1 uses the cache and asks nobody", async () => {
    await download();
    const asked = hub.asked.length;
    expect(await download("model.safetensors", { env: { HF_HUB_OFFLINE: "1" } })).toBe(pointer());
    expect(warnings).toEqual(["hf:bantam/shoes:model.safetensors: offline, so the copy in the cache is used"]);
    const error = await refusal(download("config.json", { env: { HF_HUB_OFFLINE: "1" } }));
    expect(error.message).toBe(
      `hf:bantam/shoes:config.json: expected a copy in ${folder}, received none, and HF_HUB_OFFLINE forbids to fetch it\n` +
        "  hint: unset HF_HUB_OFFLINE, or copy the cache of a machine that has the file",
    );
    expect(hub.asked).toHaveLength(asked);
  });

  test("a copy in the cache is used when nobody answers, and without waiting", async () => {
    await download();
    const { url } = hub;
    await hub.close();
    expect(await download("model.safetensors", { endpoint: url, timeouts: { ...timeouts, retryMs: 60_000 } })).toBe(
      pointer(),
    );
    expect(warnings).toEqual([expect.stringMatching(/the copy in the cache is used.*a refused connection/)]);
    const error = await refusal(download("config.json", { endpoint: url }));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toMatch(
      /expected a connection to 127\.0\.0\.1:\d+, received a refused connection\n {2}hint: check the network/,
    );
  });

  test.each<[string, Misdeed]>([
    ["the Hub is out of order", status(503)],
    ["the Hub has had enough of us", status(429, { "Retry-After": "3600" })],
    [
      "a login page stands before it",
      (_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<html>"),
    ],
    ["it sends us in circles", (request, response) => response.writeHead(302, { Location: request.url }).end()],
    ["it stalls", () => {}],
  ])("a copy in the cache is used when %s", async (_, deed) => {
    await download();
    hub.misbehave("info", [deed], true);
    expect(await download("model.safetensors", { timeouts: impatient })).toBe(pointer());
    expect(warnings).toEqual([expect.stringContaining("the copy in the cache is used")]);
  });

  test("but not when the Hub refuses", async () => {
    await download();
    hub.misbehave("info", [status(401)], true);
    expect((await refusal(download())).message).toContain("401");
  });
});

describe("going on", () => {
  test("after a cut line, from the byte it was cut at", async () => {
    hub.misbehave("storage", [cutAt(100_000), cutAt(200_000)]);
    expect(await contentOf(await download())).toBe(wholeFile);
    expect(ranges()).toEqual(["all", "bytes=100000-", "bytes=200000-"]);
    expect(warnings).toEqual([
      expect.stringMatching(/100000, then .*; trying again in 1 s$/),
      expect.stringMatching(/200000, then /),
    ]);
  });

  test("after a stall", async () => {
    hub.misbehave("storage", [partly(large, 70_000, "stall")]);
    expect(await contentOf(await download("model.safetensors", { timeouts: impatient }))).toBe(wholeFile);
    expect(ranges()).toEqual(["all", "bytes=70000-"]);
    expect(warnings).toEqual([
      expect.stringMatching(/70000, then no byte from http:.*\/model.safetensors for 0\.15 s/),
    ]);
  });

  test("after Ctrl-C, in the next call", async () => {
    hub.misbehave("storage", [partly(large, 120_000, "stall")]);
    const controller = new AbortController();
    const reason = new Error("enough");
    const stopped = { code: "interrupted", cause: reason };
    const onProgress = ({ receivedBytes }: { receivedBytes: number }) => {
      if (receivedBytes === 120_000) controller.abort(reason);
    };
    await expect(download("model.safetensors", { signal: controller.signal, onProgress })).rejects.toMatchObject(
      stopped,
    );
    expect((await stat(incomplete())).size).toBe(120_000);
    expect(existsSync(blob())).toBe(false);
    expect(await readdir(join(folder, ".locks", "models--bantam--shoes"))).toEqual([]);

    const seen: number[] = [];
    await download("model.safetensors", { onProgress: ({ receivedBytes }) => seen.push(receivedBytes) });
    expect(await contentOf(pointer())).toBe(wholeFile);
    expect(ranges()).toEqual(["all", "bytes=120000-"]);
    expect(seen[0]).toBe(120_000);
    expect(await readdir(join(home(), "blobs"))).toEqual([etag]);
  });

  test("is not begun once the signal has aborted, and a pause ends with it", async () => {
    const reason = new Error("enough");
    const stopped = { code: "interrupted", cause: reason };
    await expect(download("config.json", { signal: AbortSignal.abort(reason) })).rejects.toMatchObject(stopped);
    expect(hub.asked).toEqual([]);
    hub.misbehave("info", [status(503, { "Retry-After": "2" })], true);
    const controller = new AbortController();
    const warn = () => setTimeout(() => controller.abort(reason), 5);
    const started = performance.now();
    await expect(download("config.json", { signal: controller.signal, warn })).rejects.toMatchObject(stopped);
    expect(performance.now() - started).toBeLessThan(1_500);
  });

  test("starts anew when the server ignores Range", async () => {
    await mkdir(dirname(blob()), { recursive: true });
    await writeFile(incomplete(), large.bytes.subarray(0, 90_000));
    hub.misbehave("storage", [
      (_, response) => response.writeHead(200, { "Content-Length": 300_000 }).end(large.bytes),
    ]);
    expect(await contentOf(await download())).toBe(wholeFile);
    expect(ranges()).toEqual(["bytes=90000-"]);
  });

  test("starts anew when the server has nothing from there on, or sends another range", async () => {
    await mkdir(dirname(blob()), { recursive: true });
    await writeFile(incomplete(), large.bytes.subarray(0, 90_000));
    hub.misbehave("storage", [status(416)]);
    await download();
    expect(ranges()).toEqual(["bytes=90000-", "all"]);

    await rm(blob());
    await writeFile(incomplete(), large.bytes.subarray(0, 90_000));
    const wrong = { "Content-Range": "bytes 95000-299999/300000" };
    hub.misbehave("storage", [(_, response) => response.writeHead(206, wrong).end(large.bytes.subarray(95_000))]);
    expect(await contentOf(await download())).toBe(wholeFile);
    expect(warnings.at(-1)).toContain("bytes from 95000 on");
  });

  test("starts anew when what was left cannot be the beginning", async () => {
    await mkdir(dirname(blob()), { recursive: true });
    await writeFile(incomplete(), new Uint8Array(300_001));
    await download();
    expect(ranges()).toEqual(["all"]);
    await rm(blob());
    await writeFile(incomplete(), new Uint8Array(1_000)); // of the right length, but zeros
    expect(await contentOf(await download())).toBe(wholeFile);
    expect(ranges()).toEqual(["all", "bytes=1000-", "all"]);
    expect(warnings).toEqual([expect.stringContaining("the checksum is wrong; downloading it once more")]);
  });

  test("takes a new file when the Hub's changes between two parts", async () => {
    const changed: StoredFile = { bytes: randomBytes(250_000), large: true };
    hub.misbehave("storage", [
      (request, response, send) => {
        cutAt(100_000)(request, response, send);
        hub.files.set("model.safetensors", changed);
      },
    ]);
    expect(await contentOf(await download())).toBe(hashOf(changed.bytes));
    expect(await readdir(join(home(), "blobs"))).toEqual([etagOf(changed)]);
    // What was asked for of the new file, in the belief that it was still the old one, is not read.
    expect(ranges()).toEqual(["all", "bytes=100000-", "all"]);
  });

  test("gives up on a file that changes all the time", async () => {
    let version = 0;
    const change: Misdeed = (_, __, send) => {
      hub.files.set("config.json", { bytes: new TextEncoder().encode(String(version++)), large: false });
      send();
    };
    hub.misbehave("hub", [change], true);
    expect((await refusal(download("config.json"))).message).toMatch(/another ETag at each of 5 tries/);
  });
});

describe("what goes wrong is said", () => {
  test.each<[string, Misdeed, RegExp]>([
    [
      "a stall",
      partly(large, 50_000, "stall"),
      /300000 bytes, received 50000, then no byte from .* for 0\.15 s\n.*what has arrived is kept/,
    ],
    [
      "a line cut at once",
      (request) => request.socket.destroy(),
      /a connection to 127\.0\.0\.1:\d+, received other side closed/,
    ],
    ["fewer bytes than announced", cutAt(1_000), /300000 bytes, received 1000, then other side closed/],
    [
      "an end without an announcement",
      (_, response) => response.writeHead(200).end(large.bytes.subarray(0, 1_000)),
      /300000 bytes, received 1000, then the end \(bytes from 127/,
    ],
    [
      "another length than the Hub's",
      status(200, { "Content-Type": "text/html", "Content-Length": "19" }),
      /a file of 300000 bytes, received one of 19 bytes \(text\/html from 127.*\n.*proxy/,
    ],
    [
      "more bytes than announced",
      (_, response) => {
        response.writeHead(200);
        response.write(large.bytes);
        response.end("and more");
      },
      /300000 bytes, received more/,
    ],
    ["a storage that refuses", status(403), /the file, received 403 from its storage at 127/],
    ["a storage out of order", status(500), /the file, received 500 from 127/],
  ])("%s", async (_, deed, message) => {
    hub.misbehave("storage", [deed], true);
    const error = await refusal(download("model.safetensors", { timeouts: impatient }));
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.facts.at).toBe("hf:bantam/shoes:model.safetensors");
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain("signature=secret");
    expect(ranges()).toHaveLength(5);
    expect(existsSync(blob())).toBe(false);
  });

  test("a wrong checksum, after a second try", async () => {
    const wrong = Uint8Array.from(large.bytes).fill(0, 1_000, 1_001 + 8);
    const deed: Misdeed = (_, response) => response.writeHead(200, { "Content-Length": wrong.length }).end(wrong);
    hub.misbehave("storage", [deed]);
    expect(await contentOf(await download())).toBe(wholeFile);
    await rm(folder, { recursive: true });
    hub.misbehave("storage", [deed], true);
    expect((await refusal(download())).message).toBe(
      `hf:bantam/shoes:model.safetensors: expected bytes with sha256 ${etag}, received ${hashOf(wrong)}, twice\n` +
        "  hint: a proxy or mirror changes the file, or the Hub's copy is damaged; try another network or HF_ENDPOINT",
    );
    expect(await readdir(join(home(), "blobs"))).toEqual([]);
  });

  test("a wrong checksum of a small file, as git computes it", async () => {
    const headers = { ETag: `"${etagOf(small)}"`, "Content-Length": small.bytes.length };
    hub.misbehave("hub", [(_, response) => response.writeHead(200, headers).end("x".repeat(small.bytes.length))], true);
    expect((await refusal(download("config.json"))).message).toMatch(
      /bytes with git sha1 d66742d4.*, received [0-9a-f]{40}, twice/,
    );
  });

  test("a file, a revision and a repository that do not exist, with the way to the right name", async () => {
    expect((await refusal(download("weights.safetensors"))).message).toBe(
      "hf:bantam/shoes:weights.safetensors: expected a file weights.safetensors in bantam/shoes, received none of that name\n" +
        "  hint: it has model.safetensors, config.json, onnx/model #1.onnx",
    );
    expect((await refusal(download("a", { revision: "nowhere" }))).message).toBe(
      `hf:bantam/shoes@nowhere:a: expected a revision nowhere of bantam/shoes, received 404 from ${new URL(hub.url).host} ` +
        `(RevisionNotFound, says the Hub)\n  hint: ${hub.url}/bantam/shoes lists its branches and tags`,
    );
    const error = await refusal(
      downloadFromHub({ repository: "bantam/boots", file: "a" }, { endpoint: hub.url, env: {}, cache: folder }),
    );
    expect(error.message).toMatch(/expected a model repository bantam\/boots that may be read, received 404 from/);
    expect(error.facts.hint).toBe(
      `compare owner and name with ${hub.url}/bantam/boots; if it is private or gated, set HF_TOKEN to the token of an account that may read it`,
    );
    expect(await readdir(folder)).toEqual([]);
  });

  test.each<[string, Misdeed, RegExp]>([
    ["401", status(401), /that may be read, received 401 from .*\n.*set HF_TOKEN/],
    ["403", status(403), /leave to read this file, received 403/],
    [
      "a gated repository",
      status(403, { "X-Error-Code": "GatedRepo", "X-Error-Message": "Access is restricted" }),
      /leave to read this repository, received 403 from .* \(Access is restricted\)\n {2}hint: accept its terms on http.*\/bantam\/shoes; then set HF_TOKEN/,
    ],
    ["404 without a reason", status(404), /a model repository bantam\/shoes with this file, received 404/],
    ["another status", status(451), /the file, received 451/],
  ])("%s is final", async (_, deed, message) => {
    hub.misbehave("info", [deed], true);
    const error = await refusal(download());
    expect(error).toBeInstanceOf(NetworkError);
    expect(error.message).toMatch(message);
    expect(hub.asked).toHaveLength(1);
  });

  test.each<[string, Misdeed, string]>([
    [
      "a login page",
      (_, response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<html>"),
      "text/html without X-Repo-Commit, ETag, size",
    ],
    [
      "no checksum",
      (_, response) => response.writeHead(200, { "X-Repo-Commit": commit, "Content-Length": 0 }).end(),
      "one without ETag",
    ],
    [
      "an ETag that is a path",
      status(200, { "X-Repo-Commit": commit, "Content-Length": "0", ETag: '"../../../x"' }),
      'the ETag "../../../x"',
    ],
    [
      "a commit that is a path",
      status(200, { "X-Repo-Commit": "../x", "Content-Length": "0", ETag: '"x"' }),
      "the commit ../x",
    ],
    [
      "a size that is none",
      status(302, { "X-Repo-Commit": commit, "X-Linked-Size": "-3", "X-Linked-Etag": '"x"' }),
      "a size of -3 bytes",
    ],
    [
      "no size",
      status(302, { "X-Repo-Commit": commit, "X-Linked-Size": "many", "X-Linked-Etag": '"x"' }),
      "Invalid file size received",
    ],
  ])("%s is not the answer of a Hub", async (_, deed, received) => {
    hub.misbehave("info", [deed], true);
    const { facts } = await refusal(download());
    expect(facts).toMatchObject({ expected: `the answer of a Hub from ${hub.url}`, received });
    expect(facts.hint).toContain("HF_ENDPOINT");
    expect(await readdir(folder)).toEqual([]);
  });

  test("a Hub out of order is asked five times", async () => {
    hub.misbehave("info", [status(500), status(502), status(503), status(408)]);
    await download("config.json");
    expect(warnings).toHaveLength(4);
    hub.misbehave("info", [status(500)], true);
    const before = hub.asked.length;
    expect((await refusal(download())).message).toMatch(/the file, received 500 from 127/);
    expect(hub.asked).toHaveLength(before + 5);
  });

  test("a Hub that asks for a pause gets it, but not any", async () => {
    hub.misbehave("info", [status(429, { "Retry-After": "1" })]);
    const started = performance.now();
    await download("config.json");
    expect(performance.now() - started).toBeGreaterThan(990);
    expect(warnings).toEqual([expect.stringMatching(/429 from .*; trying again in 1 s/)]);

    hub.misbehave("info", [status(429, { "Retry-After": "3600" })], true);
    const before = hub.asked.length;
    expect((await refusal(download())).message).toMatch(
      /an answer within 2 s, received 429 from .*, with the wish to be left alone for 3600 s\n.*HF_TOKEN/,
    );
    expect(hub.asked).toHaveLength(before + 1);
  });

  test("pauses are read as seconds and as dates", () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) });
    expect(
      ["12", "Thu, 01 Jan 2026 00:00:30 GMT", "Wed, 31 Dec 2025 00:00:00 GMT", "soon", null].map(retryAfter),
    ).toEqual([12_000, 30_000, 0, null, null]);
    vi.useRealTimers();
  });
});

describe("redirects", () => {
  test("are followed, but not for ever", async () => {
    const renamed: Misdeed = (request, response) => response.writeHead(307, { Location: request.url }).end();
    hub.misbehave("info", [renamed, renamed]);
    await download("config.json");
    hub.misbehave("info", [renamed], true);
    const before = hub.asked.length;
    expect((await refusal(download())).message).toMatch(
      /a few redirects, received more than 10, at last to http:.*\/model.safetensors\n/,
    );
    expect(hub.asked.length).toBe(before + 11);
  });

  test.each([
    ["file:///etc/passwd", "received file://"],
    ["ftp://example.org/a", "received ftp://example.org"],
    ["http://[", "received http://["],
    ["", "received none"],
  ])("to %j are not", async (location, received) => {
    hub.misbehave("info", [status(302, { Location: location })], true);
    const { message } = await refusal(download());
    expect(message).toContain("to an address as safe as its own");
    expect(message).toContain(received);
  });
});

describe("the token", () => {
  const token = "hf_thisIsTheSecretToken";

  test("goes to the Hub and to nobody else", async () => {
    await download("model.safetensors", { token });
    expect(hub.asked.map(({ at, authorization }) => [at, authorization])).toEqual([
      ["hub", `Bearer ${token}`],
      ["hub", `Bearer ${token}`],
      ["storage", undefined],
    ]);
  });

  test("is not sent again after a way over another host", async () => {
    const back: Misdeed = (_, response) => response.writeHead(302, { Location: `${hub.url}/evil` }).end();
    hub.misbehave("storage", [back]);
    await download("model.safetensors", { token });
    expect(hub.asked.find(({ path }) => path === "/evil")).toEqual({
      at: "hub",
      path: "/evil",
      range: undefined,
      authorization: undefined,
    });
  });

  test("comes from the option, the variables or its file", async () => {
    await mkdir(join(folder, "home"));
    await writeFile(join(folder, "home", "token"), "hf_file\n");
    const sent = async (options: DownloadOptions) => {
      hub.asked.length = 0;
      await download("config.json", options);
      return hub.asked[0]!.authorization;
    };
    const HF_HOME = join(folder, "home");
    expect(await sent({ env: { HF_HOME, HF_TOKEN: "hf_a", HUGGING_FACE_HUB_TOKEN: "hf_b" }, token: "hf_option" })).toBe(
      "Bearer hf_option",
    );
    expect(await sent({ env: { HF_HOME, HF_TOKEN: "hf_a", HUGGING_FACE_HUB_TOKEN: "hf_b" } })).toBe("Bearer hf_a");
    expect(await sent({ env: { HF_HOME, HUGGING_FACE_HUB_TOKEN: "hf_b" } })).toBe("Bearer hf_b");
    expect(await sent({ env: { HF_HOME } })).toBe("Bearer hf_file");
    expect(await sent({ env: { HF_TOKEN_PATH: join(HF_HOME, "token") } })).toBe("Bearer hf_file");
    expect(await sent({ env: { HF_HOME, HF_TOKEN: "hf_a" }, token: null })).toBeUndefined();
  });

  test.each<[string, "info" | "hub" | "storage", Misdeed]>([
    ["the Hub refuses with it", "info", status(401, { "X-Error-Message": `Invalid credentials: ${token}` })],
    ["the Hub redirects to it", "info", status(302, { Location: `http://${token}:x@[` })],
    [
      "the Hub calls the file so",
      "info",
      status(200, { "X-Repo-Commit": commit, ETag: `"${token}!"`, "Content-Length": "3" }),
    ],
    ["the storage speaks of it", "storage", status(200, { "Content-Type": token, "Content-Length": "3" })],
    ["the line breaks", "info", (request) => request.socket.destroy()],
  ])("is in no message when %s", async (_, where, deed) => {
    hub.misbehave(where, [deed], true);
    const error = await refusal(download("model.safetensors", { env: { HF_TOKEN: token } }));
    for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
      expect(`${cause.message} ${cause.stack} ${JSON.stringify(cause)}`).not.toContain(token);
    }
    expect(warnings.join()).not.toContain(token);
  });

  test("is named by its origin when it does not help", async () => {
    hub.misbehave("info", [status(401)], true);
    const error = await refusal(download("model.safetensors", { env: { HUGGING_FACE_HUB_TOKEN: token } }));
    expect(error.facts.hint).toContain("check the token, which comes from HUGGING_FACE_HUB_TOKEN");
  });

  test("is refused unseen when it cannot be one", async () => {
    const error = await refusalWithoutHint(download("config.json", { env: { HF_TOKEN: "hf_a\nb" } }));
    expect(error.message).toBe("HF_TOKEN: expected a token of plain characters, received others among them");
  });
});

const refusalWithoutHint = (work: Promise<unknown>): Promise<UsageError> =>
  work.then(
    () => {
      throw new Error("it was downloaded");
    },
    (error: unknown) => {
      expect(error).toBeInstanceOf(UsageError);
      return error as UsageError;
    },
  );

describe("the mirror", () => {
  test("is asked instead of the Hub, under any path", async () => {
    await downloadFromHub({ repository, file: "config.json" }, { cache: folder, env: { HF_ENDPOINT: `${hub.url}/` } });
    expect(hub.asked[0]!.path).toBe("/bantam/shoes/resolve/main/config.json");
    await refusal(
      downloadFromHub(
        { repository, file: "a", kind: "dataset" },
        { cache: folder, endpoint: `${hub.url}/hf`, env: {} },
      ),
    );
    expect(hub.asked.at(-1)!.path).toBe("/hf/datasets/bantam/shoes/resolve/main/a");
  });

  test.each([
    ["huggingface.co", '"huggingface.co"'],
    ["ftp://huggingface.co", "ftp://huggingface.co"],
    ["https://user:password@mirror.example", "https://mirror.example"],
    ["user:password@mirror.example", "user://"],
    ["https://mirror.example?key=secret", "https://mirror.example"],
  ])("cannot be %s", async (HF_ENDPOINT, received) => {
    const error = await refusalWithoutHint(download("a", { endpoint: undefined, env: { HF_ENDPOINT } }));
    expect(error.facts).toMatchObject({ at: "HF_ENDPOINT", received });
    expect(error.message).not.toMatch(/password@|secret/);
  });
});

test("names that lead out of the cache are refused before anything is asked or written", async () => {
  for (const file of ["../../x", "/etc/passwd", "a\\..\\b", ""])
    await expect(download(file)).rejects.toThrow(UsageError);
  await expect(download("a", { revision: "../../main" })).rejects.toThrow(UsageError);
  await expect(downloadFromHub({ repository: "..", file: "a" })).rejects.toThrow(UsageError);
  expect([hub.asked, await readdir(folder)]).toEqual([[], []]);
});

describe("several at once", () => {
  const child = (options: object) => {
    const input = JSON.stringify({
      file: { repository, file: "model.safetensors" },
      options: {
        cache: folder,
        endpoint: hub.url,
        timeouts: { ...timeouts, stallMs: 10_000, lockMs: 5_000 },
        ...options,
      },
    });
    const jiti = fileURLToPath(new URL("../../node_modules/jiti/lib/jiti-cli.mjs", import.meta.url));
    const script = fileURLToPath(new URL("testing/download.ts", import.meta.url));
    const process_ = spawn(process.execPath, [jiti, script, input], { stdio: ["ignore", "pipe", "pipe"] });
    let [out, errors] = ["", ""];
    process_.stdout.on("data", (data) => (out += data));
    process_.stderr.on("data", (data) => (errors += data));
    const ended = new Promise<{ out: string; errors: string }>((resolve) =>
      process_.on("close", () => resolve({ out, errors })),
    );
    return { process: process_, ended };
  };

  test("in one process: one downloads, the others take what it has fetched", async () => {
    const paths = await Promise.all(Array.from({ length: 5 }, () => download()));
    expect(new Set(paths)).toEqual(new Set([pointer()]));
    expect(ranges()).toEqual(["all"]);
    expect(warnings.filter((text) => text.includes("waiting for another process"))).toHaveLength(4);
  });

  test("in two processes, one of which is killed: the other goes on from its bytes", async () => {
    hub.misbehave("storage", [partly(large, 150_000, "stall")]);
    const first = child({});
    await vi.waitFor(async () => expect((await stat(incomplete())).size).toBe(150_000), {
      timeout: 20_000,
      interval: 20,
    });
    const second = child({});
    await vi.waitFor(() => expect(hub.asked.filter(({ range }) => range === "bytes=0-0")).toHaveLength(2), {
      timeout: 20_000,
      interval: 20,
    });
    expect(ranges(), "the second one waits").toEqual(["all"]);
    first.process.kill("SIGKILL");
    expect((await first.ended).out).toBe("");
    const { out, errors } = await second.ended;
    expect(out, errors).toBe(pointer());
    expect(await contentOf(pointer())).toBe(wholeFile);
    expect(ranges()).toEqual(["all", "bytes=150000-"]);
  });

  test("a lock whose owner shows no sign of life is taken over, one that does is waited for", async () => {
    const lock = join(folder, ".locks", "models--bantam--shoes", `${etag}.bantam.lock`);
    const hasty = { ...timeouts, lockMs: 600 };
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, JSON.stringify({ id: "other", pid: 1, host: `not-${hostname()}` }));
    const started = performance.now();
    await download("model.safetensors", { timeouts: hasty });
    expect(performance.now() - started).toBeGreaterThan(hasty.lockMs);

    await rm(home(), { recursive: true });
    await writeFile(lock, JSON.stringify({ id: "other", pid: 1, host: `not-${hostname()}` }));
    let beats = 0;
    const beat = setInterval(() => void utimes(lock, new Date(), new Date(++beats * 1_000)).catch(() => {}), 100);
    const waiting = download("model.safetensors", { timeouts: hasty });
    await new Promise((resolve) => setTimeout(resolve, 2 * hasty.lockMs));
    expect(existsSync(blob())).toBe(false);
    clearInterval(beat);
    await rm(lock);
    expect(await waiting).toBe(pointer());
    expect(await readdir(dirname(lock))).toEqual([]);
  });

  test("an owner that was thought dead and comes back does no harm", async () => {
    const lock = join(folder, ".locks", "models--bantam--shoes", `${etag}.bantam.lock`);
    let goOn = () => {};
    hub.misbehave("storage", [
      (_, response) => {
        response.writeHead(200, { "Content-Length": 300_000 });
        response.write(large.bytes.subarray(0, 100_000));
        goOn = () => void response.end(large.bytes.subarray(100_000));
      },
    ]);
    const first = download();
    await vi.waitFor(async () => expect((await stat(incomplete())).size).toBe(100_000), { interval: 10 });
    await rm(lock); // as one does that takes over
    expect(await contentOf(await download())).toBe(wholeFile);
    await writeFile(lock, "of a third");
    goOn();
    expect(await contentOf(await first)).toBe(wholeFile);
    expect(await readFile(lock, "utf8"), "not the first one's to remove").toBe("of a third");
    expect(ranges()).toEqual(["all", "bytes=100000-"]);
    expect(await readdir(join(home(), "blobs"))).toEqual([etag]);
  });

  test("a lock of a process that has ended on this machine is not waited for", async () => {
    const lock = join(folder, ".locks", "models--bantam--shoes", `${etag}.bantam.lock`);
    await mkdir(dirname(lock), { recursive: true });
    const pid = Number(execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }));
    await writeFile(lock, JSON.stringify({ id: "other", pid, host: hostname() }));
    await download("model.safetensors", { timeouts: { ...timeouts, lockMs: 600_000 } });
    expect(warnings).toEqual([]);
  });

  test("waiting ends with the signal", async () => {
    const lock = join(folder, ".locks", "models--bantam--shoes", `${etag}.bantam.lock`);
    await mkdir(dirname(lock), { recursive: true });
    await writeFile(lock, JSON.stringify({ id: "other", pid: process.pid, host: hostname() }));
    const controller = new AbortController();
    const warn = () => controller.abort(new Error("Ctrl-C"));
    await expect(download("model.safetensors", { signal: controller.signal, warn })).rejects.toMatchObject({
      code: "interrupted",
      cause: new Error("Ctrl-C"),
    });
    expect(existsSync(lock)).toBe(true);
  });
});

describe("a small disk", () => {
  let mounted = false;
  let disk: string;
  afterEach(() => {
    if (mounted) execFileSync("umount", [disk]);
    mounted = false;
  });
  /** Mounting needs the super-user, and a container may forbid it even so. */
  const mount = async (size: string): Promise<boolean> => {
    disk = join(folder, "disk");
    await mkdir(disk);
    try {
      execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", disk], { stdio: "ignore" });
      mounted = true;
    } catch {}
    return mounted;
  };

  test("is found too small before the download", async (context) => {
    if (!(await mount("128k"))) context.skip("mounting a small tmpfs is not permitted");
    const error = await refusal(download("model.safetensors", { cache: disk }));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toMatch(/blobs: expected 300 kB of free space, received 1\d\d kB\n {2}hint: free some space/);
    expect(ranges()).toEqual([]);
  });

  test("that fills up meanwhile keeps what has arrived", async (context) => {
    if (!(await mount("512k"))) context.skip("mounting a small tmpfs is not permitted");
    const filler = join(disk, "filler");
    hub.misbehave("storage", [
      (_, response) => {
        response.writeHead(200, { "Content-Length": 300_000 });
        response.write(large.bytes.subarray(0, 65_536));
        setTimeout(async () => {
          await writeFile(filler, new Uint8Array(600_000)).catch(() => {});
          response.end(large.bytes.subarray(65_536));
        }, 50);
      },
    ]);
    const error = await refusal(download("model.safetensors", { cache: disk }));
    expect(error).toBeInstanceOf(FileError);
    expect(error.message).toMatch(/\.incomplete: .*received a full disk\n {2}hint: free some space/);
    await rm(filler);
    expect(await contentOf(await download("model.safetensors", { cache: disk }))).toBe(wholeFile);
    expect(ranges()).toEqual(["all", expect.stringMatching(/^bytes=\d{5,}-$/)]);
  });
});
