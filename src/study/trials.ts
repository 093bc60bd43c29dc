/** Trials of a search as they are stored, and back: of a candidate's network only the candidate is kept. */
import { decode, type SearchSpace, type Trial } from "../search/index.js";
import type { StoredTrial } from "./store.js";

export function toStored({ candidate, architecture: _, ...trial }: Trial): StoredTrial {
  return { ...trial, subject: candidate };
}

/** @param space the one the trials were made in. */
export function fromStored(space: SearchSpace, { subject, ...trial }: StoredTrial): Trial {
  const candidate = subject as Trial["candidate"];
  return { ...trial, candidate, architecture: decode(space, candidate) };
}
