import type { BlockRecord } from "./block-record.js";
import { expandedWidth } from "./widths.js";

/**
 * Fused-MBConv: one dense convolution widens and filters, a pointwise one projects back. Without an expansion it is a single
 * convolution with its activation, and squeeze-excite, where there is any, weighs what that reads.
 *
 * @source Tan and Le 2021, arXiv:2104.00298, figure 2 and table 4; without an expansion as google/automl `efficientnetv2/effnetv2_model.py`
 */
export const fusedMbconv: BlockRecord = {
  title: "fused MBConv",
  abbreviation: "fused",
  lacks: ["startKernel"],
  pointwise: true,
  layers: (reader, { expansion, kernel, squeezeExcite, channels, activation }, input, stride) => {
    const expands = expansion !== 1;
    if (expands) reader.convolution("expand", expandedWidth(input, expansion), kernel, stride, activation);
    if (squeezeExcite !== null) reader.squeezeExcite(squeezeExcite, input);
    if (expands) reader.convolution("project", channels, 1, 1, null);
    else reader.convolution("project", channels, kernel, stride, activation);
  },
};
