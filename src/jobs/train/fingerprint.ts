/** What weights are, whatever file they came from: part of the key of everything that depends on them. */
import { sha256 } from "../../base/index.js";
import type { Architecture } from "../../networks/index.js";

/** Hexadecimal SHA-256 over architecture, names and numbers. */
export function fingerprintOf(architecture: Architecture, tensors: ReadonlyMap<string, Float32Array>): string {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = sorted.flatMap(([name, { buffer, byteOffset, byteLength }]) => [
    `\n${name}\n`,
    new Uint8Array(buffer, byteOffset, byteLength),
  ]);
  return sha256(JSON.stringify(architecture), ...parts);
}
