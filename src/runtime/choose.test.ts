import { describe, expect, test } from "vitest";
import { availableEngines, chooseEngine } from "./index.js";

const native = await chooseEngine("cpu", 1).then(
  () => true,
  () => false,
);

test("auto is the processor, natively where that is installed", async () => {
  expect(await chooseEngine("auto", 1)).toMatchObject({ device: native ? "cpu" : "wasm", threads: 1 });
  expect(await chooseEngine("wasm", 2)).toMatchObject({ device: "wasm", threads: 2 });
});

// Elsewhere a chip cannot be hidden from the process.
describe.skipIf(process.platform !== "linux" || !native)("where no graphics chip has a driver", () => {
  for (const name of ["VK_ICD_FILENAMES", "VK_DRIVER_FILES"]) process.env[name] = "/nowhere/icd.json";

  test("WebGPU is not among the devices that are there", async () => {
    expect((await availableEngines(1)).map(({ device }) => device)).toEqual(["cpu", "wasm"]);
  });

  test("who insists on it is told so, and what else there is", async () => {
    await expect(chooseEngine("webgpu")).rejects.toMatchObject({
      code: "engine",
      facts: {
        at: "--device webgpu",
        expected: "a graphics chip that WebGPU can use",
        received: expect.stringMatching(/^Failed to get a WebGPU adapter/),
        hint: expect.stringContaining("--device cpu"),
      },
    });
  });
});
