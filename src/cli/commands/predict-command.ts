import { BantamError, lastly, UsageError } from "../../base/index.js";
import { leftOutLines, renderPredictions } from "../../report/index.js";
import {
  classifierOf,
  expandFolders,
  type FilePrediction,
  type Model,
  openClassifier,
  predictFiles,
  seenBy,
} from "../../shipping/index.js";
import { type Context, defineCommand } from "../command.js";
import { withoutFailures } from "../several.js";
import { deviceOptions, engineOf } from "./common-options.js";
import { pretrainedModel, pretrainedOptions } from "./pretrained-options.js";

export const predictCommand = defineCommand({
  name: "predict",
  summary: "Say what is on pictures",
  description:
    "With a model that Bantam trained, or with other people's weights: those of the Hub are downloaded once, into the cache that all its programs share (HF_HOME, HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are heeded). Pictures are prepared as the weights' authors did.",
  examples: [
    ["bantam predict runs/photos/model.onnx cat.jpg dog.png", "a line for each picture"],
    [
      "bantam predict runs/photos/model.onnx holiday",
      "all pictures in a folder and below it; how many of them it learned from is said",
    ],
    ["bantam predict cat.jpg --weights hf:timm/mobilenetv3_small_100.lamb_in1k", "one of ImageNet's 1000 classes"],
    [
      "bantam predict cat.jpg --weights mobilenet_v2.safetensors --network torch-mobilenet-v2",
      "weights of torchvision, in a file that does not say which network it is for",
    ],
  ],
  arguments: {
    files: {
      kind: "path",
      placeholder: "[model] image",
      variadic: true,
      help: "model.onnx or model.safetensors, except with --weights; then JPEG, PNG, WebP, GIF, AVIF or TIFF files, or folders of them",
    },
  },
  options: {
    top: {
      kind: "integer",
      min: 1,
      max: 1000,
      default: 5,
      help: "classes to give for each picture, as far as there are so many",
    },
    ...pretrainedOptions,
    ...deviceOptions,
  },
  run: async ({ files, top, device, threads, ...values }, context) => {
    const [first, ...rest] = files as readonly [string, ...string[]];
    if (values.weights === undefined && rest.length === 0) {
      throw new UsageError({
        at: "IMAGE…",
        expected: "a path",
        received: "nothing",
        hint: `${first} is taken for the model; name pictures after it, or weights with --weights`,
      });
    }
    const model = await pretrainedModel(values, context);
    const chosen = await engineOf({ device, threads }, context);
    const classifier =
      model === null ? await openClassifier(first, chosen, context.warn) : await classifierOf(model, chosen);
    return lastly(
      async () => {
        const given = model === null ? rest : files;
        const paths = await expandFolders(given, context.signal);
        for (const line of leftOutLines(paths)) context.progress.line(...line);
        const areFiles = paths.files.join("\n") === given.join("\n");
        const seen = areFiles ? undefined : await seenIn(model, first, context);
        const { predictions, failures } = await predictFiles(classifier, paths.files, top, seen);
        const known = seenLine(predictions);
        if (known !== null) context.progress.line(known);
        const errors = withoutFailures([...paths.failures, ...failures], predictions.length, context);
        return { predictions, errors, skipped: paths.skipped, ignored: paths.ignored };
      },
      () => classifier.dispose(),
    );
  },
  show: ({ predictions }, { colour, width }) => renderPredictions(predictions, { colour, width }),
});

/** A damaged file beside the deployed one keeps nobody from predicting. */
async function seenIn(model: Model | null, file: string, { warn }: Pick<Context, "warn">): Promise<Model["seen"]> {
  if (model !== null) return model.seen;
  return seenBy(file).catch((error: unknown) => {
    if (!(error instanceof BantamError)) throw error;
    warn(`which pictures the model has seen is not told: ${error.message}`);
    return undefined;
  });
}

/** Their answers say little of what the model makes of others. */
function seenLine(predictions: readonly FilePrediction[]): string | null {
  const [trained, chosen] = (["train", "validation"] as const).map(
    (part) => predictions.filter(({ seen }) => seen === part).length,
  );
  if (trained === 0 && chosen === 0) return null;
  const many = `${predictions.length} ${predictions.length === 1 ? "picture" : "pictures"}`;
  return `the model was trained on ${trained} of ${many}, and chosen by ${chosen}, copies included`;
}
