/**
 * Sizes against the papers. Parameters are trainable ones; MACs are those of convolutions, squeeze-excite and classifier, for
 * one image. Exact figures are sums of the published tables; the papers' rounded ones stand beside them.
 */
import { describe, expect, test } from "vitest";
import { buildArchitecture, networkNames, profileArchitecture, scaleRepeats } from "./index.js";

const sizeOf = (...args: Parameters<typeof buildArchitecture>) => {
  const { params, macs } = profileArchitecture(buildArchitecture(...args));
  return { params, macs };
};

test.each([
  ["mobilenet-v1", 4_231_976, 568_740_352], //        4.2 M, 569 M     arXiv:1704.04861, table 4
  ["mobilenet-v2", 3_504_872, 300_774_272], //        3.4 M, 300 M     arXiv:1801.04381, table 4
  ["mobilenet-v3-large", 5_483_032, 216_589_760], //  5.4 M, 217 M     arXiv:1905.02244, table 9
  ["mobilenet-v3-small", 2_542_856, 56_510_400], //   2.5 M,  57 M
  ["efficientnet-b0", 5_288_548, 385_814_752], //     5.3 M, 0.39 B    arXiv:1905.11946, table 2
  ["efficientnet-b1", 7_794_184, 686_802_832], //     7.8 M, 0.70 B
  ["efficientnet-b2", 9_109_994, 993_561_872], //     9.2 M, 1.0 B: the paper counts the statistics here
  ["efficientnet-b3", 12_233_232, 1_827_141_392], //  12 M, 1.8 B
  ["efficientnet-b4", 19_341_616, 4_393_771_024], //  19 M, 4.2 B
  ["efficientnet-b5", 30_389_784, 10_266_384_752], // 30 M, 9.9 B
  ["efficientnet-b6", 43_040_704, 19_067_593_536], // 43 M, 19 B
  ["efficientnet-b7", 66_347_960, 37_745_884_192], // 66 M, 37 B
  ["mobilenet-v3-large-minimalistic", 3_924_288, 209_136_704], // 3.9 M, 209 M  slim README
  ["mobilenet-v3-small-minimalistic", 2_044_736, 52_288_448], //  2.0 M; the README's 65 M is of an older head
  ["mnasnet-a1", 3_887_038, 311_579_072], //          3.9 M, 312 M     arXiv:1807.11626, table 1
  ["mnasnet-b1", 4_383_312, 314_415_872],
  ["mnasnet-small", 2_030_264, 68_339_184], //        2.0 M,  68 M     tensorflow/tpu, mnasnet README
  ["efficientnet-lite0", 4_652_008, 385_187_552], //  4.7 M            tensorflow/tpu, efficientnet/lite README
  ["efficientnet-lite1", 5_416_680, 600_185_232], //  5.4 M
  ["efficientnet-lite2", 6_092_072, 859_736_272], //  6.1 M
  ["efficientnet-lite3", 8_197_096, 1_383_321_872], // 8.2 M
  ["efficientnet-lite4", 13_006_568, 2_553_034_336], // 13.0 M
  ["efficientnet-v2-b0", 7_139_704, 718_086_176], //  7.1 M, 0.72 B    google/automl, efficientnetv2/README.md
  ["efficientnet-v2-b1", 8_141_052, 1_196_819_360], // 8.1 M, 1.2 B
  ["efficientnet-v2-b2", 10_096_086, 1_697_542_832], // 10.1 M, 1.7 B
  ["efficientnet-v2-b3", 14_358_406, 3_011_458_816], // 14.4 M, 3.0 B
  ["efficientnet-v2-s", 21_458_488, 8_365_617_152], // 21.5 M, 8.4 B; and torchvision's and timm's to the integer
  ["efficientnet-v2-m", 54_139_356, 24_582_460_384], // 54.1 M, 24.7 B
  // timm 1.0.29: parameters, and multiply-accumulates of convolutions and classifier counted by hooks.
  ["mobilenet-v4-conv-small", 3_774_024, 186_005_568],
  ["mobilenet-v4-conv-medium", 9_715_512, 1_080_244_224],
  ["mobilenet-v4-conv-large", 32_590_864, 6_376_220_672],
  ["efficientnet-v2-l", 118_515_272, 56_079_699_008], // 119.5 M, 56.3 B
] as const)("%s has its published size", (name, params, macs) => {
  expect(networkNames).toContain(name);
  expect(sizeOf(name)).toEqual({ params, macs });
});

