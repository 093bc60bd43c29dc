import { basename, join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fileNameOf } from "./file-name.js";

test.each([
  ["photos", "photos"],
  ["my-photos_2.v1 (b)", "my-photos_2.v1%20(b)"],
  ["..", "%2E%2E"],
  [".", "%2E"],
  ["../x", "%2E.%2Fx"],
  ["a\\b", "a%5Cb"],
  ["a\0b", "a%00b"],
  ["CON", "%43ON"],
  ["nul.txt", "%6Eul.txt"],
  ["console", "console"],
  ["Müller", "M%C3%BCller"],
  ["end.", "end%2E"],
  ["", "%"],
  ["\ud800", "%25%25d800"],
])("%o is called %s", (text, name) => {
  expect(fileNameOf(text)).toBe(name);
});

test("any text is one name in its folder, and another text another one", () => {
  const text = fc.oneof(
    fc.string({ maxLength: 400 }),
    fc.array(fc.constantFrom("..", "/", "\\", "%", "%2", "\ud800", "é")).map((all) => all.join("")),
  );
  fc.assert(
    fc.property(text, text, (one, other) => {
      const name = fileNameOf(one);
      expect(name).toMatch(/^[\w!'()~%-][\w!'()~%.-]*$/);
      expect(name.length).toBeLessThanOrEqual(200);
      expect(basename(join("/folder", name))).toBe(name);
      if (one !== other) expect(fileNameOf(other)).not.toBe(name);
    }),
    { numRuns: 2000 },
  );
});
