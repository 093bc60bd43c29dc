import { UsageError } from "../../base/index.js";
import { costsOfProfile } from "../../cost/index.js";
import { buildArchitecture, parseNetwork, profileArchitecture } from "../../networks/index.js";
import { renderProfile } from "../../report/index.js";
import { scaleByPhi, scaleToBudget } from "../../scaling/index.js";
import { defineCommand } from "../command.js";
import { budgetOf, budgetOptions, networkWord } from "./shared.js";

export const scaleCommand = defineCommand({
  name: "scale",
  summary: "Make a network deeper, wider and finer together: by φ, or up to a budget",
  description:
    "Depth grows by 1.2^φ, width by 1.1^φ, resolution by 1.15^φ (EfficientNet, arXiv:1905.11946, §3.3). With limits instead of φ: the largest φ whose network keeps all of them.",
  examples: [
    ["bantam scale efficientnet-b0 --phi 1", "the next size"],
    ["bantam scale mobilenet-v3-small --max-macs 200M --max-params 10M", "as large as that allows"],
  ],
  arguments: { network: networkWord },
  options: {
    phi: { kind: "number", min: 0, max: 8, help: "compound coefficient φ, any real number" },
    ...budgetOptions,
    classes: { kind: "integer", min: 2, max: 1_000_000, default: 1000, help: "outputs of the classifier" },
  },
  run: ({ network, phi, classes, ...limits }) => {
    const budget = budgetOf(limits);
    const isBudget = Object.keys(budget).length > 0;
    if ((phi !== undefined) === isBudget) {
      throw new UsageError({
        at: "scale",
        expected: "either --phi or limits",
        received: isBudget ? "both" : "neither",
        hint: "--phi 1, or --max-macs 400M",
      });
    }
    const { name, ...options } = parseNetwork(network);
    const baseline = buildArchitecture(name, { ...options, classes });
    const costsOf = (architecture: typeof baseline) => costsOfProfile(profileArchitecture(architecture));
    const rule = { divisor: 8, repeats: "up", resolutions: "any" } as const;
    if (phi !== undefined) {
      const { architecture, multipliers } = scaleByPhi(baseline, phi, rule);
      return { phi, multipliers, binding: [], budget, ...profileArchitecture(architecture) };
    }
    const { architecture, multipliers, phi: found, binding } = scaleToBudget(baseline, budget, rule, costsOf);
    return { phi: found, multipliers, binding, budget, ...profileArchitecture(architecture) };
  },
  show: ({ phi, multipliers: { depth, width, resolution }, ...profile }, { colour, width: columns }) =>
    `φ = ${phi.toFixed(2)}: depth × ${depth.toFixed(2)}, width × ${width.toFixed(2)}, resolution × ${resolution.toFixed(2)}\n\n${renderProfile(profile, { colour, width: columns })}`,
});
