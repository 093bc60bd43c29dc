/** The block in TensorFlow.js, plain JavaScript. */
import * as tf from "@tensorflow/tfjs";
import { serve } from "./serve.js";

const [batch] = process.argv.slice(2).map(Number);
const [channels, wide, side] = [24, 144, 56];
await tf.setBackend("cpu");

// Images [N, H, W, C] and kernels [kH, kW, in, out], as this library has them.
const operands = [
  tf.randomNormal([batch, side, side, channels]),
  tf.randomNormal([1, 1, channels, wide], 0, Math.sqrt(2 / channels)),
  tf.randomNormal([3, 3, wide, 1], 0, Math.sqrt(2 / 9)),
  tf.randomNormal([1, 1, wide, channels], 0, Math.sqrt(2 / wide)),
];
const dy = tf.randomNormal([batch, side, side, channels]);
const loss = (x, expand, depthwise, project) => {
  const expanded = tf.clipByValue(tf.conv2d(x, expand, 1, "same"), 0, 6);
  const filtered = tf.clipByValue(tf.depthwiseConv2d(expanded, depthwise, 1, "same"), 0, 6);
  return tf.sum(tf.mul(tf.add(x, tf.conv2d(filtered, project, 1, "same")), dy));
};
const gradients = tf.grads(loss);

await serve({ peer: "TensorFlow.js", version: tf.version.tfjs, variant: "plain JS", params: null }, async () => {
  const results = gradients(operands);
  for (const result of results) await result.data();
  tf.dispose(results);
});
