import { createHash } from "node:crypto";
import { mkdir, mkdtemp, open, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BantamError, createRng, FileError, ModelError } from "../base/index.js";
import { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.js";
import {
  type LazyTensor,
  openSafetensors,
  readFrom,
  type SafetensorsFile,
  writeSafetensors,
} from "./safetensors-file.js";
import type { Tensor } from "./tensor.js";
import { countingSource, damage, f32, fileOf, raw } from "./testing/files.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bantam-safetensors-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const tensors = new Map<string, Tensor>([
  ["features.0.weight", f32([2, 3], [1, 2, 3, 4, 5, 6])],
  ["features.0.bias", f32([2], [7, 8])],
  ["features.1.steps", raw("I64", [], [1, 0, 0, 0, 0, 0, 0, 0])],
  ["features.1.half", raw("F16", [2, 2], [0, 60, 0, 60, 0, 60, 0, 60])],
  ["empty", f32([0, 3], [])],
  ["mask", raw("BOOL", [3], [1, 0, 1])],
]);
const metadata = { format: "pt", classes: '["cat","dog"]' };
const original = encodeSafetensors(tensors, metadata);

async function loadAll(file: SafetensorsFile): Promise<Safetensors> {
  const loaded = new Map<string, Tensor>();
  for (const name of file.tensors.keys()) loaded.set(name, await file.read(name));
  return { tensors: loaded, metadata: file.metadata };
}

async function fileWith(bytes: Uint8Array, name = "a.safetensors"): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}

describe("openSafetensors", () => {
  test("lists the tensors with their places in the file, and reads each", async () => {
    const file = await openSafetensors(await fileWith(original));
    expect([...file.tensors.keys()]).toEqual([...decodeSafetensors(original, "a").tensors.keys()]);
    expect(file.metadata).toEqual(metadata);
    for (const [name, { dtype, shape, start, end }] of file.tensors) {
      const { data } = tensors.get(name)!;
      expect(original.slice(start, end), name).toEqual(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      expect(await file.read(name)).toEqual({ ...tensors.get(name), dtype, shape });
    }
    await file.close();
  });

  test("reads the length and the header when opened, and one tensor when asked for it", async () => {
    const source = countingSource(original);
    const file = await readFrom(source, "a");
    const headerBytes = Number(new DataView(original.buffer).getBigUint64(0, true));
    const opening = [
      { start: 0, bytes: 8 },
      { start: 8, bytes: headerBytes },
    ];
    expect(source.asked).toEqual(opening);
    await file.read("features.0.bias");
    expect(source.asked).toEqual([...opening, { start: file.tensors.get("features.0.bias")!.start, bytes: 8 }]);
  });

  test.each([1_000n, 90_000_000n, 2n ** 63n])(
    "allocates nothing for a header of %d bytes that the file does not have",
    async (claimed) => {
      const source = countingSource(fileOf("{}", [], claimed));
      await expect(readFrom(source, "a")).rejects.toThrow(ModelError);
      expect(source.asked).toEqual([{ start: 0, bytes: 8 }]);
    },
  );

  test("names what it does not find", async () => {
    const missing = join(folder, "none.safetensors");
    await expect(openSafetensors(missing)).rejects.toThrow(`${missing}: expected a file that can be read`);
    await expect(openSafetensors(folder)).rejects.toThrow(`${folder}: expected a file, received a folder`);
    const path = await fileWith(original);
    const file = await openSafetensors(path);
    await expect(file.read("head.weight")).rejects.toThrow(
      `${path}: expected a tensor "head.weight", received none of that name among 6`,
    );
    await expect(file.read("toString")).rejects.toThrow(ModelError);
    await file.close();
  });

  test("notices a file that gets shorter meanwhile", async () => {
    const path = await fileWith(original, "shrinking.safetensors");
    const file = await openSafetensors(path);
    await truncate(path, original.length - 1);
    await expect(file.read("mask")).rejects.toThrow(
      new RegExp(`${original.length} bytes, as when it was opened, received an end after ${original.length - 1}`),
    );
    await file.close();
  });

  test("a tensor larger than any memory is an error, not a crash", async () => {
    const path = join(folder, "sparse.safetensors");
    const bytes = 2 ** 43;
    const head = fileOf(`{"a":{"dtype":"U8","shape":[${bytes}],"data_offsets":[0,${bytes}]}}`);
    await writeFile(path, head);
    await truncate(path, head.length + bytes); // takes no space: the file system stores a hole
    const file = await openSafetensors(path);
    await expect(file.read("a")).rejects.toThrow(/memory for it, received 8796093022208 bytes/);
    await file.close();
  });

  test("closes what it opened, also when it refuses", async () => {
    const openFiles = () => readdir("/proc/self/fd").catch(() => []);
    const before = (await openFiles()).length;
    const path = await fileWith(original.subarray(0, 40), "cut.safetensors");
    for (let i = 0; i < 20; i++) await expect(openSafetensors(path)).rejects.toThrow(ModelError);
    for (let i = 0; i < 20; i++) await (await openSafetensors(await fileWith(original)))[Symbol.asyncDispose]();
    expect((await openFiles()).length).toBeLessThan(before + 10);
  });
});

describe("writeSafetensors", () => {
  test("writes the bytes that encodeSafetensors gives, from tensors and from lazy ones", async () => {
    const path = join(folder, "written.safetensors");
    await writeSafetensors(path, tensors, metadata);
    expect(new Uint8Array(await readFile(path))).toEqual(original);

    const source = await openSafetensors(path);
    const lazy = [...source.tensors.values()].map(
      ({ name, dtype, shape }) => [name, { dtype, shape, load: async () => (await source.read(name)).data }] as const,
    );
    const copy = join(folder, "copy.safetensors");
    await writeSafetensors(copy, new Map(lazy.toReversed()), source.metadata);
    await source.close();
    expect(new Uint8Array(await readFile(copy))).toEqual(original);

    await writeSafetensors(path, new Map());
    expect(new Uint8Array(await readFile(path))).toEqual(encodeSafetensors(new Map()));
  });

  test("asks for one tensor after the other, in the order of the file", async () => {
    const asked: string[] = [];
    const lazy = (name: string, size: number) => ({
      dtype: "U8" as const,
      shape: [size],
      load: async () => {
        asked.push(name);
        return new Uint8Array(size);
      },
    });
    await writeSafetensors(
      join(folder, "order.safetensors"),
      new Map([
        ["b", lazy("b", 100_000)],
        ["a", lazy("a", 100_000)],
      ]),
    );
    expect(asked).toEqual(["a", "b"]);
  });

  test.each<[string, () => Promise<Uint8Array>, string]>([
    ["a load that fails", () => Promise.reject(new RangeError("internal: gone")), "internal: gone"],
    ["data of another size", async () => new Uint8Array(3), "internal: b has 3 bytes; U8 [4] takes 4"],
  ])("%s leaves the old file and nothing else", async (_, load, message) => {
    const own = join(folder, "own");
    await mkdir(own, { recursive: true });
    const path = join(own, "kept.safetensors");
    await writeFile(path, "old");
    const entries = new Map<string, Tensor | LazyTensor>([
      ["a", raw("U8", [2], [1, 2])],
      ["b", { dtype: "U8", shape: [4], load }],
    ]);
    await expect(writeSafetensors(path, entries)).rejects.toThrow(message);
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(own)).toEqual(["kept.safetensors"]);
    await expect(writeSafetensors(join(own, "none", "a"), tensors)).rejects.toThrow(FileError);
  });
});

