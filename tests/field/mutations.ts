/** Ways in which a file goes bad: on a worn disk, on the way, or in another program. */
import type { Rng } from "../../src/base/index.js";

const kinds = {
  "a bit flipped": (bytes: Buffer, rng: Rng) => {
    bytes[rng.integer(bytes.length)]! ^= 1 << rng.integer(8);
    return bytes;
  },
  "a byte overwritten": (bytes: Buffer, rng: Rng) => {
    bytes[rng.integer(bytes.length)] = rng.integer(256);
    return bytes;
  },
  "cut off": (bytes: Buffer, rng: Rng) => bytes.subarray(0, rng.integer(bytes.length)),
  "more at the end": (bytes: Buffer, rng: Rng) => Buffer.concat([bytes, Buffer.alloc(1 + rng.integer(9))]),
  "two blocks swapped": (bytes: Buffer, rng: Rng) => {
    const size = 1 + rng.integer(64);
    const [a, b] = [rng.integer(bytes.length - size), rng.integer(bytes.length - size)];
    const [first, second] = [bytes.subarray(a, a + size), bytes.subarray(b, b + size)].map((part) => Buffer.from(part));
    bytes.set(second!, a);
    bytes.set(first!, b);
    return bytes;
  },
  "a block of zeros": (bytes: Buffer, rng: Rng) => bytes.fill(0, rng.integer(bytes.length), bytes.length),
  "a byte lost": (bytes: Buffer, rng: Rng) => {
    const at = rng.integer(bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
  },
  "all of it random": (bytes: Buffer, rng: Rng) => bytes.map(() => rng.integer(256)) as Buffer,
};

/** Thousands with `BANTAM_MUTATIONS=5000`. */
const mutationCount = Number(process.env.BANTAM_MUTATIONS ?? 400);

/** @returns each with its kind; those that happen to change nothing are left out. Most bytes of a file are numbers: every other one hits its `head`. */
export function* mutationsOf(file: Uint8Array, rng: Rng, head = file.length): Generator<readonly [string, Buffer]> {
  const names = Object.keys(kinds) as (keyof typeof kinds)[];
  for (let i = 0; i < mutationCount; i++) {
    const own = rng.fork(i);
    // The first two kinds are the likeliest ones, and the hardest to see.
    const kind = i % 2 === 0 ? names[i % 4 === 0 ? 0 : 1]! : names[own.integer(names.length)]!;
    const part = i % 8 < 4 ? Math.min(head, file.length) : file.length;
    const bad = Buffer.concat([kinds[kind](Buffer.from(file.subarray(0, part)), own), file.subarray(part)]);
    if (Buffer.compare(bad, file) !== 0) yield [`${kind} (${i})`, bad];
  }
}
