import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataError } from "../base/index.js";
import { IdxReader, readIdx } from "./idx.js";
import { idxHeader, idxImages, idxLabels, temporaryFolder } from "./testing/fixtures.js";

async function read(content: Uint8Array, name = "images", rank: 1 | 3 = 3) {
  const folder = await temporaryFolder();
  await writeFile(join(folder, name), content);
  return readIdx(join(folder, name), rank);
}

function parse(content: Uint8Array, rank: 1 | 3, chunk = content.length || 1) {
  const reader = new IdxReader("file", rank);
  for (let i = 0; i < content.length; i += chunk) reader.push(content.subarray(i, i + chunk));
  return reader.finish();
}

describe("readIdx", () => {
  test("reads images and labels, plain and gzipped", async () => {
    const images = await read(idxImages(2, 2, 3));
    expect(images.shape).toEqual([2, 2, 3]);
    expect([...images.data]).toEqual([0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12]);

    const packed = await read(gzipSync(idxImages(2, 2, 3)), "images.gz");
    expect(packed).toEqual(images);

    const labels = await read(idxLabels([3, 0, 255]), "labels", 1);
    expect(labels.shape).toEqual([3]);
    expect([...labels.data]).toEqual([3, 0, 255]);
  });

  test.each([
    ["labels in place of images", idxLabels([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), "0x00000803", "0x00000801"],
    ["floats", Buffer.concat([idxHeader(0xd03, 1, 2, 2), Buffer.alloc(16)]), "0x00000803", "0x00000d03"],
    ["truncated pixels", idxImages(3, 4, 4).subarray(0, -1), "64 bytes (16 of header and 3 × 4 × 4)", "63 bytes"],
    ["trailing bytes", Buffer.concat([idxImages(3, 4, 4), Buffer.from([1])]), "64 bytes", "at least 65 bytes"],
    ["half a header", idxImages(1, 1, 1).subarray(0, 9), "a header of 16 bytes", "9 bytes"],
    ["an empty file", Buffer.alloc(0), "a header of 16 bytes", "0 bytes"],
    ["no images", idxHeader(0x803, 0, 28, 28), "at least one item", "0 in the header"],
    ["images without rows", idxHeader(0x803, 10, 0, 28), "1 to 4096 px", "0 × 28"],
    ["images of huge sides", idxHeader(0x803, 1, 28, 70_000), "1 to 4096 px", "28 × 70000"],
    ["more than any machine holds", idxHeader(0x803, 0xffff_ffff, 4096, 4096), "at most 1073741824 bytes", "claimed"],
  ])("refuses %s", async (_, content, expected, received) => {
    const error = await read(content).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    const { facts } = error as DataError;
    expect(facts.at).toMatch(/bantam-data-\w+.images$/);
    expect(facts.expected).toContain(expected);
    expect(facts.received).toContain(received);
  });

  test("refuses truncated and damaged gzip", async () => {
    const packed = gzipSync(idxImages(20, 10, 10));
    await expect(read(packed.subarray(0, -20), "images.gz")).rejects.toThrow(/images\.gz: expected a whole gzip file/);
    const damaged = Buffer.from(packed);
    damaged[packed.length - 6]! ^= 0xff; // in the checksum
    await expect(read(damaged, "images.gz")).rejects.toThrow("incorrect data check");
  });

  test("goes by the first bytes, not by the name", async () => {
    const file = idxImages(1, 2, 2);
    const { data } = await read(file, "images.gz");
    expect([...data]).toEqual([0, 1, 2, 3]);
    expect((await read(gzipSync(file), "images")).data).toEqual(data);
    await expect(read(Buffer.alloc(0), "images.gz")).rejects.toThrow("a header of 16 bytes, received 0 bytes");
    await expect(read(Buffer.from([0x1f]), "images.gz")).rejects.toThrow("a header of 16 bytes, received 1 bytes");
  });

  // `gzip -t` of gzip 1.12 takes these, and warns of the garbage below.
  const whole = gzipSync(idxImages(1, 2, 2));
  const halves = [idxImages(1, 2, 2).subarray(0, 9), idxImages(1, 2, 2).subarray(9)].map((half) => gzipSync(half));
  test.each([
    ["a zero byte after its end", Buffer.concat([whole, Buffer.alloc(1)])],
    ["a block of zeros after its end", Buffer.concat([whole, Buffer.alloc(10_240)])],
    ["more zeros than a stream reads at once", Buffer.concat([whole, Buffer.alloc(200_000)])],
    ["two members", Buffer.concat(halves)],
    ["two members and zeros", Buffer.concat([...halves, Buffer.alloc(512)])],
    ["an empty member", Buffer.concat([whole, gzipSync(Buffer.alloc(0))])],
  ])("reads gzip with %s", async (_, file) => {
    expect([...(await read(file, "images.gz")).data]).toEqual([0, 1, 2, 3]);
  });

  test.each([
    ["garbage after its end", Buffer.concat([whole, Buffer.from("garbage")]), "incorrect header check"],
    ["a header alone", whole.subarray(0, 10), "unexpected end of file"],
    ["another method", Buffer.from("1f8b0700000000000003", "hex"), "unknown compression method"],
    ["a second member cut off", Buffer.concat([halves[0]!, halves[1]!.subarray(0, 15)]), "unexpected end of file"],
    ["too few images between zeros", Buffer.concat([halves[0]!, Buffer.alloc(9), halves[1]!]), "16 bytes, received 9"],
  ])("refuses gzip with %s", async (_, file, text) => {
    const error = await read(file, "images.gz").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).message).toContain(text);
  });

  test("stops unpacking once there is more than the header says", async () => {
    const bomb = gzipSync(Buffer.concat([idxHeader(0x803, 1, 4, 4), Buffer.alloc(64 * 1024 * 1024)]));
    const error = await read(bomb, "images.gz").catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DataError);
    const { expected, received } = (error as DataError).facts;
    expect(expected).toBe("32 bytes (16 of header and 1 × 4 × 4)");
    expect(Number(/at least (\d+) bytes/.exec(received)?.[1])).toBeLessThan(1024 * 1024);
  });

  test("refuses a missing file", async () => {
    const folder = await temporaryFolder();
    await expect(readIdx(join(folder, "none"), 1)).rejects.toThrow(DataError);
  });
});

