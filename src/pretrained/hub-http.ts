/**
 * Requests to the Hub and to the storage it sends us to: who gets the token, how long to wait, and what an answer other than
 * the wished one means.
 */
import { interruption, NetworkError } from "../base/index.js";

export type HubTimeouts = {
  /** Milliseconds without a byte after which a server counts as stalled. */
  readonly stallMs: number;
  /** Milliseconds before the first repetition; each further one waits twice as long. */
  readonly retryMs: number;
  /** Milliseconds that are waited at most when a server asks to be left alone for a while. */
  readonly longestWaitMs: number;
  /** Milliseconds without a sign of life after which another process that is downloading the file counts as dead. */
  readonly lockMs: number;
};

export type Token = {
  readonly value: string;
  /** The variable or file it was found in, for messages. */
  readonly from: string;
};

/** The Hub was not reached, or did not answer as one: nothing is said about the file, and a copy of it will do. */
export class Unavailable extends Error {
  /** Whether it may pass within seconds. */
  readonly passes: boolean;
  /** As the server asked; null where it did not. */
  readonly waitMs: number | null;

  constructor(
    readonly error: NetworkError,
    { passes = true, waitMs = null }: { passes?: boolean; waitMs?: number | null } = {},
  ) {
    super(error.message, { cause: error });
    this.passes = passes;
    this.waitMs = waitMs;
  }
}

export type Answer = {
  readonly response: Response;
  /** The last address of the redirects. */
  readonly url: URL;
  /** Whether it is still the Hub that speaks, and not a storage it has sent us to. */
  readonly fromHub: boolean;
  /** All that the Hub said on the way, later answers over earlier ones. */
  readonly hub: Headers;
  /** To be read to its end or returned from early. Throws as `get` does. */
  bytes(): AsyncGenerator<Uint8Array>;
  /** For an answer whose bytes are not wanted: frees the connection. */
  discard(): Promise<void>;
};

export type HubHttp = {
  /**
   * @param enough stops before a redirect when the Hub has already said what is wanted.
   * @returns any answer of the Hub, and of a storage those below 400 and 416.
   * @throws {Unavailable} {InterruptedError}
   */
  get(start: string, headers: Readonly<Record<string, string>>, enough?: (hub: Headers) => boolean): Promise<Answer>;
  /** The error for a status by which a server says that it has too much to do, or is out of order; null for any other. */
  busy(answer: Answer): Unavailable | null;
  problem(expected: string, received: string, hint: string, cause?: unknown): NetworkError;
  /** What another machine said, made fit for a message: one short line without the token. */
  quoted(text: string): string;
};

const maxRedirects = 10;
const keptHint = "try again later; what has arrived is kept";

type Line = Pick<HubHttp, "problem" | "quoted"> & {
  /** What is wanted, for errors. */
  readonly at: string;
  readonly hubOrigin: string;
  readonly token: Token | null;
  readonly signal: AbortSignal | undefined;
  readonly timeouts: HubTimeouts;
};

/** @param at what is wanted, for errors. @param endpoint without a slash at the end. */
export function createHubHttp(
  at: string,
  {
    endpoint,
    ...rest
  }: { endpoint: string; token: Token | null; signal: AbortSignal | undefined; timeouts: HubTimeouts },
): HubHttp {
  const problem: HubHttp["problem"] = (expected, received, hint, cause) =>
    new NetworkError({ at, expected, received, hint }, { cause });
  const quoted = (text: string) => quotedLine(text, rest.token);
  const line: Line = { ...rest, at, hubOrigin: new URL(endpoint).origin, problem, quoted };
  return {
    problem,
    quoted,
    busy: (answer) => busy(line, answer),
    get: (start, headers, enough = () => false) => follow(line, start, headers, enough),
  };
}

function quotedLine(text: string, token: Token | null): string {
  const safe = token === null ? text : text.replaceAll(token.value, "(token)");
  const line = safe.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}

/**
 * `fetch` follows redirects too, but what the Hub says on the way (commit, checksum, size) would be lost, and an endless
 * chain could not be told from other failures.
 */
async function follow(
  line: Line,
  start: string,
  wanted: Readonly<Record<string, string>>,
  enough: (hub: Headers) => boolean,
): Promise<Answer> {
  let url = new URL(start);
  let fromHub = true; // lost for good at the first step off the Hub, and the token with it
  const hub = new Headers();
  for (let step = 0; step <= maxRedirects; step++) {
    fromHub &&= url.origin === line.hubOrigin;
    const answer = await request(line, { url, fromHub, hub }, wanted);
    if (![301, 302, 303, 307, 308].includes(answer.response.status) || enough(hub)) return accepted(line, answer);
    await answer.discard();
    url = nextUrl(line, answer);
  }
  const received = `more than ${maxRedirects}, at last to ${placeOf(line, url)}`;
  throw new Unavailable(line.problem("a few redirects", received, endpointHint), { passes: false });
}

