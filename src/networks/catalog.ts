/** The published networks by name. */
import { closest, UsageError } from "../base/index.js";
import type { Architecture } from "./architecture.js";
import { efficientnetFamily, efficientnetLiteFamily } from "./efficientnet.js";
import { efficientnetV2Family } from "./efficientnet-v2.js";
import type { DialectName, Family, Member, Paper } from "./family.js";
import { mnasnetFamily } from "./mnasnet.js";
import { mobilenetV1Family } from "./mobilenet-v1.js";
import { mobilenetV2Family } from "./mobilenet-v2.js";
import { mobilenetV3Family } from "./mobilenet-v3.js";
import { mobilenetV4Family } from "./mobilenet-v4.js";
import { type ScalingRules, scaleArchitecture } from "./scale.js";
import { fitStrides } from "./small-images.js";

const families: readonly Family[] = [
  mobilenetV1Family,
  mobilenetV2Family,
  mnasnetFamily,
  mobilenetV3Family,
  efficientnetFamily,
  efficientnetLiteFamily,
  efficientnetV2Family,
  mobilenetV4Family,
];

export type NetworkInfo = {
  /** Without a prefix. */
  readonly name: string;
  readonly paper: Paper;
  /** Prefixes that the name may carry. Without one it is the papers' own release, `tf`, where there is that. */
  readonly dialects: readonly DialectName[];
};

/** By name with prefix, and by the bare name where the papers' own release has it. */
const entries: ReadonlyMap<string, { readonly member: Member; readonly dialect: DialectName }> = new Map(
  families.flatMap(({ members }) =>
    members.flatMap((member) =>
      (Object.keys(member.dialects) as DialectName[]).flatMap((dialect) => {
        const entry = { member, dialect };
        const { name } = member.baseline;
        const prefixed = [`${dialect}-${name}`, entry] as const;
        return dialect === "tf" ? [[name, entry] as const, prefixed] : [prefixed];
      }),
    ),
  ),
);

/** Every network there is, once, in the order of the papers. */
export const networks: readonly NetworkInfo[] = families.flatMap(({ members, paper }) => {
  const names = [...new Set(members.map(({ baseline }) => baseline.name))];
  return names.map((name) => {
    const dialects = members.flatMap((m) =>
      m.baseline.name === name ? (Object.keys(m.dialects) as DialectName[]) : [],
    );
    return { name, paper, dialects };
  });
});

/** Names without a prefix: the networks of the papers' own releases. */
export const networkNames: readonly string[] = networks.flatMap(({ name }) => (entries.has(name) ? [name] : []));

export type BuildOptions = {
  /** Relative to the named network; 1 is as published. */
  readonly width?: number;
  /** Relative to the named network; 1 is as published. */
  readonly depth?: number;
  /** Side of the input, in pixels; by default the published one. */
  readonly resolution?: number;
  readonly classes?: number;
  readonly channels?: 1 | 3;
};

/**
 * A published network under the multipliers of its paper. Below 96 px it loses strides by the rule of `small-images.ts`.
 *
 * @param name may carry the prefix of a dialect: `torch-mobilenet-v2` is torchvision's, `timm-…` timm's, `tf-…` or none the
 *   papers' own release.
 * @throws {UsageError} when there is no network of that name, with the nearest one there is, or when an option is out of
 *   its range.
 * @example buildArchitecture("mobilenet-v2", { width: 0.35, resolution: 96, classes: 10 })
 */
export function buildArchitecture(name: string, options: BuildOptions = {}): Architecture {
  const { member, dialect } = entryOf(name);
  const { baseline } = member;
  const { padding, epsilon, rules } = member.dialects[dialect]!;
  const { width = 1, depth = 1, resolution = member.resolution, classes = 1000, channels = 3 } = options;
  check("width", width > 0 && width <= 16, "a multiplier above 0, at most 16", width);
  check("depth", depth > 0 && depth <= 16, "a multiplier above 0, at most 16", depth);
  check("resolution", isWhole(resolution, 8, 4096), "a whole number of pixels, 8 to 4096", resolution);
  check("classes", isWhole(classes, 2, 1_000_000), "a whole number, 2 to 1000000", classes);
  const scaled = scaleArchitecture(
    { ...baseline, name, padding, norm: { ...baseline.norm, epsilon } },
    { width: member.width * width, depth: member.depth * depth, resolution, classes, channels, rules },
  );
  return fitStrides(scaled);
}

/** Where a named network comes from, for those who scale it themselves. */
export type Origin = Pick<Member, "baseline" | "width" | "depth" | "resolution"> & {
  readonly paper: Paper;
  readonly rules: ScalingRules;
};

/**
 * The table that a named network was scaled from, the multipliers it was published with, and its release's rules of rounding:
 * `buildArchitecture` multiplies its own options by these.
 *
 * @throws {UsageError} when there is no network of that name.
 */
export function originOf(name: string): Origin {
  const { member, dialect } = entryOf(name);
  const { baseline, width, depth, resolution, dialects } = member;
  const { paper } = families.find(({ members }) => members.includes(member))!;
  return { baseline, width, depth, resolution, paper, rules: dialects[dialect]!.rules };
}

/**
 * A network as people write it in one word: `NAME[-WIDTH][@PIXELS]`.
 *
 * @throws {UsageError} when there is no network of that name.
 * @example parseNetwork("torch-mobilenet-v2-1.4@192"); // { name: "torch-mobilenet-v2", width: 1.4, resolution: 192 }
 */
export function parseNetwork(text: string): Pick<BuildOptions, "width" | "resolution"> & { readonly name: string } {
  const [, word, pixels] = /^(.*?)(?:@(\d+))?$/s.exec(text)!;
  const [, stem, width] = /^(.*?)(?:-(\d+(?:\.\d+)?))?$/s.exec(word!)!;
  entryOf(stem!);
  return {
    name: stem!,
    ...(width !== undefined && { width: Number(width) }),
    ...(pixels !== undefined && { resolution: Number(pixels) }),
  };
}

function entryOf(name: string) {
  const entry = entries.get(name);
  if (entry !== undefined) return entry;
  throw new UsageError({
    at: "network",
    expected: "the name of a published network",
    received: JSON.stringify(name),
    hint: `${guessOf(name)}\`bantam networks\` lists them all`,
  });
}

/** What may have been meant by a word that is no network here. */
function guessOf(word: string): string {
  if (/[\\/]|\.\w+$/.test(word)) return "a file of one ends in .safetensors or .json; ";
  const name = word.toLowerCase().replace(/^(tf|torch|timm)[-_]/, "");
  const guess = others.test(name) ? null : closest(word.toLowerCase().replace(/@.*/s, ""), [...entries.keys()]);
  if (guess !== null) return `did you mean "${guess}"? `;
  return "Bantam is made for small ones, MobileNet v1 to v3, MnasNet and EfficientNet; ";
}

/** Networks that people know and Bantam has not; some are called nearly like one that it has. */
const others =
  /^(wide|se)?_?-?(resne[xs]?t|vgg|alexnet|googlenet|inception|xception|densenet|squeezenet|shufflenet|regnet|nasnet|convnext|vit|deit|swin|beit|clip|dino|yolo|mobilevit|ghostnet|mcunet|fbnet|proxyless|mixnet|efficientnet[-_]?v2|mobilenet[-_]?v4|lenet|darknet|bert)/;

const isWhole = (value: number, least: number, most: number) =>
  Number.isInteger(value) && value >= least && value <= most;

function check(at: string, condition: boolean, expected: string, received: number): void {
  if (!condition) throw new UsageError({ at, expected, received: String(received) });
}
