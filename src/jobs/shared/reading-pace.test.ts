import { expect, test } from "vitest";
import { noProgress } from "./progress.js";
import { readingProgress } from "./reading-pace.js";

/** Pictures that take so many milliseconds each, after headers that took as long as `headersMs`. */
function read(total: number, msPerPicture: number, seconds?: number, headersMs = 0) {
  let clock = 0;
  const lines: string[] = [];
  const left: (number | undefined)[] = [];
  const onProgress = readingProgress(
    { ...noProgress, line: (text) => lines.push(text), update: ({ secondsLeft }) => left.push(secondsLeft) },
    seconds,
    () => clock,
  );
  for (const text of ["reading headers", "decoding images"]) {
    for (let done = 1; done <= total; done++) {
      clock += text === "decoding images" ? msPerPicture : headersMs / total;
      onProgress(done, total, text);
    }
  }
  return { lines, left: left.slice(total) };
}

test("tells the time left once two pictures are read", () => {
  const { left } = read(100, 40);
  expect([left[0], left[1], left[50]!.toFixed(2), left[99]]).toEqual([undefined, 98 * 0.04, "1.96", 0]);
});

test("what takes more than the time that is given is said once, with what to give", () => {
  expect(read(1000, 60, 20).lines).toEqual([
    "reading 1,000 pictures will take about 1 m 00 s of the 20 s given, and one epoch follows it: give --time 4m, or smaller copies of the pictures; what was read is kept for the next run",
  ]);
  expect(read(1000, 60, 90, 8000).lines[0]).toContain("about 1 m 08 s of the 1 m 30 s given, and the training");
  // Few and slow: known after two seconds.
  expect(read(5, 9000, 20).lines).toHaveLength(1);
});

test("half of the time is no reason to speak", () => {
  expect(read(1000, 60, 130).lines).toEqual([]);
  expect(read(1000, 60).lines).toEqual([]);
  expect(read(10, 1, 0.001).lines).toEqual([]);
});
