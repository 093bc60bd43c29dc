/**
 * PGlite's folder on disk, as durable as PostgreSQL's own.
 *
 * As PGlite comes, a commit is with the operating system and survives a killed process, but not a pulled plug: it starts PostgreSQL
 * with fsync off (`-F`), and its layer above Node's files has nothing to flush with. So the layer is given that, and PostgreSQL told
 * to use it. `fdatasync`, its usual way, does nothing in PGlite's build, whatever the layer has; hence `wal_sync_method`.
 */
import { fsyncSync } from "node:fs";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { PGlite } from "@electric-sql/pglite";

/** What is used of Emscripten's layer. */
type Files = { readonly NODEFS: { stream_ops: { fsync?: (stream: { readonly nfd: number }) => number } } };

/**
 * Opens the database, or makes it where there is none. Only one process at a time may have it open.
 *
 * @param flush writes what the operating system still holds of an open file to the disk.
 */
export async function openDurably(folder: string, flush: (file: number) => void = fsyncSync): Promise<PGlite> {
  if ((await stat(folder).catch(() => null)) === null) await make(folder);
  return start(folder, flush);
}

/** Under another name until it is whole: of a process killed meanwhile, the next finds no half of a database, and clears up. */
async function make(folder: string): Promise<void> {
  const draft = `${folder}.draft`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft);
  await (await start(draft, () => {})).close();
  await flushAll(draft);
  await rename(draft, folder);
  await flushPath(dirname(folder));
}

async function start(folder: string, flush: (file: number) => void): Promise<PGlite> {
  const [{ PGlite }, { NodeFS }] = await Promise.all([
    import("@electric-sql/pglite"),
    import("@electric-sql/pglite/nodefs"),
  ]);
  class FlushedFiles extends NodeFS {
    override async init(database: PGlite, options: Parameters<InstanceType<typeof NodeFS>["init"]>[1]) {
      const { emscriptenOpts } = await super.init(database, options);
      const addFlush = (module: unknown) => {
        (module as Files).NODEFS.stream_ops.fsync = ({ nfd }) => {
          flush(nfd);
          return 0;
        };
      };
      return { emscriptenOpts: { ...emscriptenOpts, preRun: [emscriptenOpts.preRun ?? [], addFlush].flat() } };
    }
  }
  return PGlite.create({
    fs: new FlushedFiles(folder),
    startParams: [...PGlite.defaultStartParams.filter((word) => word !== "-F"), "-c", "wal_sync_method=fsync"],
    // A megabyte at a time instead of sixteen: a study is small.
    initDbStartParams: ["--wal-segsize=1"],
  });
}

async function flushAll(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    await (entry.isDirectory() ? flushAll(path) : flushPath(path));
  }
  await flushPath(folder);
}

/** Of a file or a folder; not every platform can open the latter. */
async function flushPath(path: string): Promise<void> {
  const handle = await open(path, "r").catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}
