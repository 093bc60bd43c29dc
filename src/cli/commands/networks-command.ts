import {
  buildArchitecture,
  countArchitecture,
  type NetworkInfo,
  networks,
  publishedFor,
  publishedResults,
} from "../../networks/index.js";
import { renderNetworks } from "../../report/index.js";
import { defineCommand } from "../command.js";

export const networksCommand = defineCommand({
  name: "networks",
  summary: "List the published networks, with their papers, costs and accuracies",
  description:
    "A network is named in one word, NAME[-WIDTH][@PIXELS], and a prefix chooses whose release is meant: tf-, torch- or timm-.",
  examples: [
    ["bantam networks", "one line for each"],
    ["bantam networks --all", "every width and resolution that was published"],
  ],
  options: { all: { kind: "flag", help: "every published width and resolution" } },
  run: ({ all }) =>
    networks.flatMap((info) => {
      const { resolution } = buildArchitecture(bareOrPrefixed(info));
      const variants = all ? variantsOf(info) : [];
      return (variants.length > 0 ? variants : [{ width: 1, resolution }]).map((variant) =>
        entryOf(info, variant, resolution),
      );
    }),
  show: (rows, { colour, width }) => renderNetworks(rows, { colour, width }),
});

type Variant = { readonly width: number; readonly resolution: number };

/** Some are timm's alone. */
const bareOrPrefixed = ({ name, dialects }: NetworkInfo) => (dialects.includes("tf") ? name : `${dialects[0]}-${name}`);

/** Widths and resolutions that results were published for, from large to small. */
function variantsOf(info: NetworkInfo): Variant[] {
  const name = bareOrPrefixed(info);
  const published = publishedResults.flatMap(({ network, width, resolution }) =>
    network === name && resolution !== null ? [{ width, resolution }] : [],
  );
  const distinct = new Map(published.map((variant) => [`${variant.width}@${variant.resolution}`, variant]));
  return [...distinct.values()].sort((a, b) => b.width - a.width || b.resolution - a.resolution);
}

function entryOf(info: NetworkInfo, { width, resolution }: Variant, native: number) {
  const name = bareOrPrefixed(info);
  const { params, macs } = countArchitecture(buildArchitecture(name, { width, resolution }));
  const result = publishedFor(name, width, resolution).find(({ top1 }) => top1 !== null);
  return {
    network: `${name}${width === 1 ? "" : `-${width}`}${resolution === native ? "" : `@${resolution}`}`,
    paper: info.paper,
    resolution,
    params,
    macs,
    top1: result?.top1 ?? null,
    top5: result?.top5 ?? null,
    publishedIn: result?.source ?? null,
    dialects: info.dialects,
  };
}