test("2,000 damaged files: both readers refuse or load the same, which is what the header says", async () => {
  const rng = createRng("damage");
  const path = join(folder, "damaged.safetensors");
  const outcomes = { refused: 0, loaded: 0 };
  const handle = await open(path, "w");
  for (let i = 0; i < 2000; i++) {
    const bytes = damage(original, rng);
    await handle.truncate(0);
    await handle.write(bytes, 0, bytes.length, 0);
    const source = countingSource(bytes);
    const readers: [string, () => Promise<Safetensors>][] = [
      ["in memory", async () => decodeSafetensors(bytes, path)],
      ["counting", async () => loadAll(await readFrom(source, path))],
      ["on disk", () => openSafetensors(path).then((file) => loadAll(file).finally(() => file.close()))],
    ];
    const results = await Promise.all(readers.map(([, read]) => read().catch((error: unknown) => error)));
    const asked = source.asked.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(asked, `file ${i}: bytes allocated for it`).toBeLessThanOrEqual(bytes.length);

    const [first] = results;
    for (const [which, result] of results.entries()) {
      const where = `file ${i}, ${readers[which]![0]}`;
      if (result instanceof BantamError) expect(result.message, where).toBe((first as Error).message);
      else if (result instanceof Error) throw new Error(`${where} ended in another error`, { cause: result });
      else expect(result, where).toEqual(first);
    }
    if (first instanceof Error) {
      outcomes.refused++;
      continue;
    }
    expect(digestOf(first as Safetensors), `file ${i}`).toEqual(trustingReader(bytes));
    outcomes.loaded++;
  }
  await handle.close();
  // Damage to names, metadata and numbers cannot be seen; all else must be.
  expect(outcomes.loaded).toBeGreaterThan(50);
  expect(outcomes.refused).toBeGreaterThan(1000);
});

/** What a file says, by a reader that checks nothing. */
function trustingReader(bytes: Uint8Array): unknown {
  const headerEnd = 8 + Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  type Described = { dtype: string; shape: number[]; data_offsets: [number, number] };
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, headerEnd))) as Record<string, Described>;
  return Object.entries(header)
    .filter(([name]) => name !== "__metadata__")
    .map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [start, end],
        },
      ]) => [name, dtype, shape, sha256(bytes.subarray(headerEnd + start, headerEnd + end))],
    )
    .sort();
}

function digestOf({ tensors }: Safetensors): unknown {
  return [...tensors]
    .map(([name, { dtype, shape, data }]) => [
      name,
      dtype,
      shape,
      sha256(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    ])
    .sort();
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("the door of this room loads nothing of Node, so that a page can use the part in memory", async () => {
  const seen = new Set<string>();
  const visit = async (file: URL): Promise<string[]> => {
    if (seen.has(file.href)) return [];
    seen.add(file.href);
    const text = await readFile(file, "utf8");
    const imports = [...text.matchAll(/^(?:import|export) (?!type\b)[^;]*?from\s*"([^"]+)"/gm)].map(
      ([, from]) => from!,
    );
    const next = imports.filter((from) => from.startsWith(".")).map((from) => new URL(from.replace(/js$/, "ts"), file));
    return [...imports.filter((from) => from.startsWith("node:")), ...(await Promise.all(next.map(visit))).flat()];
  };
  expect(await visit(new URL("index.ts", import.meta.url))).toEqual([]);
  expect(seen.size).toBeGreaterThan(5);
});
