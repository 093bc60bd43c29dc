/**
 * Writes torchvision's networks with random weights, two images each and our logits, for `torchvision-logits.py` to compare
 * with. At even and odd sides, where symmetric padding falls differently from TensorFlow's or the same.
 *
 *     npm run golden:torchvision FOLDER && python3 scripts/golden/torchvision-logits.py FOLDER
 */
import { type LogitsCase, outputFolder, writeLogits } from "./exchange.js";

/** Small ones with ten classes, for the tests. */
const tested = (name: string, width: number, ...resolutions: number[]) =>
  resolutions.map(
    (resolution): LogitsCase => ({ name: `torch-${name}`, width, classes: 10, resolution, tested: true }),
  );

/** As published. */
const full = (name: string, width: number, ...resolutions: number[]) =>
  resolutions.map(
    (resolution): LogitsCase => ({ name: `torch-${name}`, width, classes: 1000, resolution, tested: false }),
  );

await writeLogits(await outputFolder(), [
  ...tested("mobilenet-v2", 0.35, 96, 97),
  ...tested("mobilenet-v3-large", 1, 64),
  ...tested("mobilenet-v3-small", 1, 64),
  ...tested("mobilenet-v3-small", 0.75, 65),
  ...tested("mnasnet-b1", 0.5, 64),
  ...tested("efficientnet-b0", 1, 75),
  ...tested("efficientnet-v2-s", 1, 64),
  ...full("mobilenet-v2", 1, 224, 97),
  ...full("mobilenet-v2", 0.35, 96, 225),
  ...full("mobilenet-v2", 1.4, 64, 129),
  ...full("mobilenet-v3-large", 1, 224, 97),
  ...full("mobilenet-v3-large", 0.75, 96, 129),
  ...full("mobilenet-v3-small", 1, 224, 129),
  ...full("mobilenet-v3-small", 0.75, 96, 225),
  ...full("mnasnet-b1", 1, 224, 97),
  ...full("mnasnet-b1", 0.5, 96, 225),
  ...full("efficientnet-b0", 1, 224, 97),
  ...full("efficientnet-b1", 1, 96, 129),
  // From here on fewer pixels than published, at full depth and width.
  ...full("efficientnet-b2", 1, 96, 97),
  ...full("efficientnet-b3", 1, 96, 97),
  ...full("efficientnet-b4", 1, 96, 97),
  ...full("efficientnet-b5", 1, 96, 97),
  ...full("efficientnet-b6", 1, 96, 97),
  ...full("efficientnet-b7", 1, 96, 97),
  ...full("efficientnet-v2-s", 1, 96, 97),
  ...full("efficientnet-v2-m", 1, 96, 97),
  ...full("efficientnet-v2-l", 1, 96, 97),
]);
