/**
 * The IDX format of MNIST and its family: a magic number, one 32-bit big-endian length per dimension, then bare bytes.
 * Nothing in a header is believed before the bytes have arrived: a header may claim more than any machine has.
 *
 * @source LeCun, Cortes, Burges, "The MNIST database of handwritten digits", file formats.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { DataError, lastly } from "../base/index.js";
import { unreadable } from "./file-errors.js";

/** 3: images `[count, rows, columns]`; 1: labels `[count]`. */
export type IdxRank = 1 | 3;

export type Idx = {
  readonly shape: readonly number[];
  /** `uint8`, the last dimension fastest. */
  readonly data: Uint8Array;
  /** Hexadecimal SHA-256 of the unpacked file. */
  readonly sha256: string;
};

/** Everything is held in memory while it is read; Fashion-MNIST has 47 MB. */
const maxBytes = 1024 ** 3;
const maxSide = 4096;
/** @source RFC 1952, §2.3.1 */
const gzipMagic = 0x1f8b;

/**
 * Reads one IDX file of unsigned bytes, gzipped or not: its first bytes tell, whatever its name.
 *
 * @throws {DataError} naming the file: another magic number, an impossible size, too few or too many bytes, damaged
 *   gzip, or a file that cannot be opened.
 * @throws {FileError} when the machine cannot read now: see `unreadable`.
 */
export async function readIdx(file: string, rank: IdxRank): Promise<Idx> {
  const reader = new IdxReader(file, rank);
  try {
    for await (const chunk of await contentOf(file)) reader.push(chunk);
  } catch (error) {
    if (isZlibError(error)) throw reader.brokenGzip(error);
    throw unreadable(error, file, "a readable IDX file");
  }
  return reader.finish();
}

async function contentOf(file: string): Promise<AsyncIterable<Uint8Array>> {
  const start = Buffer.alloc(2);
  const handle = await open(file);
  await lastly(
    () => handle.read(start, 0, 2, 0),
    () => handle.close(),
  );
  return start.readUInt16BE() === gzipMagic ? unpacked(file) : createReadStream(file);
}

/**
 * Every member of a gzip file, one after the other. Zeros that pad it, to the blocks of a tape for instance, are no part of it: zlib
 * ends before them, which `pipeline` would take for a break.
 */
async function* unpacked(file: string): AsyncGenerator<Uint8Array> {
  const packed = createReadStream(file);
  const gunzip = createGunzip();
  packed.on("error", (error) => gunzip.destroy(error));
  try {
    yield* packed.pipe(gunzip);
  } finally {
    packed.destroy();
    gunzip.destroy();
  }
}

/** Takes the bytes as they come, and refuses as soon as something is wrong. */
export class IdxReader {
  private readonly chunks: Uint8Array[] = [];
  private readonly hash = createHash("sha256");
  private received = 0;
  private shape: readonly number[] | null = null;

  constructor(
    private readonly name: string,
    private readonly rank: IdxRank,
  ) {}

  push(chunk: Uint8Array): void {
    this.hash.update(chunk);
    this.chunks.push(chunk);
    this.received += chunk.length;
    if (this.shape === null && this.received >= this.headerBytes) this.shape = this.parseHeader();
    if (this.shape !== null && this.received > this.expectedBytes(this.shape)) {
      this.refuse(this.sizeInWords(this.shape), `at least ${this.received} bytes`);
    }
  }

  finish(): Idx {
    if (this.shape === null) this.refuse(`a header of ${this.headerBytes} bytes`, `${this.received} bytes`);
    if (this.received < this.expectedBytes(this.shape)) {
      this.refuse(this.sizeInWords(this.shape), `${this.received} bytes`, "the file is truncated; fetch it again");
    }
    const data = Buffer.concat(this.chunks).subarray(this.headerBytes);
    return {
      shape: this.shape,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
      sha256: this.hash.digest("hex"),
    };
  }

  brokenGzip(error: Error): DataError {
    const received = `${error.message} after ${this.received} unpacked bytes`;
    const hint = "the file is truncated or damaged; fetch it again";
    return new DataError({ at: this.name, expected: "a whole gzip file", received, hint }, { cause: error });
  }

  private parseHeader(): readonly number[] {
    const bytes = Buffer.concat(this.chunks);
    const magic = bytes.readUInt32BE(0);
    const wanted = 0x0800 + this.rank; // 0x08: unsigned bytes; the last byte counts the dimensions
    if (magic !== wanted) this.refuse(`the magic number ${hex(wanted)}`, hex(magic));

    const shape = Array.from({ length: this.rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
    const [count, ...sides] = shape;
    if (count === 0) this.refuse("at least one item", "0 in the header");
    if (sides.some((side) => side === 0 || side > maxSide)) {
      this.refuse(`images of 1 to ${maxSide} px a side`, `${sides.join(" × ")} in the header`);
    }
    const expected = this.expectedBytes(shape);
    if (expected > maxBytes) {
      this.refuse(`at most ${maxBytes} bytes`, `${expected} bytes claimed by the header (${shape.join(" × ")})`);
    }
    return shape;
  }

  private get headerBytes(): number {
    return 4 + 4 * this.rank;
  }

  private expectedBytes(shape: readonly number[]): number {
    return this.headerBytes + shape.reduce((product, length) => product * length, 1);
  }

  private sizeInWords(shape: readonly number[]): string {
    return `${this.expectedBytes(shape)} bytes (${this.headerBytes} of header and ${shape.join(" × ")})`;
  }

  private refuse(expected: string, received: string, hint?: string): never {
    throw new DataError({ at: this.name, expected, received, ...(hint === undefined ? {} : { hint }) });
  }
}

function hex(magic: number): string {
  return `0x${magic.toString(16).padStart(8, "0")}`;
}

function isZlibError(error: unknown): error is Error {
  return error instanceof Error && "code" in error && String(error.code).startsWith("Z_");
}
