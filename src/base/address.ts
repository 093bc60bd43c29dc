/**
 * Addresses of servers as people type them, and what may be shown of them: never the password. It is told generously what is meant as
 * an address, so that none becomes a folder, and strictly what is one: where it is not plain which part the password is, nothing is shown.
 */
import { UsageError } from "./errors.js";

const opening = "^[\\s\"'`<(\\[{]*";
const withScheme = new RegExp(`${opening}([a-z][a-z0-9+.:-]+://|postgres[\\w+.-]*:)`, "i");
/** `host=… password=…`, as psql takes it. */
const inWords = /(^|[\s?&;])password\s*=/i;
/** `user:password@host`; no path that begins like one. */
const withoutScheme = /^(?![./~\\]|[a-zA-Z]:[\\/]).*:.*@/s;

/** Whether a text that should be a path, a name or a number was meant as an address. */
export const looksLikeAddress = (text: string): boolean => withScheme.test(text) || inWords.test(text);

/** Whether a place of studies, a folder or a server, was meant as a server. */
export const looksLikeServer = (place: string): boolean => looksLikeAddress(place) || withoutScheme.test(place);

export type ServerAddress = {
  /** For the driver, with everything encoded. */
  readonly full: string;
  /** Without password and options. */
  readonly shown: string;
};

const parts =
  /^(?:postgres|postgresql)(?:\+\w+)?:\/\/(?:([^/?#@:]*)(?::([^/?#@]*))?@)?(\[[0-9a-f:.]+\]|[\w.%~-]*)(?::(\d{1,5}))?(?:\/([^/?#@]*))?(?:\?([^#@]*))?$/i;

/**
 * An address of a PostgreSQL server: `postgres://user:password@host:port/database?option=value`.
 *
 * @throws {UsageError} that shows none of it.
 */
export function parseServer(text: string): ServerAddress {
  const address = read(text);
  if (address !== null) return address;
  throw new UsageError({
    at: shownAddress(text),
    expected: "an address such as postgres://user:password@host:5432/database",
    received: "another text, which is not shown as it may hold a password",
    hint: "in user and password write / as %2F, ? as %3F, # as %23, @ as %40, % as %25; or leave the password out and set PGPASSWORD",
  });
}

/** For messages about a text that looks like an address. */
export const shownAddress = (text: string): string =>
  read(text)?.shown ?? (/^\W*postgres/i.test(text) ? "postgres://…" : "the address of a server");

const sslModes = new Set(["disable", "prefer", "require", "verify-ca", "verify-full", "no-verify"]);

/** null where it is none. */
function read(text: string): ServerAddress | null {
  const found = parts.exec(text.trim());
  if (found === null) return null;
  const [, rawUser = "", rawPassword = "", host = "", port, rawDatabase = "", rawOptions = ""] = found;
  const [user, password, database] = [rawUser, rawPassword, rawDatabase].map(decoded);
  if (user == null || password == null || database == null) return null;
  const options = new URLSearchParams();
  for (const [key, value] of new URLSearchParams(rawOptions)) options.set(key.toLowerCase(), value);
  const mode = options.get("sslmode") ?? "";
  // The driver takes these for the strictest one, with a warning to standard error.
  if (!options.has("uselibpqcompat") && /^(prefer|require|verify-ca)$/.test(mode))
    options.set("sslmode", "verify-full");
  const secret = password === "" ? "" : `:${encodeURIComponent(password)}`;
  const from = (who: string) =>
    `postgres://${who === "" ? "" : `${who}@`}${host}${port === undefined ? "" : `:${port}`}`;
  const path = rawDatabase === "" ? "" : `/${encodeURI(database)}`;
  return {
    full: `${from(encodeURIComponent(user) + secret)}${path || "/"}${options.size === 0 ? "" : `?${options}`}`,
    shown: `${from(encodeURIComponent(user))}${path}${sslModes.has(mode) ? `?sslmode=${mode}` : ""}`,
  };
}

/** null where it has a control character, half a surrogate, or a `%` that encodes nothing. */
function decoded(text: string): string | null {
  try {
    const plain = decodeURIComponent(text);
    encodeURIComponent(plain);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
    return /[\0-\x1f\x7f]/.test(plain) ? null : plain;
  } catch {
    return null;
  }
}
