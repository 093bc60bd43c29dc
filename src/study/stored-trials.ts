/** Trials of a search as they are stored, and back: of a candidate's network only the candidate is kept. */
import { ModelError } from "../base/index.js";
import { decode, isCandidate, type SearchSpace, type Trial } from "../search/index.js";
import { type StoredTrial, shortened } from "./store.js";

export function toStored({ candidate, architecture: _, ...trial }: Trial): StoredTrial {
  return { ...trial, subject: candidate };
}

/**
 * @param space the one the trials were made in. @param study its name, for the message.
 * @throws {ModelError} when the subject is no candidate of the space.
 */
export function fromStored(space: SearchSpace, { subject, ...trial }: StoredTrial, study: string): Trial {
  if (isCandidate(space, subject)) return { ...trial, candidate: subject, architecture: decode(space, subject) };
  throw new ModelError({
    at: `study ${study}, trial ${trial.id + 1}, subject`,
    expected: "a candidate of the study's space",
    received: shortened(JSON.stringify(subject)),
    hint: "the table was changed by something else: restore it, or begin anew with --overwrite or another --name",
  });
}
