export type { TensorInfo } from "./header.js";
export { decodeSafetensors, encodeSafetensors, type Safetensors } from "./safetensors.js";
export { type LazyTensor, openSafetensors, type SafetensorsFile, writeSafetensors } from "./safetensors-file.js";
export { decodeSealed, encodeSealed } from "./sealed.js";
export { type Dtype, finiteFloat32, type Tensor, toFloat32 } from "./tensor.js";
