import type { BlockRecord } from "./block-record.js";
import { expandedWidth } from "./widths.js";

/**
 * The universal inverted bottleneck: filter, widen, filter, project back, each filter one per channel and each optional. With the
 * second alone it is an inverted residual, with the first alone a ConvNext block, with both "extra depthwise", with neither a
 * feed-forward network. The stride is the second filter's, else the first's, else the expansion's.
 *
 * @source Qin et al. 2024, arXiv:2404.10518, §3 and figure 4
 */
export const universalInvertedBottleneck: BlockRecord = {
  title: "universal inverted bottleneck",
  abbreviation: "uib",
  lacks: [],
  pointwise: true,
  layers: (reader, { expansion, startKernel = null, kernel, squeezeExcite, channels, activation }, input, stride) => {
    const filters = kernel !== 1;
    const early = filters ? 1 : stride;
    if (startKernel !== null) reader.depthwise("start", startKernel, early, null);
    reader.convolution("expand", expandedWidth(input, expansion), 1, startKernel === null ? early : 1, activation);
    if (filters) reader.depthwise("depthwise", kernel, stride, activation);
    if (squeezeExcite !== null) reader.squeezeExcite(squeezeExcite, input);
    reader.convolution("project", channels, 1, 1, null);
  },
};
