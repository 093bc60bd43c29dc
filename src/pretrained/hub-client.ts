/**
 * What the Hub is asked for one file. Addresses and the meaning of answers come from `@huggingface/hub`, whose requests go
 * through `HubHttp`, because that client
 * - follows redirects to the storage, and then takes the storage's ETag for the Hub's, which is the checksum;
 * - knows no time-outs, repeats nothing, and quotes whole addresses, signatures included, in its errors;
 * - hands a file out as one Blob, of which a broken download leaves nothing to go on from, and asks for large files by the Xet
 *   protocol, which has no byte ranges. Those who do not name that protocol get the same bytes over plain HTTP.
 * The token goes with `HubHttp` too, and that client never learns it.
 */
import type { NetworkError } from "../base/index.js";
import { isCommit } from "./hub-cache.js";
import { type Answer, endpointHint, type HubHttp, type Token, Unavailable } from "./hub-http.js";
import type { HubFile } from "./hub-reference.js";

export type FileInfo = {
  readonly bytes: number;
  /** Without quotes: the sha256 of a large file, the git blob's sha1 of a small one; a mirror may send something else. */
  readonly etag: string;
  readonly commit: string;
};

export type Part = {
  /** Of the first byte that comes; null when the server has none from there on. */
  readonly start: number | null;
  /** Of the whole file; null where the server does not say. */
  readonly total: number | null;
  /** Null where the server does not say. */
  readonly etag: string | null;
  /** What kind of content it claims to be, and whence it comes, for errors. */
  readonly described: string;
  bytes(): AsyncGenerator<Uint8Array>;
  discard(): Promise<void>;
};

export type HubClient = {
  /** @throws {Unavailable} @throws {NetworkError} when the Hub refuses, or has no such file. */
  fileInfo(): Promise<FileInfo>;
  /** The file as of `commit`, from byte `start` on or, as the server likes, from its beginning. @throws as `fileInfo`. */
  openPart(commit: string, start: number): Promise<Part>;
};

/** The one file that is asked for, and how. */
type Wanted = Required<HubFile> & {
  readonly endpoint: string;
  readonly token: Token | null;
  readonly http: HubHttp;
  /** Of the repository, for people. */
  readonly page: string;
  /** The file's, its parts fit for an address. */
  readonly path: string;
};

export function createHubClient(file: HubFile, endpoint: string, token: Token | null, http: HubHttp): HubClient {
  const { revision = "main", kind = "model" } = file;
  const page = `${endpoint}/${kind === "model" ? "" : `${kind}s/`}${file.repository}`;
  const path = file.file.split("/").map(encodeURIComponent).join("/");
  const wanted: Wanted = { ...file, revision, kind, endpoint, token, http, page, path };
  return {
    fileInfo: () => fileInfo(wanted),
    openPart: (commit, start) => openPart(wanted, commit, start),
  };
}

async function fileInfo(wanted: Wanted): Promise<FileInfo> {
  const { kind, repository, revision, path, page, endpoint, http } = wanted;
  const { fileDownloadInfo, InvalidApiResponseFormatError } = await import("@huggingface/hub");
  let commit = "";
  /** What the Hub says, put where the client looks for it: in the answer to a range. */
  const infoFetch = async (url: string | URL | Request): Promise<Response> => {
    const told = await linkedInfo(wanted, String(url));
    if (told === null) return new Response(null, { status: 404, headers: { "X-Error-Code": "EntryNotFound" } });
    commit = told.commit;
    return new Response(null, { headers: { ETag: told.etag, "Content-Range": `bytes 0-0/${told.size}` } });
  };
  const repo = { type: kind, name: repository };
  const info = await fileDownloadInfo({ repo, path, revision, hubUrl: endpoint, fetch: infoFetch }).catch(
    (error: unknown) => {
      throw error instanceof InvalidApiResponseFormatError ? notAHub(wanted, error.message, error) : error;
    },
  );
  if (info === null) {
    const names = await otherFiles(wanted);
    const hint = names.length === 0 ? `compare its name with ${page}` : `it has ${names.join(", ")}`;
    throw http.problem(`a file ${wanted.file} in ${repository}`, "none of that name", hint);
  }
  const etag = plainEtag(info.etag);
  if (etag === null) throw notAHub(wanted, `the ETag ${info.etag}`);
  if (!isCommit(commit)) throw notAHub(wanted, `the commit ${commit}`);
  if (!Number.isSafeInteger(info.size) || info.size < 0) throw notAHub(wanted, `a size of ${info.size} bytes`);
  return { bytes: info.size, etag, commit };
}

/** What the Hub says of the file before it sends us elsewhere; null where it has none of that name. */
async function linkedInfo(
  wanted: Wanted,
  url: string,
): Promise<{ readonly commit: string; readonly etag: string; readonly size: string | number } | null> {
  const isEnough = (hub: Headers) => hub.has("X-Linked-Etag") && hub.has("X-Linked-Size");
  const answer = await wanted.http.get(url, { Range: "bytes=0-0" }, isEnough);
  const { response, hub } = answer;
  await answer.discard();
  if (response.status === 404 && response.headers.get("X-Error-Code") === "EntryNotFound") return null;
  if (isRefusal(answer)) throw refusal(wanted, answer);

  const commit = hub.get("X-Repo-Commit") ?? "";
  const etag = hub.get("X-Linked-Etag") ?? response.headers.get("ETag");
  const size = hub.get("X-Linked-Size") ?? sizeIn(response);
  if (commit !== "" && etag !== null && size !== null) return { commit, etag, size };
  const missing = [commit === "" && "X-Repo-Commit", etag === null && "ETag", size === null && "size"];
  const type = response.headers.get("Content-Type") ?? "one";
  throw notAHub(wanted, `${type} without ${missing.filter((name) => name !== false).join(", ")}`);
}

