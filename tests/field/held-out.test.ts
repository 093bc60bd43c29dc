/**
 * What was held out stays held out: pictures of noise come, go, get other names, are copied and saved anew, in classes that come too; and
 * whatever is measured or trained then holds out no picture that a model has seen.
 */
import { copyFile, mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { expect, test } from "vitest";
import { createRng, type Rng } from "../../src/base/index.js";
import { type Dataset, joinSeen, openDataset, partsBefore, type SeenPictures } from "../../src/data/index.js";
import { temporaryFolder } from "../../src/data/testing/fixtures.js";

const SIDE = 32;

/** A folder of pictures of which it is known which picture each file shows, whatever became of it. */
async function createFolder(rng: Rng) {
  const root = join(await temporaryFolder(), "noise");
  const pictures = new Map<string, number>();
  let made = 0;
  const add = async (label: string) => {
    const pixels = Buffer.from(Array.from({ length: SIDE * SIDE * 3 }, () => rng.integer(256)));
    const file = `${label}/${made}.png`;
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(
      join(root, file),
      await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 3 } })
        .png()
        .toBuffer(),
    );
    pictures.set(file, made++);
  };
  for (const label of ["a", "b"]) for (let i = 0; i < 25; i++) await add(label);

  const moved = (file: string, name: string) => `${dirname(file)}/${name}${made++}${file.slice(file.lastIndexOf("."))}`;
  const changes = [
    async () => add(rng.choice(["a", "b"])),
    async (file: string) => {
      await rm(join(root, file));
      pictures.delete(file);
    },
    async (file: string) => {
      const name = moved(file, "renamed");
      await rename(join(root, file), join(root, name));
      pictures.set(name, pictures.get(file)!);
      pictures.delete(file);
    },
    async (file: string) => {
      const name = moved(file, "copy");
      await copyFile(join(root, file), join(root, name));
      pictures.set(name, pictures.get(file)!);
    },
    async (file: string) => {
      const name = `${dirname(file)}/again${made++}.jpg`;
      const quality = 50 + rng.integer(50);
      const bytes = await sharp(await readFile(join(root, file)))
        .jpeg({ quality })
        .toBuffer();
      await writeFile(join(root, name), bytes);
      pictures.set(name, pictures.get(file)!);
      if (rng.uniform() < 0.5) return;
      await rm(join(root, file));
      pictures.delete(file);
    },
    async () => {
      for (let i = 0; i < 4; i++) await add("c");
    },
  ];
  return {
    root,
    pictures,
    change: async (count: number) => {
      for (let i = 0; i < count; i++) await rng.choice(changes)(rng.choice([...pictures.keys()]));
    },
  };
}

const seenIn = ({ splits, signatures }: Dataset): SeenPictures => {
  const of = (part: keyof SeenPictures) => Buffer.concat(splits[part].map((sample) => signatures.get(sample)!));
  return { train: of("train"), validation: of("validation") };
};

const runs = Number(process.env.BANTAM_TEST_SEQUENCES ?? 8);

test("in random sequences no picture that a model saw counts as held out", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const rng = createRng(seed);
      const { root, pictures, change } = await createFolder(rng);
      const cacheDir = await temporaryFolder();
      // Of one model after the other, each of which sets out from the one before.
      let seen: SeenPictures | undefined;
      const learned = new Set<number>();
      const chosenBy = new Set<number>();
      for (let step = 0; step < 4; step++) {
        const dataset = await openDataset(root, { seed: step, cacheDir, seen });
        const shown = (part: keyof Dataset["splits"]) =>
          dataset.splits[part].map(({ source }) => pictures.get(source)!);
        expect(shown("test").filter((picture) => learned.has(picture) || chosenBy.has(picture))).toEqual([]);
        expect(shown("validation").filter((picture) => learned.has(picture))).toEqual([]);
        const inTrain = new Set([...shown("train"), ...shown("validation")]);
        expect(shown("test").filter((picture) => inTrain.has(picture))).toEqual([]);
        for (const picture of shown("train")) learned.add(picture);
        for (const picture of shown("validation")) chosenBy.add(picture);
        seen = joinSeen([seen, seenIn(dataset)]);
        await change(25);
        // What a model is measured on: by its signatures alone.
        const { splits, signatures } = await openDataset(root, { seed: 9, cacheDir });
        const partBefore = partsBefore(seen!, signatures);
        const unseen = Object.values(splits)
          .flat()
          .filter((sample) => partBefore(sample) === null);
        const known = unseen.map(({ source }) => pictures.get(source)!);
        expect(known.filter((picture) => learned.has(picture) || chosenBy.has(picture))).toEqual([]);
        // And hardly anything more is left out than that.
        const fresh = [...pictures.values()].filter((picture) => !learned.has(picture) && !chosenBy.has(picture));
        expect(fresh.length - known.length).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: runs },
  );
}, 600_000);