describe("mobilenet-v1, width × resolution", () => {
  const params = { 1: 4_231_976, 0.75: 2_585_560, 0.5: 1_331_592, 0.25: 470_072 } as const;
  test.each([
    [1, 224, 568_740_352], // the paper: 569 M
    [1, 192, 418_121_728], //            418 M
    [1, 160, 290_675_200], //            290 M
    [1, 128, 186_400_768], //            186 M
    [0.75, 224, 325_400_448], //         325 M
    [0.75, 192, 239_273_472],
    [0.75, 160, 166_396_800],
    [0.75, 128, 106_770_432],
    [0.5, 224, 149_497_088], //          149 M
    [0.5, 192, 109_970_432],
    [0.5, 160, 76_524_800], //            76 M
    [0.5, 128, 49_160_192],
    [0.25, 224, 41_030_272], //           41 M
    [0.25, 192, 30_212_608],
    [0.25, 160, 21_059_200],
    [0.25, 128, 13_570_048],
  ] as const)("%d at %d px", (width, resolution, macs) => {
    expect(sizeOf("mobilenet-v1", { width, resolution })).toEqual({ params: params[width], macs });
  });
});

describe("mobilenet-v2, width × resolution", () => {
  const params = {
    1.4: 6_108_776,
    1.3: 5_386_792,
    1: 3_504_872,
    0.75: 2_636_424,
    0.5: 1_968_680,
    0.35: 1_677_128,
  } as const;
  test.each([
    [1.4, 224, 582_195_824], // the release: 582 M
    [1.3, 224, 509_374_560], //              509 M
    [1, 224, 300_774_272], //                300 M
    [1, 192, 221_316_608], //                221 M
    [1, 160, 154_083_200], //                154 M
    [1, 128, 99_074_048], //                  99 M
    [1, 96, 56_289_152], //                   56 M
    [0.75, 224, 209_069_792], //             209 M
    [0.75, 192, 153_941_888], //             153 M
    [0.75, 160, 107_295_200], //             107 M
    [0.75, 128, 69_129_728], //               69 M
    [0.75, 96, 39_445_472], //                39 M
    [0.5, 224, 97_131_840], //                97 M
    [0.5, 192, 71_701_760], //                71 M
    [0.5, 160, 50_184_000], //                50 M
    [0.5, 128, 32_578_560], //                32 M
    [0.5, 96, 18_885_440], //                 18 M
    [0.35, 224, 59_285_808], //               59 M
    [0.35, 192, 43_896_512], //               43 M
    [0.35, 160, 30_874_800], //               30 M
    [0.35, 128, 20_220_672], //               20 M
    [0.35, 96, 11_934_128], //                11 M
  ] as const)("%d at %d px", (width, resolution, macs) => {
    expect(sizeOf("mobilenet-v2", { width, resolution })).toEqual({ params: params[width], macs });
  });

  test.each([
    [0.35, 16, [8, 8, 16, 24, 32, 56, 112], 1280],
    [0.5, 16, [8, 16, 16, 32, 48, 80, 160], 1280],
    [0.75, 24, [16, 24, 24, 48, 72, 120, 240], 1280],
    [1.3, 40, [24, 32, 40, 80, 128, 208, 416], 1664],
    [1.4, 48, [24, 32, 48, 88, 136, 224, 448], 1792],
  ] as const)(
    "channels at width %d: the last convolution is widened and never narrowed",
    (width, stem, stages, head) => {
      const architecture = buildArchitecture("mobilenet-v2", { width });
      expect(architecture.stem.channels).toBe(stem);
      expect(architecture.stages.map(({ channels }) => channels)).toEqual(stages);
      expect(architecture.head.conv).toBe(head);
    },
  );
});

