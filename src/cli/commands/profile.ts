import { buildArchitecture, networkNames, profileArchitecture } from "../../networks/index.js";
import { renderProfile } from "../../report/index.js";
import { defineCommand } from "../command.js";
import { networkOptions } from "./shared.js";

export const profileCommand = defineCommand({
  name: "profile",
  summary: "Count parameters, MACs and peak activation memory of a network, layer by layer",
  description:
    "One MAC is one multiply-accumulate per image; the papers call it FLOPs. Counted are convolutions, squeeze-excite and classifier. Parameters are the trainable ones. Memory is for fp32 at batch 1.",
  examples: [
    ["bantam profile mobilenet-v2 --width 0.5 --resolution 160", "a smaller variant"],
    ["bantam profile efficientnet-b0 --json", "one JSON document"],
  ],
  arguments: { network: { kind: "choice", of: networkNames, help: "which network" } },
  options: {
    ...networkOptions,
    classes: { kind: "integer", min: 2, max: 1_000_000, default: 1000, help: "outputs of the classifier" },
    channels: { kind: "integer", min: 1, max: 3, default: 3, help: "3 for colour, 1 for grey" },
  },
  run: ({ network, width, depth, resolution, classes, channels }) => {
    const options = {
      width,
      depth,
      classes,
      channels: channels === 1 ? (1 as const) : (3 as const),
      ...(resolution !== undefined && { resolution }),
    };
    return {
      convention: "1 MAC = 1 multiply-accumulate per image",
      ...profileArchitecture(buildArchitecture(network, options)),
    };
  },
  show: (profile, { colour, width }) => renderProfile(profile, { colour, width }),
});
