/**
 * Takes a scaling study that has ended into `results`: every training and every network as CSV, the figures, and a README with the
 * findings and the command that made them.
 *
 *     npx jiti scripts/scaling-results.ts runs/scaling-study-fashion-mnist [--out results/scaling-study]
 *
 * STUDY is the folder that `bantam scaling-study` wrote into. A section that points there is added to `results/README.md` where it is
 * missing.
 */
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { exportStudy } from "../src/jobs/index.js";
import { openStudyStore } from "../src/study/index.js";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string", default: "results/scaling-study" } },
});
const [study] = positionals;
if (study === undefined) throw new Error("usage: scaling-results.ts STUDY [--out FOLDER]");

const figures = {
  "alone.svg": "Accuracy against multiply-adds as depth, width or resolution alone is scaled",
  "width-settings.svg": "Accuracy against multiply-adds as the width is scaled, at several depths and resolutions",
  "compound.svg": "Accuracy against multiply-adds of each dimension alone and of all three together",
} as const;

const page = await readFile(join(study, "report.html"), "utf8").catch(() => {
  throw new Error(`${study} has no report.html: the study has not ended; the same command goes on with it`);
});
const store = await openStudyStore(study, { create: false });
const read = await store
  .list()
  .then(([first]) => store.read(first!.name))
  .finally(() => store.close());

await mkdir(values.out, { recursive: true });
await writeFile(join(values.out, "trainings.csv"), exportStudy(read, "csv"));
for (const name of ["points.csv", ...Object.keys(figures)]) await copyFile(join(study, name), join(values.out, name));
await writeFile(join(values.out, "README.md"), readme());
await pointThere();

function readme(): string {
  const sentences = [...page.matchAll(/<p class="read">(.*?)<\/p>/gs)]
    .map(([, text]) => textOf(text!))
    .filter((text) => !text.startsWith("How to read it"));
  const [conditions, ...findings] = sentences;
  const [, engine, when] = /<\/code> with (Bantam .*), (\d{4}-\d\d-\d\d)/.exec(page)!;
  const failed = read.trials.filter(({ state }) => state === "failed").length;
  return `# Scaling study

${conditions} ${textOf(engine!)}, ${when}; ${failed === 0 ? "no training failed" : `${failed} trainings failed`}.

\`\`\`sh
${commandLine()}
\`\`\`

${findings.map((text) => `- ${text}`).join("\n")}

\`points.csv\` has a line for each network, \`trainings.csv\` one for each training with its curve. An interval is the 95 % t-interval of the
mean over seeds; the ± of a difference comes from one variance that all networks share. Seconds were taken beside other work.

${Object.entries(figures)
  .map(([name, text]) => `![${text}](${name})`)
  .join("\n\n")}
`;
}

/** Without the places of the machine that it ran on. */
function commandLine(): string {
  const [, line] = /Made by <code>(.*?)<\/code>/s.exec(page)!;
  const [program, command, , ...rest] = textOf(line!).split(" ");
  const options = rest.join(" ").replace(/--study \S+ ?/, "");
  return [program, command, "FASHION-MNIST-FOLDER", options].join(" ").trim();
}

function textOf(markup: string): string {
  const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return markup
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll(/&([a-z]+|#39);/g, (whole, name: string) => entities[name] ?? whole)
    .replaceAll("\u00a0", " ")
    .replaceAll(/\s+/g, " ");
}

async function pointThere(): Promise<void> {
  const file = new URL("../results/README.md", import.meta.url);
  const text = await readFile(file, "utf8");
  if (values.out !== "results/scaling-study" || text.includes("## scaling-study")) return;
  const section = `
## scaling-study

Depth, width and resolution of one small network, alone and together, on Fashion-MNIST: EfficientNet's two findings from our own trainings.
[Figures, data and command](scaling-study/README.md); \`npx jiti scripts/scaling-results.ts STUDY\` took them out of the study's folder.
`;
  await writeFile(file, `${text.trimEnd()}\n${section}`);
}
