export {
  type Dtype,
  decodeSafetensors,
  encodeSafetensors,
  type Safetensors,
  type Tensor,
  toFloat32,
} from "./safetensors.js";
