import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { isWhole, OPEN_SEAL, SEAL_KEY, seal, sealedJson, unsealedJson } from "./seal.js";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytesOf = (content: string) => new TextEncoder().encode(content);

test("the digest is of the file with zeros in its place", () => {
  const open = `before, mark:${OPEN_SEAL} after`;
  const digest = createHash("sha256").update(open).digest("hex");
  const sealed = seal(bytesOf(open), "mark:");
  expect(text(sealed)).toBe(`before, mark:${digest} after`);
  expect(isWhole(sealed, "mark:")).toBe(true);
});

test("every single bit of a file counts", () => {
  const sealed = seal(bytesOf(`{"mark":"${OPEN_SEAL}","more":[1,2,3]}  `), '"mark":"');
  const [markStart, markEnd] = [1, 1 + '"mark":"'.length];
  for (let i = 0; i < sealed.length * 8; i++) {
    const bad = sealed.slice();
    bad[i >> 3]! ^= 1 << (i & 7);
    const isMark = i >> 3 >= markStart && i >> 3 < markEnd;
    expect(isWhole(bad, '"mark":"'), `bit ${i}`).toBe(isMark ? null : false);
  }
});

test("a part of a larger buffer is sealed in its place", () => {
  const whole = bytesOf(`.....mark:${OPEN_SEAL}.....`);
  const part = seal(whole.subarray(5, -5), "mark:");
  expect(isWhole(part, "mark:")).toBe(true);
  expect(text(whole)).toMatch(/^\.{5}mark:[0-9a-f]{64}\.{5}$/);
});

test("without a place there is nothing to tell", () => {
  expect(isWhole(bytesOf("mark:12"), "mark:")).toBeNull();
  expect(() => seal(bytesOf("mark:"), "mark:")).toThrow("internal: ");
});

test("JSON comes back, and not when it was changed", () => {
  const value = { sources: ["a", "bü"], count: 3 };
  const json = sealedJson(value);
  expect(unsealedJson(json)).toMatchObject(value);
  expect(Object.keys(JSON.parse(json))[0]).toBe(SEAL_KEY);
  for (const bad of [json.replace("3}", "4}"), `${json} `, json.slice(1), "{}", "", JSON.stringify(value)])
    expect(unsealedJson(bad)).toBeNull();
});
