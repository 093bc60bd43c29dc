/** Files that hold weights but are not read, each with the reason and a way round. */
import { extname } from "node:path";
import { ModelError } from "../base/index.js";

type Refusal = { readonly received: string; readonly hint: string };

const pickled: Refusal = {
  received: "a file pickled by PyTorch, and loading one runs whatever code is in it",
  hint: `where you trust it, write it anew with Python:
    import torch, safetensors.torch
    weights = torch.load("FILE", map_location="cpu", weights_only=True)
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in weights.items()}, "model.safetensors")`,
};

const kerasFile: Refusal = {
  received: "a file of Keras",
  hint: `write its weights anew with Python:
    import keras, safetensors.numpy
    model = keras.applications.MobileNetV2(weights="imagenet")  # or keras.models.load_model("FILE")
    safetensors.numpy.save_file({weight.path: weight.numpy() for weight in model.weights}, "model.safetensors")`,
};

const deployed = (kind: string): Refusal => ({
  received: kind,
  hint: "its weights are folded and fused for running; take those it was made from, as safetensors",
});

const checkpoint: Refusal = {
  received: "a checkpoint of TensorFlow",
  hint: "timm's models whose names begin with tf_ hold Google's weights: for example hf:timm/tf_efficientnet_b0.aa_in1k",
};

const byExtension: Readonly<Record<string, Refusal>> = {
  ".pth": pickled,
  ".pt": pickled,
  ".bin": pickled,
  ".pkl": pickled,
  ".h5": kerasFile,
  ".hdf5": kerasFile,
  ".keras": kerasFile,
  ".tflite": deployed("a TensorFlow Lite file"),
  ".onnx": deployed("an ONNX file"),
  ".ckpt": checkpoint,
  ".index": checkpoint,
  ".meta": checkpoint,
};

/** @throws {ModelError} when the name is that of a format that is not read. */
export function refuseByName(file: string, at: string): void {
  const refusal = /\.data-\d+-of-\d+$/.test(file) ? checkpoint : byExtension[extname(file).toLowerCase()];
  if (refusal !== undefined) throw refused(at, refusal);
}

/**
 * @param start the first 16 bytes of the file.
 * @throws {ModelError} when they are those of a format that is not read, whatever the file is called.
 */
export function refuseByContent(start: Uint8Array, at: string): void {
  // Eight bytes with the length of a header, at most 100 MB, then the header: JSON of an object.
  const isSafetensors = start[8] === 0x7b && start.subarray(4, 8).every((byte) => byte === 0);
  if (isSafetensors) return;
  const text = String.fromCharCode(...start);
  // PyTorch's archives are zip files since version 1.6; a pickle begins with the opcode PROTO and its version.
  const isPickle = start[0] === 0x80 && start[1]! >= 1 && start[1]! <= 5;
  if (text.startsWith("PK\x03\x04") || isPickle) throw refused(at, pickled);
  if (text.startsWith("\x89HDF")) throw refused(at, kerasFile);
  if (text.slice(4, 8) === "TFL3") throw refused(at, deployed("a TensorFlow Lite file"));
}

function refused(at: string, { received, hint }: Refusal): ModelError {
  return new ModelError({ at, expected: "weights in a safetensors file", received, hint });
}
