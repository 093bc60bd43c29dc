/** Safetensors that carry a digest over the whole file in their metadata; other readers take it for a note like any other. */
import { isWhole, ModelError, OPEN_SEAL, SEAL_KEY, seal } from "../base/index.js";
import { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.js";
import type { Tensor } from "./tensor.js";

const mark = `"${SEAL_KEY}":"`;

/** As `encodeSafetensors`, with the digest. */
export const encodeSealed = (
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array => seal(encodeSafetensors(tensors, { ...metadata, [SEAL_KEY]: OPEN_SEAL }), mark);

/**
 * As `decodeSafetensors`, of a file that is what was written.
 *
 * @param mayLack whether files of this format are from before there were digests; by default none are.
 * @returns with `isSealed`: whether there is a digest, which is then right.
 * @throws {ModelError} when the digest is another one, or is missing where it must be.
 */
export function decodeSealed(
  bytes: Uint8Array,
  at: string,
  mayLack: (format: string | undefined) => boolean = () => false,
): Safetensors & { readonly isSealed: boolean } {
  const file = decodeSafetensors(bytes, at);
  const isSealed = isWhole(bytes, mark);
  const mayLackIt = mayLack(file.metadata.format) && !Object.hasOwn(file.metadata, SEAL_KEY);
  if (isSealed === true || (isSealed === null && mayLackIt)) return { ...file, isSealed: isSealed === true };
  throw new ModelError({
    at,
    expected: `the bytes that were written, by the SHA-256 in its metadata (${SEAL_KEY})`,
    received: isSealed === null ? "no such digest" : "other bytes",
    hint: "the file is damaged, or another program changed it: put a copy back, or have it written again",
  });
}
