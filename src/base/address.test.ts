import fc from "fast-check";
import { expect, test } from "vitest";
import { looksLikeAddress, looksLikeServer, parseServer, shownAddress } from "./address.js";
import { UsageError } from "./errors.js";

test.each([
  [
    "postgres://me:secret@host:1/db?password=other",
    "postgres://me:secret@host:1/db?password=other",
    "postgres://me@host:1/db",
  ],
  ["POSTGRES://me:secret@Host", "postgres://me:secret@Host/", "postgres://me@Host"],
  ["  PostgreSQL://me:s%2Fe@host/db\n", "postgres://me:s%2Fe@host/db", "postgres://me@host/db"],
  [
    "postgresql+psycopg2://me:a b:c@[::1]:5432/db",
    "postgres://me:a%20b%3Ac@[::1]:5432/db",
    "postgres://me@[::1]:5432/db",
  ],
  ["postgres://host/db?PASSWORD=secret", "postgres://host/db?password=secret", "postgres://host/db"],
  ["postgres://me:secret@/db?host=/var/run", "postgres://me:secret@/db?host=%2Fvar%2Frun", "postgres://me@/db"],
  [
    "postgres://host/db?sslmode=require",
    "postgres://host/db?sslmode=verify-full",
    "postgres://host/db?sslmode=require",
  ],
])("%s", (text, full, shown) => {
  expect(parseServer(text)).toEqual({ full, shown });
});

const templates: readonly ((password: string) => string)[] = [
  (p) => `postgres://me:${p}@host/db`,
  (p) => `POSTGRES://me:${p}@host:5432/db?sslmode=require`,
  (p) => `postgresql://me:${p}@one:1,two:2/db`,
  (p) => `postgresql+psycopg://me:${p}@host`,
  (p) => `postgres:me:${p}@host/db`,
  (p) => `postgres:/me:${p}@host/db`,
  (p) => `  "postgres://me:${p}@host/db"`,
  (p) => `'postgres://me:${p}@host/db`,
  (p) => `postgres://me:${p}@%2Fvar%2Frun/db`,
  (p) => `postgres://me@host/db?PassWord=${p}`,
  (p) => `postgres://host/db?sslpassword=${p}&passfile=${p}`,
  (p) => `jdbc:postgresql://host/db?user=me&password=${p}`,
  (p) => `mysql://me:${p}@host/db`,
  (p) => `host=here user=me password=${p}`,
  (p) => `me:${p}@host/db`,
];

/** Long enough not to stand in an address by chance, with what addresses are made of. */
const password = fc
  .array(
    fc.oneof(
      fc.constantFrom(..."/?#@:%&=+ \\\"'`[]{}<>,;\0\n\t\u00e4\ud800\u{1f600}.."),
      fc.string({ minLength: 1, maxLength: 3 }),
    ),
    {
      minLength: 3,
      maxLength: 12,
    },
  )
  .map((pieces) => `Zq${pieces.join("")}9`);

test("no password is shown, whatever characters it has and wherever it stands", () => {
  fc.assert(
    fc.property(password, fc.constantFrom(...templates), (secret, template) => {
      const text = template(secret);
      expect(looksLikeServer(text)).toBe(true);
      expect(shownAddress(text)).not.toContain("Zq");
      try {
        expect(parseServer(text).shown).not.toContain("Zq");
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError);
        expect((error as UsageError).message).not.toContain("Zq");
      }
    }),
    { numRuns: 3000 },
  );
});

test("a properly written password reaches the driver as it is", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((s) => ![...s].some((c) => c < " " || c === "\x7f")),
      (secret) => {
        const { full } = parseServer(`postgres://me:${encodeURIComponent(secret)}@host/db`);
        expect(decodeURIComponent(new URL(full).password)).toBe(secret);
      },
    ),
  );
});

test.each([
  "runs/postgres",
  "postgres",
  "./postgres:5",
  "C:\\me@home",
  "d:/a@b",
  "~/a:b@c",
  "/srv/a:b@c",
  "../x:y@z",
  "a@b",
  "hf:timm/x",
])("%s is no server", (text) => {
  expect([looksLikeAddress(text), looksLikeServer(text)]).toEqual([false, false]);
});
