import { existsSync } from "node:fs";
import { chooseEngine, type Engine } from "../index.js";
import { hasWebGpu } from "../node.js";

/** A graphics chip in software: Debian's chromium brings it. */
const SWIFTSHADER = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** WebGPU by a graphics chip, or by SwiftShader; where there is neither, the reason. */
export async function webGpuForTests(): Promise<Engine | string> {
  if (!(await hasWebGpu())) {
    if (!existsSync(SWIFTSHADER)) return `no graphics chip for WebGPU, and no ${SWIFTSHADER} in its place`;
    process.env.VK_ICD_FILENAMES = SWIFTSHADER;
  }
  return chooseEngine("webgpu").catch((error: Error) => error.message);
}
