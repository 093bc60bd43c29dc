import { expect, test } from "vitest";
import { buildArchitecture, parseNetwork } from "../networks/index.js";
import { goldens } from "./testing/goldens.js";
import { timmModel, timmModels, timmPreprocessing } from "./timm-models.js";

const known = goldens("timm");

test("every model of the table is one that timm was asked about", () => {
  expect([...timmModels.keys()].sort()).toEqual(known.map(({ model }) => model).sort());
});

// @source timm 1.0.29, `pretrained_cfg` of each model as `create_model` leaves it.
test.each(known)("$model is $network, and prepares pictures as timm does", ({ model, network, config }) => {
  const { input_size, crop_pct, crop_mode, interpolation, mean, std } = config!;
  expect(timmModels.get(model)).toEqual({
    network,
    preprocessing: {
      size: input_size[1],
      channels: 3,
      resize: crop_mode === "squash" ? "stretch" : "cover",
      crop: crop_pct,
      interpolation,
      mean,
      std,
    },
  });
  const { name, ...options } = parseNetwork(network);
  expect(buildArchitecture(name, options).name).toBe(name);
});

test.each([
  ["tf_efficientnet_b0.ns_jft_in1k", "tf-efficientnet-b0"],
  ["tf_efficientnet_b7.ap_in1k", "tf-efficientnet-b7"],
  ["mobilenetv3_large_100.miil_in21k_ft_in1k", "timm-mobilenet-v3-large"],
  ["mobilenetv2_100.ra_in1k", "timm-mobilenet-v2"],
  ["tf_efficientnetv2_s.in21k_ft_in1k", "tf-efficientnet-v2-s"],
])("the tag of %s is a training's, and the network %s", (name, network) => {
  expect(timmModel(name, "test").network).toBe(network);
});

test.each([
  ["mobilenetv2_135", "mobilenetv2_1"],
  ["efficientnetv2_rw_s.ra2_in1k", "efficientnetv2_"],
  ["mobilenetv3_rw", "mobilenetv3_"],
])("%s is refused with names such as %s", (name, near) => {
  expect(() => timmModel(name, "config.json")).toThrow(
    new RegExp(`^config\\.json: expected a MobileNet.* received "${name}"\\n {2}hint: the nearest names are .*${near}`),
  );
});

test("weights without a config.json are prepared for by their network", () => {
  expect(timmPreprocessing("timm-efficientnet-b4")).toMatchObject({ size: 320, crop: 0.875 });
  expect(timmPreprocessing("mobilenet-v3-small")).toMatchObject({ interpolation: "bilinear", mean: [0.5, 0.5, 0.5] });
  expect(timmPreprocessing("mobilenet-v3-small-0.6")).toEqual(timmPreprocessing("mobilenet-v3-small"));
});
