import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../data/testing/fixtures.js";
import type { EpochRecord } from "../../training/index.js";
import { openMetrics } from "./metrics.js";
import { crc32c, encodeScalars, fileVersion } from "./tensorboard.js";

/** RFC 3720, appendix B.4, and the checksum's usual check value. */
test("CRC-32C", () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43);
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
});

/** What TensorFlow 2 writes for these, byte by byte, put together by hand from the protocol buffers' wire format. */
test("records are TensorFlow's", () => {
  const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");
  const version = hex(fileVersion(1));
  // Length 24, then wall_time = 1.0 (0x3ff0…) and file_version.
  expect(version.slice(0, 16)).toBe("1800000000000000");
  expect(version.slice(24, -8)).toBe(`09000000000000f03f1a0d${Buffer.from("brain.Event:2").toString("hex")}`);
  // The known header checksum of a record of 24 bytes.
  expect(version.slice(16, 24)).toBe("a37f4b22");
  const scalars = hex(encodeScalars(1, 300, { a: 0.5 }));
  expect(scalars.slice(24, -8)).toBe("09000000000000f03f10ac022a0a0a080a0161150000003f");
});

const record = (epoch: number): EpochRecord => ({
  epoch,
  learningRate: 0.1,
  trainLoss: 1 / epoch,
  trainAccuracy: 0.5,
  validationLoss: 0.4,
  validationAccuracy: 0.9,
  imagesPerSecond: 123,
  waitingForData: 0.03,
});

test("a line an epoch, those before a stop once", async () => {
  const folder = await temporaryFolder();
  const read = async () =>
    (await readFile(join(folder, "metrics.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as EpochRecord);
  const first = await openMetrics(folder, { earlier: [], tensorboard: false });
  await first.add(record(1));
  await first.add(record(2));
  expect(await read()).toEqual([record(1), record(2)]);
  expect(await readdir(folder)).toEqual(["metrics.jsonl"]);

  const again = await openMetrics(folder, { earlier: [record(1)], tensorboard: true });
  await again.add(record(2));
  expect(await read()).toEqual([record(1), record(2)]);
  const [name] = await readdir(join(folder, "tensorboard"));
  expect(name).toMatch(/^events\.out\.tfevents\.\d+\./);
  const events = await readFile(join(folder, "tensorboard", name!));
  const steps: number[] = [];
  for (let at = 0; at < events.length; ) {
    const length = Number(events.readBigUInt64LE(at));
    if (at > 0) steps.push(events[at + 12 + 10]!);
    at += length + 16;
  }
  expect(steps).toEqual([1, 2]);
});