/** One request, the token with it where the Hub is asked; what the Hub says in its headers is added to `hub`. */
async function request(
  line: Line,
  { url, fromHub, hub }: Pick<Answer, "url" | "fromHub" | "hub">,
  wanted: Readonly<Record<string, string>>,
): Promise<Answer> {
  const { token, signal } = line;
  // Compressed, the lengths would be those of something else.
  const headers = new Headers({ ...wanted, "Accept-Encoding": "identity", "User-Agent": "bantam" });
  if (fromHub && token !== null) headers.set("Authorization", `Bearer ${token.value}`);
  const patience = new AbortController();
  const aborts = signal === undefined ? patience.signal : AbortSignal.any([patience.signal, signal]);
  const inTime: InTime = (work) => patiently(line, work, url, patience);
  const response = await inTime(fetch(url, { headers, redirect: "manual", signal: aborts }));
  if (fromHub) for (const [name, value] of response.headers) hub.set(name, value);
  return {
    response,
    url,
    fromHub,
    hub,
    bytes: () => bytesOf(response, inTime),
    discard: async () => response.body?.cancel().catch(() => {}),
  };
}

type InTime = <T>(work: Promise<T>) => Promise<T>;

async function* bytesOf(response: Response, inTime: InTime): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await inTime(reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Wait for `work`, but not for ever. */
async function patiently<T>(line: Line, work: Promise<T>, url: URL, patience: AbortController): Promise<T> {
  const timer = setTimeout(() => patience.abort(), line.timeouts.stallMs);
  try {
    return await work;
  } catch (error) {
    throw broken(line, error, url, patience);
  } finally {
    clearTimeout(timer);
  }
}

/** The error for a request or a body that ended in `error`. */
function broken(line: Line, error: unknown, url: URL, patience: AbortController): unknown {
  const { problem, signal, timeouts } = line;
  if (signal?.aborted) return interruption(signal, line.at, "to finish the download");
  if (patience.signal.aborted) {
    const received = `no byte from ${placeOf(line, url)} for ${timeouts.stallMs / 1000} s`;
    return new Unavailable(problem("an answer that goes on", received, keptHint, error));
  }
  const { received, hint, passes } = reasonOf(error);
  return new Unavailable(problem(`a connection to ${url.host}`, line.quoted(received), hint, error), { passes });
}

/** The Hub's signature lets us into its storage. It runs out, and asking the Hub again gives a fresh one. */
async function accepted(line: Line, answer: Answer): Promise<Answer> {
  const { status } = answer.response;
  if (answer.fromHub || status < 400 || status === 416) return answer;
  await answer.discard();
  const received = `${status} from its storage at ${answer.url.host}`;
  throw busy(line, answer) ?? new Unavailable(line.problem("the file", received, keptHint));
}

function nextUrl(line: Line, { response, url: from }: Answer): URL {
  const location = response.headers.get("Location") ?? "";
  const url = location !== "" && URL.canParse(location, from.href) ? new URL(location, from.href) : null;
  if (url?.protocol === "https:" || (url?.protocol === "http:" && from.protocol === "http:")) return url;
  const received = url === null ? line.quoted(location) || "none" : line.quoted(`${url.protocol}//${url.host}`);
  const expected = `a redirect from ${placeOf(line, from)} to an address as safe as its own`;
  throw new Unavailable(line.problem(expected, received, endpointHint), { passes: false });
}

/** Without the query, which may be a signature. */
const placeOf = (line: Line, url: URL) => line.quoted(`${url.origin}${url.pathname}`);

function busy(line: Line, { response: { status, headers }, url, fromHub }: Answer): Unavailable | null {
  if (![408, 425, 429].includes(status) && status < 500) return null;
  const { problem, token } = line;
  const { longestWaitMs } = line.timeouts;
  const received = `${status} from ${url.host}`;
  const waitMs = retryAfter(headers.get("Retry-After"));
  if (waitMs === null || waitMs <= longestWaitMs)
    return new Unavailable(problem("the file", received, keptHint), { waitMs });
  const asked = `${received}, with the wish to be left alone for ${Math.ceil(waitMs / 1000)} s`;
  const guest = fromHub && token === null && status === 429 ? "; guests get least, and HF_TOKEN makes you none" : "";
  const expected = `an answer within ${longestWaitMs / 1000} s`;
  return new Unavailable(problem(expected, asked, `try again then${guest}`), { passes: false });
}
export const endpointHint = "is HF_ENDPOINT the address of a Hub, and does no login page of a network stand before it?";

/** What `fetch` ended in, in words. */
function reasonOf(error: unknown): { received: string; hint: string; passes: boolean } {
  let code = "";
  let message = "";
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    message = cause.message || message;
    if ("code" in cause && typeof cause.code === "string") code = cause.code;
  }
  const received = endings[code] ?? message;
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL/.test(code)) {
    const hint = "check the clock; behind a proxy with a certificate of its own, name that by NODE_EXTRA_CA_CERTS";
    return { received, hint, passes: false };
  }
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|EHOSTUNREACH/.test(code)) {
    return {
      received,
      hint: "check the network; HF_ENDPOINT names a mirror where the Hub cannot be reached",
      passes: true,
    };
  }
  return { received, hint: keptHint, passes: true };
}

const endings: Readonly<Record<string, string>> = {
  ENOTFOUND: "no address of that name",
  EAI_AGAIN: "no answer to the question for its address",
  ECONNREFUSED: "a refused connection",
  ECONNRESET: "a connection that broke off",
  ETIMEDOUT: "no answer in time",
  ENETUNREACH: "no way there",
  EHOSTUNREACH: "no way there",
};

/** Milliseconds, of seconds or a date. Null for neither. @source RFC 9110, §10.2.3. */
export function retryAfter(header: string | null): number | null {
  if (header === null) return null;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - Date.now());
}