// arXiv:1905.02244, table 9; its 3.6 M for Small 1.25 needs a hidden layer of 1280, which none of the other rows has.
describe("mobilenet-v3, width × resolution", () => {
  test.each([
    ["large", 1.25, 224, 7_551_976, 355_221_920], // 7.5 M, 356 M
    ["large", 0.75, 224, 3_993_528, 154_560_624], // 4.0 M, 155 M
    ["large", 0.5, 224, 2_689_520, 69_247_600], //   2.6 M,  69 M
    ["large", 0.35, 224, 2_131_832, 39_472_336], //  2.2 M,  40 M
    ["large", 1, 256, 5_483_032, 281_663_360], //           282 M
    ["large", 1, 192, 5_483_032, 160_192_640], //           160 M
    ["large", 1, 160, 5_483_032, 112_472_000], //           112 M
    ["large", 1, 128, 5_483_032, 73_427_840], //             73 M
    ["large", 1, 96, 5_483_032, 43_060_160], //              43 M
    ["small", 1.25, 224, 3_205_384, 90_800_864], //          91 M
    ["small", 0.75, 224, 2_041_872, 43_399_344], //  2.0 M,  44 M
    ["small", 0.5, 224, 1_592_704, 21_052_560], //   1.6 M,  21 M
    ["small", 0.35, 224, 1_358_288, 12_815_840], //  1.4 M,  12 M
    ["small", 1, 256, 2_542_856, 73_175_040], //             74 M
    ["small", 1, 192, 2_542_856, 42_067_712], //             42 M
    ["small", 1, 160, 2_542_856, 29_846_976], //             30 M
    ["small", 1, 128, 2_542_856, 19_848_192], //             20 M
    ["small", 1, 96, 2_542_856, 12_071_360], //              12 M
  ] as const)("%s %d at %d px", (size, width, resolution, params, macs) => {
    expect(sizeOf(`mobilenet-v3-${size}`, { width, resolution })).toEqual({ params, macs });
  });
});

describe("block by block", () => {
  /** Params and MACs of everything below a path. */
  const under = (name: string, path: string) => {
    const { layers } = profileArchitecture(buildArchitecture(name));
    const own = layers.filter((layer) => layer.name.startsWith(`${path}.`) || layer.name === path);
    return [own.reduce((sum, { params }) => sum + params, 0), own.reduce((sum, { macs }) => sum + macs, 0)];
  };

  test.each([
    ["mobilenet-v1", "stem", 928, 10_838_016],
    ["mobilenet-v1", "stages.1.0", 9_152, 27_496_448],
    ["mobilenet-v1", "stages.3.3", 268_800, 52_283_392],
    ["mobilenet-v1", "stages.4.1", 1_061_888, 51_831_808],
    ["mobilenet-v2", "stages.0.0", 896, 10_035_200],
    ["mobilenet-v2", "stages.1.0", 5_136, 29_202_432],
    ["mobilenet-v2", "stages.1.1", 8_832, 25_740_288],
    ["mobilenet-v2", "stages.3.2", 54_272, 10_311_168],
    ["mobilenet-v2", "stages.5.0", 155_264, 15_607_872],
    ["mobilenet-v2", "stages.6.0", 473_920, 23_002_560],
    ["mobilenet-v2", "head", 412_160, 20_070_400],
    ["mobilenet-v2", "classifier", 1_281_000, 1_280_000],
    ["mobilenet-v3-large", "stages.0.0", 464, 5_017_600],
    ["mobilenet-v3-large", "stages.3.0", 10_328, 9_091_584],
    ["mobilenet-v3-large", "stages.3.1", 20_992, 9_886_080],
    ["mobilenet-v3-large", "stages.5.0", 34_760, 6_624_800],
    ["mobilenet-v3-large", "stages.6.1", 31_992, 6_094_816],
    ["mobilenet-v3-large", "stages.7.1", 386_120, 30_914_688],
    ["mobilenet-v3-large", "stages.8.0", 429_224, 21_069_216],
    ["mobilenet-v3-large", "stages.8.2", 797_360, 16_689_600],
    ["mobilenet-v3-large", "head.conv", 155_520, 7_526_400],
    ["mobilenet-v3-large", "head.hidden", 1_230_080, 1_228_800],
    ["mobilenet-v3-small", "stages.0.0", 744, 1_254_656],
    ["mobilenet-v3-small", "stages.2.0", 5_416, 3_932_544],
    ["mobilenet-v3-small", "stages.3.0", 13_736, 3_033_984],
    ["mobilenet-v3-small", "stages.4.1", 57_264, 4_969_920],
    ["mobilenet-v3-small", "stages.5.0", 21_968, 2_665_440],
    ["mobilenet-v3-small", "stages.6.0", 91_848, 4_458_528],
    ["mobilenet-v3-small", "head.hidden", 590_848, 589_824],
    ["mnasnet-a1", "stages.2.0", 7_718, 9_088_992],
    ["mnasnet-a1", "stages.4.1", 197_820, 30_726_528],
    ["mnasnet-a1", "stages.5.2", 413_160, 16_305_600],
    ["mnasnet-b1", "stages.1.0", 2_592, 14_601_216],
    ["mnasnet-b1", "stages.5.0", 182_976, 16_962_624],
    ["mnasnet-b1", "stages.6.0", 605_440, 29_409_408],
    ["efficientnet-b0", "stages.0.0", 1_448, 10_035_712],
    ["efficientnet-b0", "stages.1.0", 6_004, 29_203_200],
    ["efficientnet-b0", "stages.2.1", 31_290, 19_761_600],
    ["efficientnet-b0", "stages.4.2", 208_572, 32_833_920],
    ["efficientnet-b0", "stages.5.0", 262_492, 21_934_752],
    ["efficientnet-b0", "stages.6.0", 717_232, 29_520_000],
  ] as const)("%s %s", (name, path, params, macs) => {
    expect(under(name, path)).toEqual([params, macs]);
  });
});

