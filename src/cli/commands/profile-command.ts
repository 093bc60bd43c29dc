import { writeFileAtomic } from "../../base/files.js";
import { UsageError } from "../../base/index.js";
import { memoryConventions, memoryPeaks, memoryTimeline, planMemory, publishedMemory } from "../../cost/index.js";
import { isNetworkFile, readNetworkFile, VERSION } from "../../jobs/index.js";
import {
  type Architecture,
  type BuildOptions,
  buildArchitecture,
  buildNetwork,
  explainNetwork,
  profileArchitecture,
} from "../../networks/index.js";
import {
  renderExplanation,
  renderMemory,
  renderMemoryTimeline,
  renderProfile,
  renderProfilePage,
  renderProfileSvg,
} from "../../report/index.js";
import { defineCommand } from "../command.js";
import { networkOf, networkOptions, networkWord } from "./common-options.js";
import { fileFormat } from "./file-format.js";

export const profileCommand = defineCommand({
  name: "profile",
  summary: "Count parameters, MACs and peak activation memory of a network, layer by layer",
  description:
    "One MAC is one multiply-accumulate per image; the papers call it FLOPs. Counted are convolutions, squeeze-excite and classifier. Parameters are the trainable ones. Memory is for fp32 at batch 1.",
  examples: [
    ["bantam profile mobilenet-v2-0.5@160", "width 0.5, 160 px"],
    ["bantam profile mobilenet-v2 --explain", "why others print 3.4 M or 3.54 M parameters"],
    ["bantam profile mobilenet-v2-0.35@144 --memory", "peak memory in fp32, fp16 and int8"],
    ["bantam profile efficientnet-b0 --out b0.html", "a page with a picture of the network"],
    ["bantam profile runs/pets/model.safetensors", "a network of one's own; also an architecture as .json"],
    ["bantam profile efficientnet-b0 --json", "one JSON document"],
  ],
  arguments: { network: { ...networkWord, help: `${networkWord.help}; or a file, .safetensors or .json` } },
  options: {
    ...networkOptions,
    classes: { kind: "integer", min: 2, max: 1_000_000, help: "outputs of the classifier; by default 1000" },
    channels: { kind: "integer", min: 1, max: 3, help: "3 for colour, which is the default, 1 for grey" },
    explain: { kind: "flag", help: "count by everybody's rules and say which gives which printed figure" },
    memory: { kind: "flag", help: "plan the activations in each number format, as we and as others count them" },
    out: { kind: "path", help: "also write a page (.html), or the picture alone (.svg; of the memory with --memory)" },
  },
  run: async ({ network, explain, memory, out, ...values }) => {
    const format = out === undefined ? undefined : fileFormat(out, ["html", "svg"]);
    const { architecture, published } = await subjectOf(network, values);
    if (explain && published === null)
      throw new UsageError({ at: "--explain", expected: "a published network", received: network });
    const result = {
      convention: "1 MAC = 1 multiply-accumulate per image",
      channels: architecture.channels,
      ...profileArchitecture(architecture),
      ...(explain && published !== null && { explanation: explainNetwork(published.name, published) }),
      ...(memory && { memory: memoryOf(architecture, published === null ? null : (published.width ?? 1)) }),
    };
    if (out === undefined) return result;
    const picture = () => (memory ? renderMemoryTimeline(timelineOf(architecture)) : renderProfileSvg(result));
    const page = () => renderProfilePage({ ...result, timeline: timelineOf(architecture) }, VERSION);
    await writeFileAtomic(out, format === "svg" ? picture() : page());
    return { ...result, file: out };
  },
  // The rules are a page of their own; under a layer table of fifty lines nobody would see them.
  show: (result, { colour, width }) => {
    const { explanation, memory } = result;
    const parts = [
      ...(explanation === undefined ? [] : [renderExplanation(explanation, { colour, width })]),
      ...(memory === undefined ? [] : [renderMemory(memory, { colour, width })]),
    ];
    if (parts.length === 0) parts.push(renderProfile(result, { colour, width }));
    return [...parts, ...("file" in result ? [`written: ${result.file}\n`] : [])].join("\n");
  },
});

type Values = {
  readonly classes: number | undefined;
  readonly channels: number | undefined;
  readonly width: number | undefined;
  readonly depth: number;
  readonly resolution: number | undefined;
};

type Subject = {
  readonly architecture: Architecture;
  /** Null for a file. */
  readonly published: (BuildOptions & { readonly name: string }) | null;
};

/**
 * @throws {UsageError} when there is no such network, or an option contradicts the file.
 * @throws {FileError | ModelError} when the file cannot be used.
 */
async function subjectOf(word: string, { classes, channels, ...multipliers }: Values): Promise<Subject> {
  const { width, depth, resolution } = multipliers;
  if (!isNetworkFile(word)) {
    const options = networkOf(word, multipliers);
    const published = { ...options, classes: classes ?? 1000, channels: channels === 1 ? (1 as const) : (3 as const) };
    return { architecture: buildArchitecture(options.name, published), published };
  }
  for (const [option, value] of Object.entries({ width, depth: depth === 1 ? undefined : depth, classes, channels })) {
    if (value === undefined) continue;
    const hint = "a file holds its own; --resolution can be another";
    throw new UsageError({ at: `--${option}`, expected: "a published network beside it", received: word, hint });
  }
  const table = await readNetworkFile(word);
  return { architecture: { ...table, ...(resolution !== undefined && { resolution }) }, published: null };
}

const graphOf = (architecture: Architecture) => buildNetwork(architecture, { batch: 1, mode: "folded" }).graph;

/** @param width null where nothing was published. */
function memoryOf(architecture: Architecture, width: number | null) {
  const { name, resolution } = architecture;
  const graph = graphOf(architecture);
  return {
    network: name,
    resolution,
    peaks: memoryPeaks(graph),
    conventions: memoryConventions(graph),
    published: publishedMemory.filter(
      (figure) => figure.network === name && figure.width === width && figure.resolution === resolution,
    ),
  };
}

function timelineOf(architecture: Architecture) {
  const { name: network, resolution } = architecture;
  return {
    network,
    resolution,
    ...memoryTimeline(planMemory(graphOf(architecture), { format: "int8", order: "lowest" })),
  };
}
