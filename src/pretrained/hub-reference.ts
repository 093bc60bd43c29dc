/** Names of files on the Hub: read from what people type, and checked before they become parts of paths and addresses. */
import { UsageError } from "../base/index.js";

export type HubReference = {
  /** Owner and name, as in the address of its page: `timm/mobilenetv3_small_100.lamb_in1k`. */
  readonly repository: string;
  /** A branch, a tag or a commit; by default `main`. */
  readonly revision?: string;
  /** A path within the repository, with forward slashes. */
  readonly file?: string;
};

/** What a repository of the Hub holds; only models have no prefix in addresses. */
export type HubKind = "model" | "dataset" | "space";

/** One file on the Hub. */
export type HubFile = HubReference & {
  readonly file: string;
  /** By default `model`. */
  readonly kind?: HubKind;
};

/**
 * Read `hf:owner/name[@revision][:file]`.
 *
 * @throws {UsageError} for anything else, and for names that the Hub cannot have.
 * @example parseHubReference("hf:timm/mnasnet_100.rmsp_in1k@v2:model.safetensors");
 * // { repository: "timm/mnasnet_100.rmsp_in1k", revision: "v2", file: "model.safetensors" }
 */
export function parseHubReference(text: string): HubReference {
  const match = /^hf:([^@:]*)(?:@([^:]*))?(?::(.*))?$/s.exec(text);
  if (match === null) throw refused(text, "hf:owner/name[@revision][:file]", text);
  const [, repository, revision, file] = match;
  const reference = {
    repository: repository!,
    ...(revision === undefined ? {} : { revision }),
    ...(file === undefined ? {} : { file }),
  };
  checkReference(reference, text);
  return reference;
}

/** As `parseHubReference` reads it. */
export function formatHubReference({ repository, revision, file }: HubReference): string {
  return `hf:${repository}${revision === undefined ? "" : `@${revision}`}${file === undefined ? "" : `:${file}`}`;
}

/**
 * Every part becomes part of a path on this machine, so nothing may lead out of its folder, by the rules of any system.
 *
 * @throws {UsageError} when a part could not be a name on the Hub.
 */
export function checkReference(reference: HubReference, at = formatHubReference(reference)): void {
  const { repository, revision, file } = reference;
  const names = repository.split("/");
  // "--" stands for "/" in the names of the cache's folders.
  if (names.length !== 2 || !names.every((name) => /^\w([\w.-]{0,94}\w)?$/.test(name) && !/--|\.\./.test(name)))
    throw refused(at, "a repository as owner/name", repository);
  if (revision !== undefined && !isSafePath(revision)) throw refused(at, "a branch, a tag or a commit", revision);
  if (file !== undefined && !isSafePath(file)) throw refused(at, "a path within the repository", file);
}

function refused(at: string, expected: string, received: string): UsageError {
  const hint = "for example hf:timm/mobilenetv3_small_100.lamb_in1k:model.safetensors";
  return new UsageError({ at, expected, received: received === "" ? "nothing" : JSON.stringify(received), hint });
}

/** Relative, with no way up, and nothing that Windows reads as a drive, a stream or a separator. */
function isSafePath(path: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (path.length > 1024 || /[\\:\x00-\x1f\x7f]/.test(path)) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
