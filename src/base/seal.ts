/**
 * Whether a file is what was written: a SHA-256 over all of its bytes, with zeros where the digest itself stands. Each format has a place
 * for it that its other readers pass over (the metadata of safetensors and of ONNX, a key of JSON), and in front of the digits
 * its own mark, by which they are found. It tells of damage; against those who mean harm it is no help, as they would seal again.
 */
import { sha256 } from "./sha256.js";

/** The digest's name in a file's metadata. */
export const SEAL_KEY = "bantam.sha256";
/** What stands in the place of the digest until `seal`. */
export const OPEN_SEAL = "0".repeat(64);

/**
 * Writes the digest over `OPEN_SEAL`, which stands behind the first `mark`.
 *
 * @returns the same bytes.
 */
export function seal<Bytes extends Uint8Array>(bytes: Bytes, mark: string): Bytes {
  const place = placeOf(bytes, mark);
  if (place === null) throw new Error("internal: a file without a place for its digest");
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).write(digestOf(bytes, place), place, "latin1");
  return bytes;
}

/** null: there is no digest behind the mark. A file that is to have one is then damaged, too. */
export function isWhole(bytes: Uint8Array, mark: string): boolean | null {
  const place = placeOf(bytes, mark);
  if (place === null) return null;
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset + place, OPEN_SEAL.length).toString("latin1");
  return digits === digestOf(bytes, place);
}

const jsonMark = `{"${SEAL_KEY}":"`;

/** An object as JSON that carries its digest. */
export const sealedJson = (value: object): string =>
  Buffer.from(seal(new TextEncoder().encode(JSON.stringify({ [SEAL_KEY]: OPEN_SEAL, ...value })), jsonMark)).toString();

/** What `sealedJson` wrote; null where it is damaged. */
export function unsealedJson(text: string): unknown {
  return isWhole(new TextEncoder().encode(text), jsonMark) === true ? JSON.parse(text) : null;
}

/** Where the digits begin. */
function placeOf(bytes: Uint8Array, mark: string): number | null {
  const found = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(mark, 0, "latin1");
  const place = found + mark.length;
  return found < 0 || place + OPEN_SEAL.length > bytes.length ? null : place;
}

const digestOf = (bytes: Uint8Array, place: number): string =>
  sha256(bytes.subarray(0, place), OPEN_SEAL, bytes.subarray(place + OPEN_SEAL.length));
