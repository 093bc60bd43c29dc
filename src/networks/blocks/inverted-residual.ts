import type { BlockRecord } from "./block-record.js";
import { expandedWidth } from "./widths.js";

/**
 * MBConv: widen, filter each channel on its own, project back.
 *
 * @source Sandler et al. 2018, arXiv:1801.04381, §3.3; squeeze-excite before the projection: Howard et al. 2019, fig. 4
 */
export const invertedResidual: BlockRecord = {
  title: "inverted residual",
  abbreviation: "",
  lacks: ["startKernel"],
  pointwise: false,
  layers: (reader, { expansion, kernel, squeezeExcite, channels, activation }, input, stride) => {
    if (expansion !== 1) reader.convolution("expand", expandedWidth(input, expansion), 1, 1, activation);
    reader.depthwise("depthwise", kernel, stride, activation);
    if (squeezeExcite !== null) reader.squeezeExcite(squeezeExcite, input);
    reader.convolution("project", channels, 1, 1, null); // a linear bottleneck
  },
};
