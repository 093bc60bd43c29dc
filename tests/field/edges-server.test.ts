/** A PostgreSQL server that is away: clear errors in bounded time, and Ctrl-C that ends what waits for it. */
import { spawn, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InterruptedError } from "../../src/base/index.js";
import { openServer } from "../../src/study/server.js";
import { makePhotos } from "../photos.js";

const program = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
let root: string;
/** Takes connections and never says a word. */
let silent: Server;
const callers = new Set<Socket>();
let called: () => void = () => {};
const portOf = (server: Server) => (server.address() as AddressInfo).port;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bantam-server-"));
  await makePhotos(join(root, "photos"), 12);
  silent = createServer((socket) => {
    callers.add(socket.on("error", () => {}));
    called();
  });
  await new Promise<void>((done) => silent.listen(0, "127.0.0.1", done));
});
afterAll(async () => {
  for (const socket of callers) socket.destroy();
  silent.close();
  await rm(root, { recursive: true, force: true });
});

const silentAddress = () => `postgres://u:s3cret@127.0.0.1:${portOf(silent)}/b`;
/** Where nobody listens. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const port = portOf(server);
  await new Promise<void>((done) => server.close(() => done()));
  return `postgres://u:s3cret@127.0.0.1:${port}/b`;
}

/** @returns the exit code and what was said, and how long it went on after Ctrl-C at the first call of the server, s. */
async function bantam(words: readonly string[], press: boolean) {
  const env = { ...process.env, BANTAM_CACHE: join(root, "cache"), BANTAM_THREADS: "1" };
  const child = spawn(process.execPath, [program, ...words], { env, stdio: ["ignore", "ignore", "pipe"] });
  let [stderr, pressed] = ["", 0];
  called = () => {
    pressed = performance.now();
    if (press) child.kill("SIGINT");
  };
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => child.on("error", reject).on("close", resolve));
  return { code, stderr, seconds: (performance.now() - pressed) / 1000 };
}

const search = (study: string) => [
  ...["search", join(root, "photos"), "--max-params", "100k", "--trials", "1", "--epochs", "1", "--study", study],
];

describe.skipIf(!existsSync(program))("the built program (skipped where it is not built)", () => {
  test.each([
    ["search", search],
    ["study ls", (study: string) => ["study", "ls", study]],
  ])("%s ends soon after Ctrl-C while a server does not answer", async (_, words) => {
    const { code, stderr, seconds } = await bantam(words(silentAddress()), true);
    expect({ code, stderr }).toMatchObject({ code: 130, stderr: expect.stringMatching(/^interrupted: SIGINT$/m) });
    expect(stderr).not.toMatch(/s3cret|^error/m);
    expect(seconds).toBeLessThan(20); // two and some, on a machine that does nothing else; without an end, a minute
  });

  test("without Ctrl-C says that nobody answers", async () => {
    const { code, stderr } = await bantam(["study", "ls", silentAddress()], false);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `error: postgres://u@127.0.0.1:${portOf(silent)}/b: expected a PostgreSQL server, received timeout expired\n`,
    });
  });

  const away: readonly [string, () => string | Promise<string>, RegExp][] = [
    ["a port that refuses", closedAddress, /a PostgreSQL server, received connect ECONNREFUSED/],
    [
      "a name that does not resolve",
      () => "postgres://u:s3cret@no-such-host.invalid/b",
      /a PostgreSQL server, received getaddrinfo E/,
    ],
  ];
  test.each(away)("%s is an error at once", async (_, address, message) => {
    for (const words of [search(await address()), ["study", "ls", await address()]]) {
      const { code, stderr } = await bantam(words, false);
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/s3cret/);
    }
  });

  const ownMounts = process.platform === "linux" && spawnSync("unshare", ["-m", "true"]).status === 0;
  test.skipIf(!ownMounts)(
    "Ctrl-C does not wait for a resolver that does not answer (skipped without mounts of its own)",
    async () => {
      const resolver = createSocket("udp4").on("message", () => called());
      await new Promise<void>((done) => resolver.bind(53, "127.0.0.53", done));
      try {
        await writeFile(join(root, "resolv.conf"), "nameserver 127.0.0.53\noptions timeout:15 attempts:3\n");
        const line = `mount --bind '${join(root, "resolv.conf")}' /etc/resolv.conf; exec '${process.execPath}' '${program}' study ls postgres://u@slow.example.org/b`;
        const child = spawn("unshare", ["-m", "sh", "-c", line], { stdio: ["ignore", "ignore", "pipe"] });
        let stderr = "";
        child.stderr.setEncoding("utf8").on("data", (text: string) => {
          stderr += text;
        });
        let pressed = 0;
        called = () => {
          pressed = performance.now();
          child.kill("SIGINT");
          called = () => {};
        };
        const ended = await new Promise<unknown>((resolve) =>
          child.on("close", (code, signal) => resolve(code ?? signal)),
        );
        expect(stderr).toMatch(/^interrupted: SIGINT$/m);
        expect(ended).toBe("SIGINT"); // 130 to a shell
        expect((performance.now() - pressed) / 1000).toBeLessThan(20);
      } finally {
        resolver.close();
      }
    },
  );
});

test.each([
  ["a word", "enough"],
  ["an error", new Error("enough")],
  ["nothing", undefined],
])("a caller that aborts with %s gets an InterruptedError", async (_, reason) => {
  const address = { full: silentAddress(), shown: "the server" };
  const controller = new AbortController();
  called = () => controller.abort(reason);
  const waiting = await openServer(address, { signal: controller.signal }).catch((error: unknown) => error);
  expect(waiting).toBeInstanceOf(InterruptedError);
  expect((waiting as InterruptedError).cause).toBe(controller.signal.reason);
  const before = openServer(address, { signal: AbortSignal.abort(reason) });
  await expect(before).rejects.toThrow(InterruptedError);
});

test("a caller's InterruptedError comes back as it is", async () => {
  const reason = new InterruptedError({ at: "x", expected: "y", received: "z" });
  const opening = openServer({ full: silentAddress(), shown: "x" }, { signal: AbortSignal.abort(reason) });
  await expect(opening).rejects.toBe(reason);
});