test("what was written is read, however it is cut into chunks", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 40 }),
      (count, rows, columns, chunk) => {
        const file = idxImages(count, rows, columns);
        const idx = parse(file, 3, chunk);
        expect(idx.shape).toEqual([count, rows, columns]);
        expect(Buffer.from(idx.data).equals(file.subarray(16))).toBe(true);
      },
    ),
  );
});

test("any header but the true one is a DataError", () => {
  const pixels = Buffer.alloc(2 * 3 * 3);
  fc.assert(
    fc.property(
      fc.tuple(fc.nat(0xffff_ffff), fc.nat(0xffff_ffff), fc.nat(0xffff_ffff)),
      fc.nat(1),
      ([n, r, c], near) => {
        // Small numbers come near the truth, large ones are hostile.
        const shape = near ? [n % 4, r % 5, c % 5] : [n, r, c];
        fc.pre(shape.reduce((a, b) => a * b) !== pixels.length);
        const file = Buffer.concat([idxHeader(0x803, ...shape), pixels]);
        expect(() => parse(file, 3)).toThrow(DataError);
      },
    ),
  );
});

test("any bytes at all are read or refused with a DataError", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(1 as const, 3 as const), (bytes, rank) => {
      try {
        const { shape, data } = parse(bytes, rank);
        expect(shape.reduce((a, b) => a * b)).toBe(data.length);
      } catch (error) {
        expect(error).toBeInstanceOf(DataError);
      }
    }),
  );
});
