import { join } from "node:path";
import { type Decode, decodeImage, decodeThumbnail } from "./decode.js";
import { openIdxDecoder, parseIdxSource } from "./idx-decoder.js";

export function folderDecoder(root: string): Decode {
  return (source, geometry) => decodeImage(join(root, source), geometry, source);
}

export function thumbnailDecoder(root: string): Decode {
  return (source, geometry) => decodeThumbnail(join(root, source), geometry, source);
}

/** A decoder for `sources`, all of one dataset. @throws {DataError} when an IDX file cannot be read. */
export async function openDecoder(root: string, sources: readonly string[]): Promise<Decode> {
  const inIdx = sources.length > 0 && parseIdxSource(sources[0]!) !== null;
  return inIdx ? openIdxDecoder(root, sources) : folderDecoder(root);
}
