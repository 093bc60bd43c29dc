/**
 * The folder that all clients of the Hub share on a machine, so that what one of them has fetched serves the others:
 *
 *     models--owner--name/blobs/<etag>                 the bytes, named by their checksum
 *     models--owner--name/snapshots/<commit>/<file>    a link to the blob
 *     models--owner--name/refs/<branch or tag>         the commit it stood for when last asked
 *     .locks/models--owner--name/…                     who is writing which blob
 *
 * @source https://huggingface.co/docs/huggingface_hub/guides/manage-cache, and `file_download.py` of that client.
 */
import { randomUUID } from "node:crypto";
import { copyFile, link, mkdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { toFileError, writeFileAtomic } from "../base/files.js";
import type { HubFile } from "./hub-reference.js";

export type HubCache = {
  /** The file as it was when last fetched for its revision, or null. */
  find(): Promise<string | null>;
  /** The file in the snapshot of a commit, or null where it is missing or has another size than the Hub says. */
  findAt(commit: string, bytes: number): Promise<string | null>;
  blobPath(etag: string): string;
  lockPath(etag: string): string;
  /** Link the blob into the snapshot. @returns the path of the file there */
  publish(etag: string, commit: string): Promise<string>;
  /** Note which commit the revision stands for. */
  remember(commit: string): Promise<void>;
};

export const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision);

/** @param folder of the whole cache; nothing is created before something is written. */
export function createHubCache(
  folder: string,
  { repository, file, revision = "main", kind = "model" }: HubFile,
): HubCache {
  const name = `${kind}s--${repository.replace("/", "--")}`;
  const home = join(folder, name);
  const pointerAt = (commit: string) => join(home, "snapshots", commit, ...file.split("/"));
  const refPath = join(home, "refs", ...revision.split("/"));
  const knownCommit = async (): Promise<string | null> => {
    if (isCommit(revision)) return revision;
    const text = await readFile(refPath, "utf8").catch(() => "");
    return isCommit(text.trim()) ? text.trim() : null;
  };

  return {
    async find() {
      const commit = await knownCommit();
      if (commit === null) return null;
      return (await sizeOf(pointerAt(commit))) === null ? null : pointerAt(commit);
    },
    async findAt(commit, bytes) {
      return (await sizeOf(pointerAt(commit))) === bytes ? pointerAt(commit) : null;
    },
    blobPath: (etag) => join(home, "blobs", etag),
    // Other clients lock <etag>.lock in ways that Node cannot take part in; this one is beside it.
    lockPath: (etag) => join(folder, ".locks", name, `${etag}.bantam.lock`),
    async publish(etag, commit) {
      const pointer = pointerAt(commit);
      await createFolder(dirname(pointer));
      try {
        await replaceByLink(join(home, "blobs", etag), pointer);
      } catch (error) {
        throw toFileError(error, pointer, "write");
      }
      return pointer;
    },
    async remember(commit) {
      if (isCommit(revision) || (await knownCommit()) === commit) return;
      await createFolder(dirname(refPath));
      await writeFileAtomic(refPath, commit);
    },
  };
}

/** @throws {FileError} when it cannot be created. */
export async function createFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    throw toFileError(error, path, "folder");
  });
}

/** Of a file, in bytes; null where there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  const stats = await stat(path).catch(() => null);
  return stats?.isFile() ? stats.size : null;
}

/** Made beside its place and moved there, so that nobody finds the place empty, nor two makers get in each other's way. */
async function replaceByLink(blob: string, pointer: string): Promise<void> {
  const made = join(dirname(pointer), `.bantam-${randomUUID().slice(0, 13)}.tmp`);
  try {
    // Relative, so that the cache can be moved. Windows allows links to some users only, and some file systems to none.
    await symlink(relative(dirname(pointer), blob), made)
      .catch(() => link(blob, made))
      .catch(() => copyFile(blob, made));
    await rename(made, pointer);
  } catch (error) {
    await rm(made, { force: true }).catch(() => {});
    throw error;
  }
}
