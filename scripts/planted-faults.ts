/**
 * Precision and recall of `bantam check` by kind: a hundred faults of each are planted in copies of real sets, three seeds each.
 *
 *     npx jiti scripts/planted-faults.ts /tmp/sets/emoji /tmp/sets/signs > results/planted-faults.csv
 *
 * What was named before anything was planted counts neither way, and neither does what else is found of a planted picture: two that were
 * darkened to nothing look alike. A finding without any of these is wrong.
 */
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, extname, join } from "node:path";
import sharp from "sharp";
import { createRng } from "../src/base/index.js";
import { checkData } from "../src/jobs/index.js";

const PLANTED = 100;
type Planted = { readonly kind: string; readonly fault: string; readonly source: string };

const flat = (path: string) => sharp(path).flatten({ background: "#fff" }).toColourspace("srgb");
const faults: readonly {
  readonly fault: string;
  readonly kind: string;
  readonly where: "same" | "other class" | "other part";
  readonly make: (path: string) => Promise<{ readonly bytes: Uint8Array; readonly extension: string }>;
}[] = [
  {
    fault: "the same bytes",
    kind: "copy",
    where: "same",
    make: async (path) => ({ bytes: await readFile(path), extension: extname(path) }),
  },
  {
    fault: "JPEG of quality 60",
    kind: "copy",
    where: "same",
    make: async (path) => ({ bytes: await flat(path).jpeg({ quality: 60 }).toBuffer(), extension: ".jpg" }),
  },
  {
    fault: "WebP of quality 70",
    kind: "conflict",
    where: "other class",
    make: async (path) => ({ bytes: await flat(path).webp({ quality: 70 }).toBuffer(), extension: ".webp" }),
  },
  {
    fault: "the same bytes",
    kind: "conflict",
    where: "other class",
    make: async (path) => ({ bytes: await readFile(path), extension: extname(path) }),
  },
  {
    fault: "JPEG of quality 75",
    kind: "leak",
    where: "other part",
    make: async (path) => ({ bytes: await flat(path).jpeg({ quality: 75 }).toBuffer(), extension: ".jpg" }),
  },
  {
    fault: "three quarters of the side",
    kind: "leak",
    where: "other part",
    make: async (path) => {
      const { width = 64 } = await sharp(path).metadata();
      return {
        bytes: await flat(path)
          .resize(Math.round(0.75 * width))
          .png()
          .toBuffer(),
        extension: ".png",
      };
    },
  },
  {
    fault: "cut off after a third",
    kind: "broken",
    where: "same",
    make: async (path) => {
      const bytes = await flat(path).png().toBuffer();
      return { bytes: bytes.subarray(0, Math.floor(bytes.length / 3)), extension: ".png" };
    },
  },
  {
    fault: "a colour",
    kind: "plain",
    where: "same",
    make: async (path) => {
      const { dominant } = await sharp(path).stats();
      return {
        bytes: await sharp({ create: { width: 64, height: 64, channels: 3, background: dominant } })
          .png()
          .toBuffer(),
        extension: ".png",
      };
    },
  },
  {
    fault: "a tenth of the light",
    kind: "dark",
    where: "same",
    make: async (path) => ({ bytes: await flat(path).linear(0.1, 0).png().toBuffer(), extension: ".png" }),
  },
  {
    fault: "washed out to white",
    kind: "bright",
    where: "same",
    make: async (path) => ({ bytes: await flat(path).linear(0.1, 229).png().toBuffer(), extension: ".png" }),
  },
  {
    fault: "blurred by σ of a sixteenth",
    kind: "blurred",
    where: "same",
    make: async (path) => {
      const { width = 64 } = await sharp(path).metadata();
      return {
        bytes: await flat(path)
          .blur(width / 16)
          .png()
          .toBuffer(),
        extension: ".png",
      };
    },
  },
];

