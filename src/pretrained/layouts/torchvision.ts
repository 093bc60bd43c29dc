/**
 * The names of torchvision's state dicts. Its modules have numbers: which one a layer has depends on what stands before it.
 * @source pytorch/vision 0.14 `torchvision/models/{mobilenetv2,mobilenetv3,efficientnet,mnasnet}.py`
 */
import type { Architecture } from "../../networks/index.js";
import { type BlockPlace, bareName, type Layer, type Role } from "./layer.js";
import { type Entry, entriesOf, type LayerNames, pytorch } from "./weight-layout.js";

export function torchvisionEntries(architecture: Architecture): readonly Entry[] | null {
  return entriesOf(architecture, torchvisionNames, pytorch);
}

function torchvisionNames(architecture: Architecture): ((layer: Layer) => LayerNames) | null {
  const name = bareName(architecture);
  const blocks = architecture.stages.reduce((total, { repeats }) => total + repeats, 0);
  if (name === "mobilenet-v2") return (layer) => v2(layer, blocks);
  if (/^mobilenet-v3-(large|small)$/.test(name)) return (layer) => v3(layer, blocks);
  if (/^efficientnet-(b\d|v2-[sml])$/.test(name)) return (layer) => efficientnet(layer, architecture.stages.length);
  if (name === "mnasnet-b1") return mnasnet;
  return null;
}

/** `Conv2dNormActivation`: a convolution and, as the next module, its norm. */
const pair = (prefix: string): LayerNames => ({ conv: `${prefix}.0`, norm: `${prefix}.1`, linear: false });
const biased = (conv: string): LayerNames => ({ conv, norm: null, linear: false });
const linear = (conv: string): LayerNames => ({ conv, norm: null, linear: true });

function v2({ role, block }: Layer, blocks: number): LayerNames {
  if (role === "stem") return pair("features.0");
  if (role === "head") return pair(`features.${blocks + 1}`);
  if (role === "classifier") return linear("classifier.1");
  const prefix = `features.${block!.index + 1}.conv`;
  const { place } = block!;
  // The projection has no activation, and its two modules are not in one of their own.
  return role === "project"
    ? { conv: `${prefix}.${place}`, norm: `${prefix}.${place + 1}`, linear: false }
    : pair(`${prefix}.${place}`);
}

function v3({ role, block }: Layer, blocks: number): LayerNames {
  if (role === "stem") return pair("features.0");
  if (role === "head") return pair(`features.${blocks + 1}`);
  if (role === "hidden") return linear("classifier.0");
  if (role === "classifier") return linear("classifier.3");
  return inBlock(`features.${block!.index + 1}.block`, role, block!);
}

function efficientnet({ role, block }: Layer, stages: number): LayerNames {
  if (role === "stem") return pair("features.0");
  if (role === "head") return pair(`features.${stages + 1}`);
  if (role === "classifier") return linear("classifier.1");
  return inBlock(`features.${block!.stage + 1}.${block!.repeat}.block`, role, block!);
}

function inBlock(prefix: string, role: Role, block: BlockPlace): LayerNames {
  const module = `${prefix}.${block.place}`;
  if (role === "reduce") return biased(`${module}.fc1`);
  if (role === "restore") return biased(`${module}.fc2`);
  return pair(module);
}

/** Stem and first block lie open in `layers`; then come stacks of blocks. Activations are modules too, and take a number. */
function mnasnet({ role, block }: Layer): LayerNames {
  const at = (prefix: string, conv: number): LayerNames => ({
    conv: `${prefix}.${conv}`,
    norm: `${prefix}.${conv + 1}`,
    linear: false,
  });
  if (role === "stem") return at("layers", 0);
  if (role === "head") return at("layers", 14);
  if (role === "classifier") return linear("classifier.1");
  const { stage, repeat } = block!;
  // The first block has no expansion, and its numbers go on from the stem's three modules, as if that were one.
  const place = { expand: 0, depthwise: 3, project: 6 }[role as "expand" | "depthwise" | "project"];
  return at(stage === 0 ? "layers" : `layers.${stage + 7}.${repeat}.layers`, place);
}
