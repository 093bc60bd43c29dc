/**
 * A Hub on this machine, and the storage it sends large files' readers to: two servers, so that a step from one to the other
 * is a step to another host. They answer as https://huggingface.co does, until told to misbehave.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const commit = "0123456789abcdef0123456789abcdef01234567";
export const repository = "bantam/shoes";

export type Asked = {
  /** Which of the two servers was asked. */
  readonly at: "hub" | "storage";
  readonly path: string;
  readonly range: string | undefined;
  readonly authorization: string | undefined;
};

export type StoredFile = {
  readonly bytes: Uint8Array;
  /** Large files are kept in the storage, and known by their sha256. */
  readonly large: boolean;
};

/** Answers one request in its own way. `send` is what the server would have done. */
export type Misdeed = (request: IncomingMessage, response: ServerResponse, send: () => void) => void;

export type TestHub = {
  readonly url: string;
  readonly storageUrl: string;
  readonly files: Map<string, StoredFile>;
  readonly asked: Asked[];
  /** Requests for bytes, as distinct from those for the file's size and checksum. */
  parts(): Asked[];
  /** The next requests for bytes go to these, one each; the last stays if `forever`. */
  misbehave(at: "hub" | "storage" | "info", deeds: readonly Misdeed[], forever?: boolean): void;
  close(): Promise<void>;
};

export const etagOf = ({ bytes, large }: StoredFile): string =>
  large
    ? createHash("sha256").update(bytes).digest("hex")
    : createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");

export async function startHub(files: Readonly<Record<string, StoredFile>>): Promise<TestHub> {
  const stored = new Map(Object.entries(files));
  const asked: Asked[] = [];
  const deeds = { hub: [] as Misdeed[], storage: [] as Misdeed[], info: [] as Misdeed[] };
  const stays = { hub: false, storage: false, info: false };

  const served = (at: "hub" | "storage", answer: (request: IncomingMessage, response: ServerResponse) => void) =>
    createServer((request, response) => {
      const { range, authorization } = request.headers;
      asked.push({ at, path: decodeURIComponent(request.url ?? ""), range, authorization });
      const kind = range === "bytes=0-0" ? "info" : at;
      const queue = deeds[kind];
      const deed = queue.length > 1 || !stays[kind] ? queue.shift() : queue[0];
      const send = () => answer(request, response);
      if (deed === undefined) send();
      else deed(request, response, send);
    });

  const storage = await listening(
    served("storage", (request, response) => {
      const file = stored.get(decodeURIComponent(new URL(request.url!, "http://a").pathname.slice(1)));
      if (file === undefined) return void response.writeHead(403).end();
      // The storage has checksums of its own, which must not be taken for the Hub's.
      sendRange(request, response, file.bytes, { ETag: '"of-the-storage-2"' });
    }),
  );
  const hub = await listening(
    served("hub", (request, response) => {
      const path = decodeURIComponent(new URL(request.url!, "http://a").pathname);
      if (path.startsWith(`/api/models/${repository}/tree/`)) {
        const list = [...stored].map(([name, { bytes }]) => ({ type: "file", path: name, size: bytes.length }));
        return void response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(list));
      }
      const [, name, revision, file] =
        /^\/([^/]+\/[^/]+)\/resolve\/(main|v2|refs\/pr\/1|[0-9a-f]{40})\/(.+)$/.exec(path) ?? [];
      if (name !== repository)
        return refuse(response, path.includes("/resolve/nowhere/") ? "RevisionNotFound" : "RepoNotFound");
      const found = stored.get(file!);
      if (found === undefined) return refuse(response, "EntryNotFound");
      const headers = { "X-Repo-Commit": /^[0-9a-f]{40}$/.test(revision!) ? revision! : commit };
      if (!found.large) return sendRange(request, response, found.bytes, { ...headers, ETag: `"${etagOf(found)}"` });
      response
        .writeHead(302, {
          ...headers,
          ETag: '"of-this-page"',
          "X-Linked-Etag": `"${etagOf(found)}"`,
          "X-Linked-Size": found.bytes.length,
          Location: `${urlOf(storage)}/${encodeURIComponent(file!)}?signature=secret`,
        })
        .end();
    }),
  );

  return {
    url: urlOf(hub),
    storageUrl: urlOf(storage),
    files: stored,
    asked,
    parts: () => asked.filter(({ path, range }) => range !== "bytes=0-0" && !path.startsWith("/api/")),
    misbehave(at, list, forever = false) {
      deeds[at] = [...list];
      stays[at] = forever;
    },
    async close() {
      await Promise.all(
        [hub, storage].map((server) => {
          server.closeAllConnections();
          return new Promise((resolve) => server.close(resolve));
        }),
      );
    },
  };
}

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const urlOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

function refuse(response: ServerResponse, code: string): void {
  response.writeHead(404, { "X-Error-Code": code, "X-Error-Message": `${code}, says the Hub` }).end();
}

function sendRange(
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
  headers: Readonly<Record<string, string>>,
): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  if (first === undefined) {
    return void response.writeHead(200, { ...headers, "Content-Length": bytes.length }).end(bytes);
  }
  const start = Number(first);
  if (start >= bytes.length) {
    return void response.writeHead(416, { ...headers, "Content-Range": `bytes */${bytes.length}` }).end();
  }
  const end = last === "" ? bytes.length : Math.min(Number(last) + 1, bytes.length);
  response
    .writeHead(206, {
      ...headers,
      "Content-Range": `bytes ${start}-${end - 1}/${bytes.length}`,
      "Content-Length": end - start,
    })
    .end(bytes.subarray(start, end));
}

/**
 * What the request asks for, as the server would send it, up to byte `end` of the file and then nothing more.
 *
 * @param then `cutWhen` tells when the client has got so far. Cut earlier, the line would take bytes along that were sent and
 *   not yet read.
 */
export function partly(file: StoredFile, end: number, then: "stall" | { readonly cutWhen: () => boolean }): Misdeed {
  return (request, response) => {
    const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const total = file.bytes.length;
    const range = { "Content-Range": `bytes ${start}-${total - 1}/${total}` };
    response.writeHead(start > 0 ? 206 : 200, { "Content-Length": total - start, ...(start > 0 ? range : {}) });
    response.flushHeaders();
    response.write(file.bytes.subarray(start, end));
    if (then === "stall") return;
    const watch = setInterval(() => {
      if (!then.cutWhen()) return;
      clearInterval(watch);
      response.destroy();
    }, 2);
    response.on("close", () => clearInterval(watch));
  };
}

export const status =
  (code: number, headers: Readonly<Record<string, string>> = {}): Misdeed =>
  (_, response) =>
    void response.writeHead(code, headers).end();