/** @source tensorflow/tpu `efficientnet_builder.py`: what its scaling makes of table 1 of arXiv:1905.11946 */
describe("the EfficientNet family", () => {
  test.each([
    ["b0", 32, "16×1 24×2 40×2 80×3 112×3 192×4 320×1", 1280],
    ["b1", 32, "16×2 24×3 40×3 80×4 112×4 192×5 320×2", 1280],
    ["b2", 32, "16×2 24×3 48×3 88×4 120×4 208×5 352×2", 1408],
    ["b3", 40, "24×2 32×3 48×3 96×5 136×5 232×6 384×2", 1536],
    ["b4", 48, "24×2 32×4 56×4 112×6 160×6 272×8 448×2", 1792],
    ["b5", 48, "24×3 40×5 64×5 128×7 176×7 304×9 512×3", 2048],
    ["b6", 56, "32×3 40×6 72×6 144×8 200×8 344×11 576×3", 2304],
    ["b7", 64, "32×4 48×7 80×7 160×10 224×10 384×13 640×4", 2560],
  ] as const)("%s: channels and repeats", (variant, stem, stages, head) => {
    const architecture = buildArchitecture(`efficientnet-${variant}`);
    expect(architecture.stem.channels).toBe(stem);
    expect(architecture.stages.map(({ channels, repeats }) => `${channels}×${repeats}`).join(" ")).toBe(stages);
    expect(architecture.head.conv).toBe(head);
  });

  test.each([
    ["b0", 224, [112, 112, 56, 28, 14, 14, 7, 7]],
    ["b1", 240, [120, 120, 60, 30, 15, 15, 8, 8]],
    ["b2", 260, [130, 130, 65, 33, 17, 17, 9, 9]],
    ["b3", 300, [150, 150, 75, 38, 19, 19, 10, 10]],
    ["b4", 380, [190, 190, 95, 48, 24, 24, 12, 12]],
    ["b5", 456, [228, 228, 114, 57, 29, 29, 15, 15]],
    ["b6", 528, [264, 264, 132, 66, 33, 33, 17, 17]],
    ["b7", 600, [300, 300, 150, 75, 38, 38, 19, 19]],
  ] as const)("%s: sides of the maps from %d px", (variant, resolution, sides) => {
    const profile = profileArchitecture(buildArchitecture(`efficientnet-${variant}`));
    expect(profile.resolution).toBe(resolution);
    expect(profile.stages.slice(0, 8).map(({ output }) => output[1])).toEqual(sides);
    expect(profile.stages.slice(0, 8).map(({ output }) => output[2])).toEqual(sides);
  });

  test.each([
    ["b1", 1.0, 1.1, 240],
    ["b2", 1.1, 1.2, 260],
    ["b3", 1.2, 1.4, 300],
    ["b4", 1.4, 1.8, 380],
    ["b5", 1.6, 2.2, 456],
    ["b6", 1.8, 2.6, 528],
    ["b7", 2.0, 3.1, 600],
  ] as const)("%s is B0 at width %d, depth %d and %d px", (variant, width, depth, resolution) => {
    const { name, dropout, ...published } = buildArchitecture(`efficientnet-${variant}`);
    const {
      name: b0,
      dropout: b0Dropout,
      ...rebuilt
    } = buildArchitecture("efficientnet-b0", { width, depth, resolution });
    expect(rebuilt).toEqual(published);
  });

  test("dropout grows with the network, drop path is 0.2 throughout", () => {
    const family = networkNames
      .filter((name) => name.startsWith("efficientnet-b"))
      .map((name) => buildArchitecture(name));
    expect(family.map(({ dropout }) => dropout)).toEqual([0.2, 0.2, 0.3, 0.3, 0.4, 0.4, 0.5, 0.5]);
    expect(new Set(family.map(({ dropPath }) => dropPath))).toEqual(new Set([0.2]));
  });
});