/** Kept in two parts, three quarters and one, so that leaks can be. */
async function layOut(set: string, root: string): Promise<Map<string, string[]>> {
  const pictures = new Map<string, string[]>();
  for (const label of (await readdir(set)).sort()) {
    const files = (await readdir(join(set, label))).sort();
    for (const part of ["train", "test"]) await mkdir(join(root, part, label), { recursive: true });
    for (const [i, file] of files.entries()) {
      const source = `${i % 4 === 3 ? "test" : "train"}/${label}/${file}`;
      await cp(join(set, label, file), join(root, source));
      pictures.set(label, [...(pictures.get(label) ?? []), source]);
    }
  }
  return pictures;
}

type Look = {
  readonly count: number;
  readonly findings: readonly { readonly kind: string; readonly sources: readonly string[] }[];
};

async function look(root: string, cacheDir: string): Promise<Look> {
  const { findings, count } = await checkData({ data: root, seed: 0, cacheDir });
  return {
    count,
    findings: findings.map(({ kind, pictures }) => ({ kind, sources: pictures.map(({ source }) => source) })),
  };
}

async function plant(
  root: string,
  pictures: ReadonlyMap<string, readonly string[]>,
  suspects: ReadonlySet<string>,
  seed: number,
): Promise<Planted[]> {
  const rng = createRng(seed);
  const labels = [...pictures.keys()];
  const pool = rng.shuffle(
    [...pictures]
      .flatMap(([label, sources]) => sources.map((source) => ({ label, source })))
      .filter(({ source }) => !suspects.has(source)),
  );
  const planted: Planted[] = [];
  const each = Math.min(PLANTED, Math.floor(pool.length / (2 * faults.length)));
  for (const [f, { fault, kind, where, make }] of faults.entries()) {
    for (let i = 0; i < each; i++) {
      const { label, source } = pool[f * each + i]!;
      const { bytes, extension } = await make(join(root, source));
      const [part] = source.split("/");
      const other = labels[(labels.indexOf(label) + 1) % labels.length];
      const into =
        where === "other class"
          ? `${part}/${other}`
          : where === "other part"
            ? `${part === "train" ? "test" : "train"}/${label}`
            : `${part}/${label}`;
      const name = `${into}/planted-${f}-${i}${extension}`;
      await writeFile(join(root, name), bytes);
      planted.push({ kind, fault, source: name });
    }
  }
  return planted;
}

/** A row for each fault. */
function scored(planted: readonly Planted[], suspects: ReadonlySet<string>, { count, findings }: Look) {
  const plantedAs = new Map(planted.map(({ source, kind }) => [source, kind]));
  return faults.map(({ kind, fault }) => {
    const own = planted.filter((one) => one.kind === kind && one.fault === fault);
    const ofKind = findings.filter((finding) => finding.kind === kind);
    const named = new Set(ofKind.flatMap(({ sources }) => sources));
    const found = own.filter(({ source }) => named.has(source)).length;
    const right = ofKind.filter(({ sources }) => sources.some((source) => plantedAs.get(source) === kind)).length;
    const isNeutral = (source: string) => plantedAs.has(source) || suspects.has(source);
    const wrong = ofKind.filter(({ sources }) => !sources.some(isNeutral)).length;
    const rates = [found / own.length, right / Math.max(1, right + wrong)].map((rate) => rate.toFixed(3));
    return [count, kind, fault, own.length, found, rates[0], right, wrong, rates[1]];
  });
}

console.log("set,seed,pictures,kind,fault,planted,found,recall,right_findings,wrong_findings,precision");
for (const set of process.argv.slice(2)) {
  for (const seed of [0, 1, 2]) {
    const root = await mkdtemp(join(tmpdir(), "planted-"));
    try {
      const pictures = await layOut(set, join(root, "data"));
      const before = await look(join(root, "data"), join(root, "cache"));
      const suspects = new Set(before.findings.flatMap(({ sources }) => sources));
      const planted = await plant(join(root, "data"), pictures, suspects, seed);
      const after = await look(join(root, "data"), join(root, "cache"));
      for (const row of scored(planted, suspects, after)) console.log([basename(set), seed, ...row].join(","));
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
}
