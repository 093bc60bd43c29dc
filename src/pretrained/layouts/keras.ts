/**
 * The names of Keras' applications: a layer's name, a slash, the variable's.
 * @source keras-team/keras 3.15 `keras/src/applications/{mobilenet,mobilenet_v2,mobilenet_v3,efficientnet,efficientnet_v2}.py`
 */
import type { Architecture } from "../../networks/index.js";
import { bareName, type Layer, type Role } from "./layer.js";
import { type Entry, entriesOf, type LayerNames, tensorflow } from "./weight-layout.js";

export function kerasEntries(architecture: Architecture): readonly Entry[] | null {
  return entriesOf(architecture, kerasNames, tensorflow);
}

/**
 * One spelling for the names that files in use have: `conv1/kernel`, `conv1/kernel:0`, `conv1/conv1/kernel:0`,
 * `mobilenet/conv1/kernel`, and Keras 2's `depthwise_kernel`.
 */
export function canonicalKerasName(name: string): string {
  const [layer, variable] = name.replace(/:0$/, "").split("/").slice(-2);
  if (variable === undefined) return name;
  return `${layer}/${variable === "depthwise_kernel" ? "kernel" : variable}`;
}

function kerasNames(architecture: Architecture): ((layer: Layer) => LayerNames) | null {
  const name = bareName(architecture);
  if (name === "mobilenet-v1") return v1;
  if (name === "mobilenet-v2") return v2;
  if (name.startsWith("mobilenet-v3-")) return v3;
  if (/^efficientnet-b\d$/.test(name)) return (layer) => efficientnet(layer, "dwconv");
  if (/^efficientnet-v2-/.test(name)) return (layer) => efficientnet(layer, "dwconv2");
  return null;
}

const names = (conv: string, norm: string | null = null): LayerNames => ({ conv, norm, linear: false });
const dense = (conv: string): LayerNames => ({ conv, norm: null, linear: true });

function v1({ role, block }: Layer): LayerNames {
  if (role === "stem") return names("conv1", "conv1_bn");
  if (role === "classifier") return names("conv_preds");
  const layer = `conv_${role === "depthwise" ? "dw" : "pw"}_${block!.index + 1}`;
  return names(layer, `${layer}_bn`);
}

function v2({ role, block }: Layer): LayerNames {
  if (role === "stem") return names("Conv1", "bn_Conv1");
  if (role === "head") return names("Conv_1", "Conv_1_bn");
  if (role === "classifier") return dense("predictions");
  const { index } = block!;
  const layer = `${index === 0 ? "expanded_conv" : `block_${index}`}_${role}`;
  return names(layer, `${layer}_BN`);
}

function v3({ role, block }: Layer): LayerNames {
  if (role === "stem") return names("conv", "conv_bn");
  if (role === "head") return names("conv_1", "conv_1_bn");
  if (role === "hidden") return names("conv_2");
  if (role === "classifier") return names("logits");
  const { index } = block!;
  const prefix = index === 0 ? "expanded_conv" : `expanded_conv_${index}`;
  if (role === "reduce") return names(`${prefix}_squeeze_excite_conv`);
  if (role === "restore") return names(`${prefix}_squeeze_excite_conv_1`);
  return names(`${prefix}_${role}`, `${prefix}_${role}_bn`);
}

const efficientnetLayers: Readonly<Partial<Record<Role, readonly [conv: string, norm: string | null]>>> = {
  expand: ["expand_conv", "expand_bn"],
  reduce: ["se_reduce", null],
  restore: ["se_expand", null],
  project: ["project_conv", "project_bn"],
};

function efficientnet({ role, block }: Layer, depthwise: string): LayerNames {
  if (role === "stem") return names("stem_conv", "stem_bn");
  if (role === "head") return names("top_conv", "top_bn");
  if (role === "classifier") return dense("predictions");
  const { stage, repeat } = block!;
  const prefix = `block${stage + 1}${String.fromCharCode("a".charCodeAt(0) + repeat)}_`;
  if (role === "depthwise") return names(`${prefix}${depthwise}`, `${prefix}bn`);
  const [conv, norm] = efficientnetLayers[role]!;
  return names(`${prefix}${conv}`, norm === null ? null : `${prefix}${norm}`);
}
