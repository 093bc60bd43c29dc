/**
 * The deployed file: `uint8` pixels `[N, H, W, C]` in, probabilities `[N, K]` out, any N, standard ONNX ops alone. Batch norm
 * is folded into the convolutions. Its metadata carries the model card, a few golden pictures with their probabilities, so that a
 * wrong preprocessing or a broken runtime is caught at load, and a digest over the whole file.
 */
import { DivergenceError, EngineError, isWhole, lastly, ModelError, OPEN_SEAL, SEAL_KEY, seal } from "../base/index.js";
import { buildDeployment, foldBatchNorm } from "../networks/index.js";
import { lower, readOnnx } from "../onnx/index.js";
import type { Engine, Session } from "../runtime/index.js";
import { drawnPictures, type Golden } from "./goldens.js";
import { type Model, type ModelCard, type OnNotice, parseCard, unsealedNotice } from "./model.js";

const deploymentNames = { input: "pixels", output: "probabilities" } as const;

/** A file of this format must carry its digest; earlier versions wrote neither. */
const FORMAT = "bantam-onnx-2";
/** In front of the digest: its name, then what protobuf has before a text of 64 bytes in the field `value`. */
const digestMark = `${SEAL_KEY}\x12${String.fromCharCode(OPEN_SEAL.length)}`;

/** Largest difference of a probability that another runtime or machine may make. */
const GOLDEN_TOLERANCE = 2e-3;

/** @throws {DivergenceError} for weights that are not finite, or give no probabilities. @param pictures `[H, W, C]` each: become the golden pairs; by default drawn ones, which show nobody. */
export async function exportOnnx(
  model: Model,
  engine: Engine,
  pictures: readonly Uint8Array[] = drawnPictures(model.preprocessing),
): Promise<Uint8Array> {
  for (const [name, numbers] of model.tensors) requireFinite(model, numbers, `the weights ${name}`);
  const session = await engine.load(onnxBytes(model, []));
  return lastly(
    async () => {
      const goldens: Golden[] = [];
      for (const pixels of pictures) {
        const [probabilities] = await runPictures(session, model, [pixels]);
        requireFinite(model, probabilities!, "the probabilities of a golden picture");
        goldens.push({ pixels, probabilities: probabilities! });
      }
      return onnxBytes(model, goldens);
    },
    () => session.dispose(),
  );
}

/** A file with others would be refused when it is read, as if it had been damaged since. */
function requireFinite({ architecture }: Model, numbers: Float32Array, what: string): void {
  const wrong = numbers.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return;
  throw new DivergenceError({
    at: architecture.name,
    expected: "a network of finite numbers",
    received: `${wrong} among ${what}`,
    hint: "its training diverged, and there is nothing to export: train it again, at a lower learning rate where you gave one",
  });
}

function onnxBytes(model: Model, goldens: readonly Golden[]): Uint8Array {
  // What it has seen stays with the model: a deployed file is as small as it can be.
  const { architecture, tensors, seen: _, ...card } = model;
  const { mean, std } = card.preprocessing;
  const bytes = lower(buildDeployment(architecture, { batch: 1, mean, std }), {
    name: architecture.name,
    layout: "image-major",
    freeBatch: true,
    weights: foldBatchNorm(architecture, tensors),
    metadata: {
      "bantam.format": FORMAT,
      [SEAL_KEY]: OPEN_SEAL,
      "bantam.card": JSON.stringify(card),
      "bantam.architecture": JSON.stringify(architecture),
      "bantam.goldens": JSON.stringify(
        goldens.map(({ pixels, probabilities }) => ({
          pixels: Buffer.from(pixels).toString("base64"),
          probabilities: [...probabilities],
        })),
      ),
    },
  });
  return seal(bytes, digestMark);
}

/** Probabilities of each picture, in one run. */
export async function runPictures(
  session: Session,
  { preprocessing, classes }: ModelCard,
  pictures: readonly Uint8Array[],
): Promise<Float32Array[]> {
  const { size, channels } = preprocessing;
  const bytes = size * size * channels;
  const data = new Uint8Array(pictures.length * bytes);
  pictures.forEach((pixels, i) => {
    data.set(pixels, i * bytes);
  });
  const outputs = await session.run({
    [deploymentNames.input]: { data, dims: [pictures.length, size, size, channels] },
  });
  const flat = outputs[deploymentNames.output]!.data as Float32Array;
  return pictures.map((_, i) => flat.slice(i * classes.length, (i + 1) * classes.length));
}

/**
 * @throws {ModelError} when the file is none of Bantam's, is not what was written, or does not give its golden probabilities on this
 *   engine.
 */
export async function loadOnnx(
  bytes: Uint8Array,
  at: string,
  engine: Engine,
  onNotice?: OnNotice,
): Promise<{ session: Session; card: ModelCard }> {
  const { metadata } = readOnnx(bytes, at);
  requireWhole(bytes, metadata, at);
  if (metadata["bantam.card"] === undefined) {
    throw new ModelError({
      at,
      expected: "an ONNX file exported by Bantam",
      received: "one without its class names and preprocessing",
    });
  }
  if (metadata[SEAL_KEY] === undefined) onNotice?.(unsealedNotice(at));
  const card = parseCard(metadata["bantam.card"], at);
  const session = await engine.load(bytes).catch((error: unknown) => {
    throw error instanceof EngineError ? new EngineError({ ...error.facts, at }, { cause: error }) : error;
  });
  try {
    for (const { pixels, probabilities } of parseGoldens(metadata["bantam.goldens"], at)) {
      const [now] = await runPictures(session, card, [pixels]);
      const worst = Math.max(...probabilities.map((value, k) => Math.abs(value - now![k]!)));
      if (!(worst <= GOLDEN_TOLERANCE)) {
        throw new ModelError({
          at,
          expected: `its golden probabilities within ${GOLDEN_TOLERANCE}`,
          received: `a difference of ${worst.toPrecision(2)} on ${engine.name}`,
          hint: "the file or the runtime is damaged; export the model again",
        });
      }
    }
  } catch (error) {
    await session.dispose().catch(() => {});
    throw error;
  }
  return { session, card };
}

function requireWhole(bytes: Uint8Array, metadata: Readonly<Record<string, string>>, at: string): void {
  const whole = isWhole(bytes, digestMark);
  const mayLackIt = metadata["bantam.format"] === undefined && metadata[SEAL_KEY] === undefined;
  if (whole === true || (whole === null && mayLackIt)) return;
  throw new ModelError({
    at,
    expected: `the bytes that were written, by the SHA-256 in its metadata (${SEAL_KEY})`,
    received: whole === null ? "no such digest" : "other bytes",
    hint: "the file is damaged, or another program changed it: put a copy back, or export it again from model.safetensors",
  });
}

function parseGoldens(text: string | undefined, at: string): Golden[] {
  try {
    const list = JSON.parse(text ?? "[]") as { pixels: string; probabilities: number[] }[];
    return list.map(({ pixels, probabilities }) => ({
      pixels: new Uint8Array(Buffer.from(pixels, "base64")),
      probabilities: Float32Array.from(probabilities),
    }));
  } catch (cause) {
    throw new ModelError({ at, expected: "golden pairs in JSON", received: "something else" }, { cause });
  }
}
