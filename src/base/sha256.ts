/** Hexadecimal SHA-256 of the parts, one after the other. Node's own hash, asked for when it is used, so that a page can load this module. */
export function sha256(...parts: readonly (string | Uint8Array)[]): string {
  const hash = process.getBuiltinModule("node:crypto").createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** What tells one value from another: keys and options of a run, and everything else that JSON can hold. */
export const sha256OfJson = (value: unknown): string => sha256(JSON.stringify(value));