// Widths of the release; parameters as its README rounds them: 6.1, 3.9, 2.9, 2.1, 1.7 M.
describe("mnasnet, width", () => {
  test.each([
    ["a1", 1.4, 48, [24, 32, 56, 112, 160, 224, 448], 6_105_992],
    ["a1", 0.75, 24, [16, 24, 32, 64, 88, 120, 240], 2_912_278],
    ["a1", 0.5, 16, [8, 16, 24, 40, 56, 80, 160], 2_082_006],
    ["a1", 0.35, 16, [8, 8, 16, 32, 40, 56, 112], 1_747_018],
    ["b1", 1.3, 40, [24, 32, 56, 104, 128, 248, 416], 6_282_256], // torchvision's `num_params`, and the next two
    ["b1", 0.75, 24, [16, 24, 32, 64, 72, 144, 240], 3_170_208],
    ["b1", 0.5, 16, [8, 16, 24, 40, 48, 96, 160], 2_218_512],
  ] as const)("%s at %d: the last convolution stays", (member, width, stem, stages, params) => {
    const architecture = buildArchitecture(`mnasnet-${member}`, { width });
    expect(architecture.stem.channels).toBe(stem);
    expect(architecture.stages.map(({ channels }) => channels)).toEqual(stages);
    expect(architecture.head.conv).toBe(1280);
    expect(profileArchitecture(architecture).params).toBe(params);
  });
});

/** @source tensorflow/tpu `efficientnet_lite_builder.py`: stem, head and the repeats of the end stages stay */
test.each([
  ["lite1", "16×1 24×3 40×3 80×4 112×4 192×5 320×1"],
  ["lite2", "16×1 24×3 48×3 88×4 120×4 208×5 352×1"],
  ["lite3", "24×1 32×3 48×3 96×5 136×5 232×6 384×1"],
  ["lite4", "24×1 32×4 56×4 112×6 160×6 272×8 448×1"],
] as const)("efficientnet-%s: channels and repeats", (variant, stages) => {
  const architecture = buildArchitecture(`efficientnet-${variant}`);
  expect(architecture.stem.channels).toBe(32);
  expect(architecture.stages.map(({ channels, repeats }) => `${channels}×${repeats}`).join(" ")).toBe(stages);
  expect(architecture.head.conv).toBe(1280);
});

test("a multiplier of a scaled member multiplies its own", () => {
  const { stages } = buildArchitecture("efficientnet-b1", { depth: 2 });
  expect(stages.map(({ repeats }) => repeats)).toEqual([1, 2, 2, 3, 3, 4, 1].map((n) => scaleRepeats(n, 2.2)));
});
