/**
 * Digests of files, each read once for as long as it stays what it was. A file is known by device, inode, size and the times of its last
 * change, to the nanosecond: whatever is written, copied, renamed or swapped has another inode or time of change (`ctime`, which no
 * program can set back), under whatever path. Where a file system invents inodes or keeps no such times, every file is read each time.
 */
import { createHash, webcrypto } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { ensureWritableFolder, writeFileAtomic } from "../base/files.js";
import { sealedJson, unsealedJson } from "../base/index.js";

export type FileDigests = {
  /** Hexadecimal SHA-256 of a file's bytes. @throws what the file system throws. */
  of(path: string): Promise<string>;
  /** Writes the record, with the files that were asked for since it was opened. @throws {FileError} when it cannot be written. */
  save(): Promise<void>;
};

/** @param record where digests are kept from run to run; without it, they are kept in memory. */
export async function openFileDigests(record: string | null): Promise<FileDigests> {
  const known = record === null ? new Map<string, string>() : await readRecord(record);
  const used = new Map<string, string>();
  return {
    async of(path) {
      const stamp = await stampOf(path);
      const kept = known.get(stamp.text) ?? used.get(stamp.text);
      const digest = kept ?? (await digestOf(path, stamp.bytes));
      // Changed again within the grain of the clock, a file would look the same; and what changed meanwhile is not what was read.
      const isSettled = kept !== undefined || (stamp.isOld && (await stampOf(path)).text === stamp.text);
      if (isSettled && (await keepsTrack(path, stamp.device))) used.set(stamp.text, digest);
      return digest;
    },
    async save() {
      if (record === null || (used.size === known.size && [...used.keys()].every((stamp) => known.has(stamp)))) return;
      await ensureWritableFolder(dirname(record));
      await writeFileAtomic(record, sealedJson({ files: Object.fromEntries(used) }));
    },
  };
}

const recordSchema = z.object({ files: z.record(z.string(), z.string()) });

/** Nothing where there is none, or it is damaged: then all is read again. */
async function readRecord(path: string): Promise<Map<string, string>> {
  const text = await readFile(path, "utf8").catch(() => "");
  const parsed = recordSchema.safeParse(unsealedJson(text));
  return new Map(parsed.success ? Object.entries(parsed.data.files) : []);
}

/** The coarsest clock of a file system that is trusted has ticks of a second. */
const SETTLED_MS = 3000;

async function stampOf(path: string) {
  const { dev, ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
  const changed = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  return {
    text: [dev, ino, size, mtimeNs, ctimeNs].join(" "),
    device: dev,
    bytes: Number(size),
    isOld: Date.now() - Number(changed / 1_000_000n) > SETTLED_MS,
  };
}

/** @source statfs(2): ext, XFS, Btrfs, ZFS, F2FS, tmpfs, overlayfs, NFS. FAT and most of FUSE number their files as they come. */
const trackingFileSystems = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x2fc12fc1, 0xf2f52010, 0x01021994, 0x794c7630, 0x6969,
]);
const trackingDevices = new Map<bigint, boolean>();

async function keepsTrack(path: string, device: bigint): Promise<boolean> {
  const known = trackingDevices.get(device);
  if (known !== undefined) return known;
  const type = (await statfs(path).catch(() => null))?.type ?? 0;
  const tracks = process.platform === "linux" && trackingFileSystems.has(type);
  trackingDevices.set(device, tracks);
  return tracks;
}

const heldBytes = 64 * 1024 * 1024;

/** A file that is held in memory is hashed beside the main thread. */
async function digestOf(path: string, bytes: number): Promise<string> {
  if (bytes <= heldBytes) {
    const digest = await webcrypto.subtle.digest("SHA-256", await readFile(path));
    return Buffer.from(digest).toString("hex");
  }
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) hash.update(chunk as Buffer);
  return hash.digest("hex");
}
