/**
 * Writes the networks of the papers' own releases with random weights, two images each and our logits, for `papers.py` to
 * compare with. SAME padding depends on the parity of each map: from 64 px all are even but the last, from 65, 97, 129 and 225 px
 * all are odd, and from 75 and 91 px some are.
 *
 *     npm run golden:papers FOLDER && python3 scripts/golden/papers.py FOLDER
 */
import { type LogitsCase, outputFolder, writeLogits } from "./exchange.js";

/** Small ones with ten classes, for the tests. */
const tested = (name: string, width: number, ...resolutions: number[]) =>
  resolutions.map((resolution): LogitsCase => ({ name, width, classes: 10, resolution, tested: true }));

/** As published. */
const full = (name: string, width: number, ...resolutions: number[]) =>
  resolutions.map((resolution): LogitsCase => ({ name, width, classes: 1000, resolution, tested: false }));

await writeLogits(await outputFolder(), [
  ...tested("mobilenet-v1", 0.25, 64, 75),
  ...tested("mobilenet-v2", 0.35, 64, 91),
  ...tested("mobilenet-v3-small", 1, 64, 75),
  ...tested("mobilenet-v3-large", 0.75, 65),
  ...tested("mobilenet-v3-small-minimalistic", 1, 64),
  ...tested("mnasnet-a1", 0.5, 64),
  ...tested("mnasnet-small", 1, 64, 91),
  ...tested("efficientnet-b0", 1, 75),
  ...tested("efficientnet-lite0", 1, 64),
  ...tested("efficientnet-v2-b0", 0.5, 64, 75),
  ...full("mobilenet-v1", 1, 224, 129),
  ...full("mobilenet-v1", 0.25, 128, 225),
  ...full("mobilenet-v1", 0.5, 160),
  ...full("mobilenet-v2", 1, 224, 129, 91),
  ...full("mobilenet-v2", 1.4, 96, 97),
  ...full("mobilenet-v3-large", 1, 224, 129, 91),
  ...full("mobilenet-v3-large", 0.75, 96, 97),
  ...full("mobilenet-v3-small", 1, 224, 129),
  ...full("mobilenet-v3-small", 0.75, 96, 97),
  ...full("mobilenet-v3-large-minimalistic", 1, 96, 129),
  ...full("mobilenet-v3-small-minimalistic", 1, 96, 129),
  ...full("mnasnet-a1", 1, 224, 129),
  ...full("mnasnet-a1", 0.5, 96, 97),
  ...full("mnasnet-b1", 1, 96, 129),
  ...full("mnasnet-small", 1, 224, 129),
  ...full("efficientnet-b0", 1, 224, 129, 91),
  ...full("efficientnet-lite0", 1, 224, 129),
  ...full("efficientnet-v2-b0", 1, 224, 129),
  // From here on fewer pixels than published, at full depth and width.
  ...full("efficientnet-lite1", 1, 96, 97),
  ...full("efficientnet-lite2", 1, 96, 97),
  ...full("efficientnet-lite3", 1, 96, 97),
  ...full("efficientnet-lite4", 1, 96, 97),
  ...full("efficientnet-b1", 1, 96, 97),
  ...full("efficientnet-b2", 1, 96),
  ...full("efficientnet-b3", 1, 97),
  ...full("efficientnet-b4", 1, 96),
  ...full("efficientnet-b5", 1, 97),
  ...full("efficientnet-b6", 1, 96),
  ...full("efficientnet-b7", 1, 97),
  ...full("efficientnet-v2-b1", 1, 97),
  ...full("efficientnet-v2-b2", 1, 96),
  ...full("efficientnet-v2-b3", 1, 97),
  ...full("efficientnet-v2-s", 1, 97),
]);
