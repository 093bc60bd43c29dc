import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { expect, test } from "vitest";
import { commandLine } from "./command-line.js";

test("a shell reads a line as it was meant", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.string().filter((word) => !word.includes("\0")),
        { minLength: 1 },
      ),
      (words) => {
        const printed = `printf '%s\\0' ${commandLine(words, { out: "my run", seed: 0, absent: undefined })}`;
        const read = execFileSync("sh", ["-c", printed]).toString().split("\0").slice(0, -1);
        expect(read).toEqual([...words, "--out", "my run", "--seed", "0"]);
      },
    ),
    { numRuns: 50 },
  );
});

test("plain words stay as they are typed", () => {
  expect(commandLine(["bantam", "scale", "mobilenet-v2-0.5@160"], { widths: "1.4,2", study: "a b" })).toBe(
    "bantam scale mobilenet-v2-0.5@160 --widths 1.4,2 --study 'a b'",
  );
});
