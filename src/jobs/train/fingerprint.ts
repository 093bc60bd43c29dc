/** What weights are, whatever file they came from: part of the key of everything that depends on them. */
import { createHash } from "node:crypto";
import type { Architecture } from "../../networks/index.js";

/** Hexadecimal SHA-256 over architecture, names and numbers. */
export function fingerprintOf(architecture: Architecture, tensors: ReadonlyMap<string, Float32Array>): string {
  const hash = createHash("sha256").update(JSON.stringify(architecture));
  for (const [name, { buffer, byteOffset, byteLength }] of [...tensors].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`\n${name}\n`).update(new Uint8Array(buffer, byteOffset, byteLength));
  }
  return hash.digest("hex");
}
