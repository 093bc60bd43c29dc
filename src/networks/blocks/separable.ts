import type { BlockRecord } from "./block-record.js";

/** Filter each channel on its own, then mix the channels. @source Howard et al. 2017, arXiv:1704.04861, §3.1 */
export const separable: BlockRecord = {
  title: "depthwise separable",
  abbreviation: "dw",
  lacks: ["startKernel", "expansion", "squeezeExcite", "residual"],
  pointwise: false,
  layers: (reader, { kernel, channels, activation }, _input, stride) => {
    reader.depthwise("depthwise", kernel, stride, activation);
    reader.convolution("pointwise", channels, 1, 1, activation);
  },
};
