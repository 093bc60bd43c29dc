import { UsageError } from "../../base/index.js";
import { scalingStudy } from "../../jobs/index.js";
import { renderScalingStudy } from "../../report/index.js";
import { defaultStudy, type StudyOptions } from "../../scaling/index.js";
import { defineCommand } from "../command.js";
import { parseFactors, scalingOptions, scalingOptionsOf } from "./scaling-options.js";

const { alone, settings, settingWidths, phis, coefficients } = defaultStudy;

const settingWords = settings.map(({ depth, resolution }) => `${depth}x${resolution}`).join(",");

export const scalingStudyCommand = defineCommand({
  name: "scaling-study",
  summary: "Show by trainings how accuracy grows with depth, width and resolution, alone and together",
  description:
    "Scales one baseline in each dimension alone, in width at several depths and resolutions, and in all three together; trains every network under several seeds; draws accuracy against multiply-adds with 95 % intervals (EfficientNet, arXiv:1905.11946, figures 3, 4 and 8). A stopped study goes on where it was; no network is trained twice.",
  examples: [
    ["bantam scaling-study photos", "21 networks, three seeds each"],
    ["bantam scaling-study photos --alpha 1.2 --beta 1.1 --gamma 1.15", "with coefficients of scaling-search"],
    [
      "bantam scaling-study photos --seeds 1 --epochs 1 --depths 2 --widths 1.4 --resolutions none --settings none --phis 1",
      "a quick look",
    ],
  ],
  arguments: { data: { kind: "path", help: "folder of images, as for fit" } },
  options: {
    ...scalingOptions,
    depths: {
      kind: "text",
      placeholder: "FACTORS",
      default: alone.depth.join(),
      help: "of the depth alone; 1 is added",
    },
    widths: { kind: "text", placeholder: "FACTORS", default: alone.width.join(), help: "of the width alone" },
    resolutions: {
      kind: "text",
      placeholder: "FACTORS",
      default: alone.resolution.join(),
      help: "of the resolution alone; beyond the images' own side they are enlarged",
    },
    settings: {
      kind: "text",
      placeholder: "DxR",
      default: settingWords,
      help: "depths and resolutions at which the width is scaled, too",
    },
    "setting-widths": { kind: "text", placeholder: "FACTORS", default: settingWidths.join(), help: "widths there" },
    phis: { kind: "text", placeholder: "PHIS", default: phis.join(), help: "steps of all three together" },
    alpha: { kind: "number", min: 1, max: 4, default: coefficients.depth, help: "depth for φ = 1" },
    beta: { kind: "number", min: 1, max: 4, default: coefficients.width, help: "width for φ = 1" },
    gamma: { kind: "number", min: 1, max: 4, default: coefficients.resolution, help: "resolution for φ = 1" },
  },
  shows: "stdout",
  run: async (values, context) => {
    const { depths, widths, resolutions, settings, settingWidths, phis, alpha, beta, gamma, ...rest } = values;
    const wanted: StudyOptions = {
      alone: {
        depth: parseFactors("--depths", depths, [0.1, 32]),
        width: parseFactors("--widths", widths, [0.1, 32]),
        resolution: parseFactors("--resolutions", resolutions, [0.25, 32]),
      },
      settings: parseSettings(settings),
      settingWidths: parseFactors("--setting-widths", settingWidths, [0.1, 32]),
      phis: parseFactors("--phis", phis, [0, 8]),
      coefficients: { depth: alpha, width: beta, resolution: gamma },
    };
    const flags = { depths, widths, resolutions, settings, "setting-widths": settingWidths, phis, alpha, beta, gamma };
    return scalingStudy(await scalingOptionsOf("scaling-study", rest, flags, context), wanted);
  },
  show: (result, { colour, width }) =>
    `${renderScalingStudy(result, { colour, width })}\n${result.files.map((file) => `  ${file}`).join("\n")}\n`,
});

/** `2x1,1x1.3`: depth and resolution of each, or `none`. */
function parseSettings(text: string): StudyOptions["settings"] {
  if (text === "none") return [];
  return text.split(",").map((part) => {
    const match = /^\s*(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)\s*$/.exec(part);
    const [depth, resolution] = [Number(match?.[1]), Number(match?.[2])];
    if (depth >= 0.1 && depth <= 32 && resolution >= 0.25 && resolution <= 32) return { depth, resolution };
    throw new UsageError({
      at: "--settings",
      expected: "depths and resolutions such as 2x1,1x1.3, or none",
      received: JSON.stringify(text),
    });
  });
}