async function openPart(wanted: Wanted, commit: string, start: number): Promise<Part> {
  const { http, page, path } = wanted;
  // By its commit, so that a push between two parts does not change what is fetched.
  const url = `${page}/resolve/${commit}/${path}`;
  const answer = await http.get(url, start > 0 ? { Range: `bytes=${start}-` } : {});
  const { response, hub, fromHub } = answer;
  const { status, headers } = response;
  if (isRefusal(answer)) {
    await answer.discard();
    throw refusal(wanted, answer);
  }
  const etag = hub.get("X-Linked-Etag") ?? (fromHub ? headers.get("ETag") : null);
  const first = /^bytes (\d+)-/.exec(headers.get("Content-Range") ?? "")?.[1];
  return {
    start: status === 416 ? null : status === 206 && first !== undefined ? Number(first) : 0,
    total: sizeIn(response),
    etag: etag === null ? null : plainEtag(etag),
    described: http.quoted(`${headers.get("Content-Type") ?? "bytes"} from ${answer.url.host}`),
    bytes: () => answer.bytes(),
    discard: () => answer.discard(),
  };
}

/** Not 416: an empty file has no byte 0, nor a complete one more of them, and its size is told all the same. */
const isRefusal = ({ response: { status } }: Answer) => status >= 400 && status !== 416;

/** @source the Hub's X-Error-Code, as `hf_raise_for_status` of the Python client reads it. */
function refusal(wanted: Wanted, answer: Answer): NetworkError | Unavailable {
  const { kind, repository, revision, page, token, http } = wanted;
  const { status, headers } = answer.response;
  const code = headers.get("X-Error-Code") ?? "";
  const message = http.quoted(headers.get("X-Error-Message") ?? "");
  const received = `${status} from ${answer.url.host}${message === "" ? "" : ` (${message})`}`;
  const login =
    token === null
      ? "set HF_TOKEN to the token of an account that may read it"
      : `check the token, which comes from ${token.from}, and what its account may read`;
  if (code === "GatedRepo")
    return http.problem("leave to read this repository", received, `accept its terms on ${page}; then ${login}`);
  if (code === "RepoNotFound" || status === 401) {
    const hint = `compare owner and name with ${page}; if it is private or gated, ${login}`;
    return http.problem(`a ${kind} repository ${repository} that may be read`, received, hint);
  }
  if (status === 403) return http.problem("leave to read this file", received, login);
  if (code === "RevisionNotFound") {
    const hint = `${page} lists its branches and tags`;
    return http.problem(`a revision ${revision} of ${repository}`, received, hint);
  }
  if (status === 404) {
    const hint = `compare owner, name and file with ${page}`;
    return http.problem(`a ${kind} repository ${repository} with this file`, received, hint);
  }
  return http.busy(answer) ?? http.problem("the file", received, endpointHint);
}

function notAHub({ http, endpoint }: Wanted, received: string, cause?: unknown): Unavailable {
  const error = http.problem(`the answer of a Hub from ${endpoint}`, http.quoted(received), endpointHint, cause);
  return new Unavailable(error, { passes: false }); // though a network's login page will: a copy serves until then
}

/** Names that the repository does have, similar ones first; none where they cannot be had. */
async function otherFiles({ kind, repository, revision, endpoint, file, http }: Wanted): Promise<readonly string[]> {
  try {
    const { listFiles } = await import("@huggingface/hub");
    const list = async (url: string | URL | Request) =>
      (await http.get(String(url), { Accept: "application/json" })).response;
    const repo = { type: kind, name: repository };
    const names: string[] = [];
    for await (const entry of listFiles({ repo, revision, hubUrl: endpoint, recursive: true, fetch: list })) {
      if (entry.type === "file") names.push(http.quoted(entry.path));
      if (names.length === 500) break;
    }
    const ending = file.slice(file.lastIndexOf("."));
    return names.sort((a, b) => Number(b.endsWith(ending)) - Number(a.endsWith(ending))).slice(0, 5);
  } catch {
    return []; // they would only have made the message better
  }
}

/** The whole file's, by the headers of an answer to a range; null where they do not say. */
function sizeIn({ status, headers }: Response): number | null {
  const total = /^bytes [^/]*\/(\d+)$/.exec(headers.get("Content-Range") ?? "")?.[1];
  if (total !== undefined) return Number(total);
  const length = headers.get("Content-Length");
  return status === 200 && length !== null && !headers.has("Content-Encoding") ? Number(length) : null;
}

/** Without quotes and weakness, and only if it can name a file; else null. */
function plainEtag(etag: string): string | null {
  const plain = etag.replace(/^W\//, "").replace(/^"(.*)"$/, "$1");
  return /^[0-9A-Za-z][0-9A-Za-z_-]{0,127}$/.test(plain) ? plain : null;
}
