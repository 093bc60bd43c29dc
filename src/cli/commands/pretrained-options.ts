/** Options of the commands that take other people's weights, and the model they name. */
import { UsageError } from "../../base/index.js";
import { loadPretrained } from "../../pretrained/index.js";
import type { Model } from "../../shipping/index.js";
import type { Context } from "../command.js";
import { networkWord } from "./common-options.js";

export const pretrainedOptions = {
  weights: {
    kind: "text",
    placeholder: "SOURCE",
    help: "weights of timm, torchvision or Keras: hf:owner/name[@revision][:file] on the Hugging Face Hub, a safetensors file, or a folder with one and its config.json",
  },
  network: {
    ...networkWord,
    help: "which network --weights is for, where it does not say; `bantam networks` lists them",
  },
  background: {
    kind: "choice",
    of: ["drop", "keep"],
    help: "what becomes of the first of 1001 classes, which stands for background in TensorFlow's weights",
  },
} as const;

type PretrainedValues = {
  readonly weights: string | undefined;
  readonly network: string | undefined;
  readonly background: "drop" | "keep" | undefined;
};

/** The model that `--weights` names; null where it is not given. @throws {UsageError} when an option of it stands alone. */
export async function pretrainedModel(
  { weights, network, background }: PretrainedValues,
  { env, signal, progress }: Context,
  more: { readonly replaceClassifier?: number | undefined; readonly seed?: number | undefined } = {},
): Promise<Model | null> {
  if (weights !== undefined) {
    return loadPretrained({ weights, network, background, ...more }, { env, signal, progress });
  }
  const { replaceClassifier } = more;
  for (const [option, value] of Object.entries({ network, background, "replace-classifier": replaceClassifier })) {
    if (value === undefined) continue;
    throw new UsageError({
      at: `--${option}`,
      expected: "--weights beside it",
      received: "none",
      hint: "a model file of Bantam's says all of that itself",
    });
  }
  return null;
}
