import { buildArchitecture, profileArchitecture } from "../../networks/index.js";
import { renderProfile } from "../../report/index.js";
import { defineCommand } from "../command.js";
import { networkOf, networkOptions, networkWord } from "./shared.js";

export const profileCommand = defineCommand({
  name: "profile",
  summary: "Count parameters, MACs and peak activation memory of a network, layer by layer",
  description:
    "One MAC is one multiply-accumulate per image; the papers call it FLOPs. Counted are convolutions, squeeze-excite and classifier. Parameters are the trainable ones. Memory is for fp32 at batch 1.",
  examples: [
    ["bantam profile mobilenet-v2-0.5@160", "width 0.5, 160 px"],
    ["bantam profile efficientnet-b0 --json", "one JSON document"],
  ],
  arguments: { network: networkWord },
  options: {
    ...networkOptions,
    classes: { kind: "integer", min: 2, max: 1_000_000, default: 1000, help: "outputs of the classifier" },
    channels: { kind: "integer", min: 1, max: 3, default: 3, help: "3 for colour, 1 for grey" },
  },
  run: ({ network, classes, channels, ...multipliers }) => {
    const { name, ...options } = networkOf(network, multipliers);
    const architecture = buildArchitecture(name, { ...options, classes, channels: channels === 1 ? 1 : 3 });
    return { convention: "1 MAC = 1 multiply-accumulate per image", ...profileArchitecture(architecture) };
  },
  show: (profile, { colour, width }) => renderProfile(profile, { colour, width }),
});
