/** A folder of images looked at, before anything is trained on it. */
import { setImmediate } from "node:timers/promises";
import { requireWritable, writeFileAtomic } from "../base/files.js";
import { InterruptedError, lastly } from "../base/index.js";
import { firstGeometry, openImages, type SplitName } from "../data/index.js";
import { type Diagnosis, diagnose, type Finding, type Inspected, inspect, kinds } from "../doctor/index.js";
import { requireApart } from "../folders/index.js";
import type { DataFacts } from "../report/index.js";
import { noProgress, type Progress } from "./shared/progress.js";
import { dataFacts, readData } from "./shared/read-data.js";

export type CheckOptions = {
  readonly data: string;
  /** A list of pictures to leave out. */
  readonly exclude?: string | undefined;
  /** Where a list of what may be left out goes. */
  readonly write?: string | undefined;
  /** Divides the folder, where it is not divided. */
  readonly seed: number;
  readonly cacheDir: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
};

export type CheckResult = Diagnosis & { readonly data: DataFacts; readonly write: string | null };

/** Pictures between two signs of life. */
const AT_ONCE = 500;

/** Changes nothing. @throws as `openDataset`, but for classes of few pictures. @throws {FileError} when the list cannot be written. */
export async function checkData(options: CheckOptions): Promise<CheckResult> {
  const { data, exclude, write, seed, cacheDir, signal, progress = noProgress } = options;
  await requireApart(data, { "--cache": cacheDir });
  await requireWritable(cacheDir);
  const dataset = await readData(data, { seed, exclude, cacheDir, few: true, signal }, progress);
  progress.phase("check", "looking at each picture");
  const inspected: Inspected[] = [];
  const count = Object.values(dataset.splits).reduce((sum, { length }) => sum + length, 0);
  for (const part of ["train", "validation", "test"] satisfies SplitName[]) {
    const images = await openImages(dataset, part, firstGeometry(dataset), { cacheDir, signal });
    await lastly(
      async () => {
        for (const one of inspect(images, dataset.splits[part], part)) {
          inspected.push(one);
          if (inspected.length % AT_ONCE !== 0) continue;
          progress.update({ text: "looking at each picture", fraction: inspected.length / count });
          // Ctrl-C is heard between.
          await setImmediate();
          if (signal?.aborted)
            throw new InterruptedError({ at: data, expected: "to be looked at", received: "a stop" });
        }
      },
      async () => images.close(),
    );
  }
  const found = diagnose(dataset, inspected);
  if (write !== undefined) await writeFileAtomic(write, listOf(found.findings));
  return { ...found, data: dataFacts(dataset), write: write ?? null };
}

/** For `--exclude`, and for people, who may take lines out. */
function listOf(findings: readonly Finding[]): string {
  const head = [
    "# Pictures that `bantam check` would leave out, a line each. Take out the lines of those that are to stay.",
    "# Lines that begin with # are not read.",
  ];
  const said = new Set<string>();
  const lines = findings.flatMap(({ kind, pictures, leaveOut, detail }) => {
    const fresh = leaveOut.filter((source) => !said.has(source));
    for (const source of fresh) said.add(source);
    const beside = pictures.length > 1 ? `: ${pictures.map(({ source }) => source).join(" = ")}` : "";
    return fresh.length === 0 ? [] : [`# ${kinds[kind]}, ${detail}${beside}`, ...fresh];
  });
  return `${[...head, ...lines].join("\n")}\n`;
}
