/**
 * A trained network with all it needs to be used: what it is, what its classes are called, what happens to a picture before
 * it, and its weights. On disk a safetensors file with JSON in its metadata: nothing in it can run code.
 */
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { toFileError, writeFileAtomic } from "../base/files.js";
import { findingsOf, ModelError } from "../base/index.js";
import type { Costs } from "../cost/index.js";
import { type Preprocessing, type SeenPictures, SIGNATURE_BYTES } from "../data/index.js";
import { type Architecture, buildNetwork, parseArchitecture } from "../networks/index.js";
import { decodeSealed, encodeSealed, finiteFloat32, type Tensor } from "../weights/index.js";

/** What there is to know about a model beside its weights; the same in both file formats. */
export type ModelCard = {
  readonly classes: readonly string[];
  readonly preprocessing: Preprocessing;
  readonly costs: Costs;
  /** How it came about and how good it is: recipe, seed, data fingerprint, accuracy. For people; nothing depends on it. */
  readonly history: Readonly<Record<string, unknown>>;
};

export type Model = ModelCard & {
  readonly architecture: Architecture;
  /** Parameters and batch-norm statistics of the network in mode `inference`, by name. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /** Pictures that it and the models before it were trained on and chosen by; left out where nobody knows. */
  readonly seen?: SeenPictures | undefined;
};

const FORMAT = "bantam-model-2";
/** Of earlier versions, without a digest; otherwise the same. */
const UNSEALED_FORMAT = "bantam-model-1";

/** Told once of a file that does not say whether it is whole. */
export type OnNotice = (text: string) => void;

export const unsealedNotice = (at: string) =>
  `${at}: written by an earlier version, without a digest: whether it is damaged cannot be told (bantam export writes it anew)`;

export async function saveModel(path: string, model: Model): Promise<void> {
  await writeFileAtomic(path, encodeModel(model));
}

export function encodeModel({ architecture, tensors, seen, ...card }: Model): Uint8Array {
  const { parameters } = buildNetwork(architecture, { batch: 1, mode: "inference" }).graph;
  const shaped = new Map<string, Tensor>(
    parameters.map(({ value }) => [value.name, { dtype: "F32", shape: value.shape, data: tensors.get(value.name)! }]),
  );
  for (const [part, data] of Object.entries(seen ?? {}))
    shaped.set(seenTensor(part), { dtype: "U8", shape: [data.length / SIGNATURE_BYTES, SIGNATURE_BYTES], data });
  return encodeSealed(shaped, {
    format: FORMAT,
    architecture: JSON.stringify(architecture),
    card: JSON.stringify(card),
  });
}

const seenTensor = (part: string) => `bantam.seen.${part}`;

/** @throws {FileError} when the file cannot be read. @throws {ModelError} when it is not one of Bantam's models, or is damaged. */
export async function loadModel(path: string, onNotice?: OnNotice): Promise<Model> {
  if (/\.onnx$/i.test(path)) {
    const hint = "an ONNX file runs as it is; what it was made from is the model.safetensors beside it";
    throw new ModelError({ at: path, expected: "a model.safetensors", received: "an ONNX file already", hint });
  }
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw toFileError(error, path, "read");
  }
  return decodeModel(bytes, path, onNotice);
}

export function decodeModel(bytes: Uint8Array, at: string, onNotice?: OnNotice): Model {
  const file = decodeSealed(bytes, at, (format) => format !== FORMAT);
  if (file.metadata.format !== FORMAT && file.metadata.format !== UNSEALED_FORMAT) {
    throw new ModelError({
      at,
      expected: `a model written by Bantam (format ${FORMAT})`,
      received:
        file.metadata.format === undefined
          ? "a safetensors file that does not say what network it holds"
          : `format ${file.metadata.format}`,
      ...(file.metadata.format?.startsWith("bantam-") !== true && {
        hint: "the weights of timm, torchvision or Keras are read with --weights",
      }),
    });
  }
  if (!file.isSealed) onNotice?.(unsealedNotice(at));
  const architecture = parseArchitecture(
    parseJson(file.metadata.architecture, `${at}: architecture`),
    `${at}: architecture`,
  );
  const card = parseCard(file.metadata.card, at);
  requireClasses(card, architecture, at);
  const tensors = new Map<string, Float32Array>();
  for (const { value } of buildNetwork(architecture, { batch: 1, mode: "inference" }).graph.parameters) {
    const tensor = file.tensors.get(value.name);
    const expected = `${value.name} [${value.shape.join(", ")}]`;
    if (tensor === undefined) throw new ModelError({ at, expected, received: "no tensor of that name" });
    if (tensor.shape.join() !== value.shape.join())
      throw new ModelError({ at, expected, received: `[${tensor.shape.join(", ")}]` });
    tensors.set(value.name, finiteFloat32(tensor, `${at}: ${value.name}`));
  }
  return { ...card, architecture, tensors, seen: seenIn(file.tensors, at) };
}

/** @throws {ModelError} when there are no signatures where they should be. */
function seenIn(tensors: ReadonlyMap<string, Tensor>, at: string): SeenPictures | undefined {
  const [train, validation] = (["train", "validation"] as const).map((part) => {
    const tensor = tensors.get(seenTensor(part));
    if (tensor === undefined) return undefined;
    const { dtype, shape, data } = tensor;
    if (dtype === "U8" && shape.length === 2 && shape[1] === SIGNATURE_BYTES) return data;
    const received = `${dtype} [${shape.join(", ")}]`;
    throw new ModelError({ at: `${at}: ${seenTensor(part)}`, expected: `U8 [n, ${SIGNATURE_BYTES}]`, received });
  });
  return train === undefined || validation === undefined ? undefined : { train, validation };
}

const cardSchema = z.object({
  // Models from before names were of one form may hold another.
  classes: z.array(z.string().transform((name) => name.normalize("NFC"))).min(1),
  preprocessing: z.object({
    size: z.int().min(1).max(8192),
    channels: z.literal([1, 3]),
    resize: z.literal(["cover", "stretch", "pad"]),
    crop: z.number().min(0.25).max(1).optional(),
    interpolation: z.literal(["nearest", "bilinear", "bicubic", "lanczos3"]),
    mean: z.array(z.number()),
    std: z.array(z.number().positive()),
  }),
  costs: z.object({ params: z.number(), macs: z.number(), weightBytes: z.number(), peakActivationBytes: z.number() }),
  history: z.record(z.string(), z.unknown()),
});

/** @throws {ModelError} that lists every field that is wrong. */
export function parseCard(text: string | undefined, at: string): ModelCard {
  const result = cardSchema.safeParse(parseJson(text, `${at}: card`));
  if (result.success) return result.data;
  const wrong = findingsOf(result.error).join("; ");
  throw new ModelError({ at: `${at}: card`, expected: "classes, preprocessing and costs of a model", received: wrong });
}

function parseJson(text: string | undefined, at: string): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch (cause) {
    throw new ModelError(
      { at, expected: "JSON", received: text === undefined ? "nothing" : "something else" },
      { cause },
    );
  }
}

function requireClasses(
  { classes, preprocessing }: ModelCard,
  { classes: outputs, resolution, channels }: Architecture,
  at: string,
): void {
  if (classes.length !== outputs)
    throw new ModelError({ at, expected: `${outputs} class names`, received: `${classes.length}` });
  const { size, channels: depth } = preprocessing;
  if (size !== resolution || depth !== channels) {
    throw new ModelError({
      at,
      expected: `preprocessing to ${resolution} px, ${channels} channels`,
      received: `${size} px, ${depth}`,
    });
  }
}
