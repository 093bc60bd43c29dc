/**
 * What a model keeps of each picture that it has seen: twenty bytes, by which the picture is known again, renamed, copied or saved anew,
 * and from which it cannot be made.
 *
 * Sums of a thumbnail's sixteenths with random signs keep distances: where two pictures are `d` apart, the difference of two such sums has
 * variance `d²`. Of 1,500 test images of Fashion-MNIST 0.8 % are taken for one of the 60,000 of training; of pictures saved anew as JPEG
 * of quality 50, all are known again; of two pictures of noise one in five million is taken for the other.
 *
 * @source Achlioptas 2003, "Database-friendly random projections", J. Comput. Syst. Sci. 66, theorem 1.1.
 */
import { createRng } from "../base/index.js";
import { LEAST_CONTRAST, type Thumbnail } from "./thumbnail.js";

export const SIGNATURE_BYTES = 20;
const SUMS = 16;

/** `[16][256]`, as many of each sign. Part of the format: a golden value in the tests holds it. */
const signs = Array.from({ length: SUMS }, (_, k) => {
  const places = createRng(0)
    .fork("signature")
    .fork(k)
    .shuffle(Array.from({ length: 256 }, (_, i) => i));
  return Float32Array.from(places, (place) => (place < 128 ? 1 : -1));
});

/** Mean, contrast, the means of the two differences of colour, then the sums as shares of four times the contrast. */
export function signatureOf({ fine, colour }: Thumbnail): Uint8Array {
  const mean = meanOf(fine);
  const contrast = Math.sqrt(meanOf(fine.map((level) => (level - mean) ** 2)));
  const code = Math.round(CONTRAST_STEPS * Math.log2(1 + contrast));
  const most = 4 * contrastOf(code);
  const sums = signs.map((sign) => fine.reduce((sum, level, i) => sum + sign[i]! * level, 0) / 16);
  const byte = (value: number) => Math.max(-127, Math.min(127, Math.round(value))) + 128;
  return Uint8Array.from([
    Math.round(mean),
    code,
    byte(meanOf(colour.subarray(0, 16))),
    byte(meanOf(colour.subarray(16))),
    ...sums.map((sum) => (most === 0 ? 128 : byte((127 * sum) / most))),
  ]);
}

const CONTRAST_STEPS = 32;
const contrastOf = (code: number): number => 2 ** (code / CONTRAST_STEPS) - 1;
const meanOf = (values: Float32Array): number => values.reduce((sum, x) => sum + x, 0) / values.length;

/** In levels: root mean square of the sums, and the same as a share of the contrast; of the mean; of each difference of colour. */
const MOST_APART = { levels: 6, contrast: 0.5, mean: 4, colour: 4 };

/** Signatures of the pictures that a model and those before it learned from and were chosen by, one after the other. */
export type SeenPictures = { readonly train: Uint8Array; readonly validation: Uint8Array };

/** Of several models together; undefined where none tells. */
export function joinSeen(models: readonly (SeenPictures | undefined)[]): SeenPictures | undefined {
  const known = models.filter((model) => model !== undefined);
  if (known.length === 0) return undefined;
  const all = (part: keyof SeenPictures) => Buffer.concat(known.map((model) => model[part]));
  return { train: withoutRepeats(all("train")), validation: withoutRepeats(all("validation")) };
}

function withoutRepeats(signatures: Buffer): Uint8Array {
  const places = new Map<string, number>();
  for (let at = 0; at < signatures.length; at += SIGNATURE_BYTES) {
    const key = signatures.toString("latin1", at, at + SIGNATURE_BYTES);
    if (!places.has(key)) places.set(key, at);
  }
  return Uint8Array.from([...places.values()].flatMap((at) => [...signatures.subarray(at, at + SIGNATURE_BYTES)]));
}

/** Whether pictures with these signatures are copies of one, of many that were seen. */
export type Seen = (signature: Uint8Array) => boolean;

/** @param signatures one after the other. Where there is nothing to see, only the very same counts. */
export function seenAmong(signatures: Uint8Array): Seen {
  const byMean = Array.from({ length: 256 }, (): number[] => []);
  for (let at = 0; at < signatures.length; at += SIGNATURE_BYTES) byMean[signatures[at]!]!.push(at);
  return (signature) => {
    const mean = signature[0]!;
    for (let level = Math.max(0, mean - MOST_APART.mean); level <= Math.min(255, mean + MOST_APART.mean); level++) {
      for (const at of byMean[level]!) if (areAlike(signature, signatures, at)) return true;
    }
    return false;
  };
}

/** In which part a model before had a picture of this signature; null where it had none. */
export function partBy({ train, validation }: SeenPictures): (signature: Uint8Array) => keyof SeenPictures | null {
  const [trained, validated] = [seenAmong(train), seenAmong(validation)];
  return (signature) => (trained(signature) ? "train" : validated(signature) ? "validation" : null);
}

function areAlike(one: Uint8Array, many: Uint8Array, at: number): boolean {
  const [a, b] = [contrastOf(one[1]!), contrastOf(many[at + 1]!)];
  const contrast = Math.min(a, b);
  if (contrast < LEAST_CONTRAST) return one.every((byte, i) => byte === many[at + i]);
  for (const i of [2, 3]) if (Math.abs(one[i]! - many[at + i]!) > MOST_APART.colour) return false;
  const most = SUMS * Math.min(MOST_APART.levels, MOST_APART.contrast * contrast) ** 2;
  let squares = 0;
  for (let i = SIGNATURE_BYTES - SUMS; i < SIGNATURE_BYTES && squares <= most; i++) {
    squares += ((4 / 127) * ((one[i]! - 128) * a - (many[at + i]! - 128) * b)) ** 2;
  }
  return squares <= most;
}
