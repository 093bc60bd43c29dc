/**
 * What others printed about these networks: accuracy on ImageNet, parameters, operations, each as it stands in its source. The
 * figures are theirs, misprints included; `notes` say where one is known to be wrong and how. Our own counts are never kept
 * here: `results.test.ts` compares every row with them.
 */
import { type PrintedFigure, printedFigure } from "./printed-figure.js";

export type PublishedResult = {
  /** As `buildArchitecture` takes it; null for a network that is not built here. */
  readonly network: string | null;
  /** As one would write it beside a point: `MobileNetV2 0.35 @96`. */
  readonly label: string;
  /** Relative to the named network. */
  readonly width: number;
  /** Side of the input, in pixels; null where `network` is. */
  readonly resolution: number | null;
  /** On the validation images of ImageNet, one crop; a fraction. Null where the source prints no figure, or two that disagree. */
  readonly top1: number | null;
  readonly top5: number | null;
  readonly params: PrintedFigure | null;
  /** Multiply-accumulates, whatever the source calls them. */
  readonly macs: PrintedFigure | null;
  readonly source: string;
  /** Of figures known to be wrong, or counted in a way of their own. */
  readonly notes: Notes;
};

type Notes = { readonly [Figure in "params" | "macs" | "top1"]?: string };

type Row = readonly [
  width: number,
  resolution: number,
  top1: number | null,
  top5: number | null,
  params: string | null,
  macs: string | null,
  notes?: Notes,
];

const orNull = (text: string | null) => (text === null ? null : printedFigure(text));

/** One rounding only: 70.9 % is 0.709. */
const fraction = (percent: number | null) => (percent === null ? null : Number((percent / 100).toFixed(5)));

/** The rows of one source for one network. @param native its own resolution, which labels leave out. */
function rowsOf(network: string, label: string, native: number, source: string, rows: readonly Row[]) {
  return rows.map(([width, resolution, top1, top5, params, macs, notes = {}]): PublishedResult => {
    const scaled = `${width === 1 ? "" : ` ${width}`}${resolution === native ? "" : ` @${resolution}`}`;
    const figures = { params: orNull(params), macs: orNull(macs) };
    return {
      network,
      label: label + scaled,
      width,
      resolution,
      top1: fraction(top1),
      top5: fraction(top5),
      ...figures,
      source,
      notes,
    };
  });
}

type OtherRow = readonly [
  label: string,
  top1: number,
  top5: number | null,
  params: string,
  macs: string | null,
  notes?: Notes,
];

const othersOf = (source: string, rows: readonly OtherRow[]) =>
  rows.map(([label, top1, top5, params, macs, notes = {}]): PublishedResult => {
    const figures = { params: printedFigure(params), macs: orNull(macs) };
    return {
      network: null,
      label,
      width: 1,
      resolution: null,
      top1: fraction(top1),
      top5: fraction(top5),
      ...figures,
      source,
      notes,
    };
  });

const v1Release = "tensorflow/models, slim/nets/mobilenet_v1.md";
const v1Paper = "arXiv:1704.04861, tables 6 and 7";
const v2Release = "tensorflow/models, slim/nets/mobilenet/README.md";
const v2Paper = "arXiv:1801.04381, table 4";
const v3Table9 = "arXiv:1905.02244, table 9";
const v3Table3 = "arXiv:1905.02244, table 3";
const v3Release = "tensorflow/models, slim/nets/mobilenet/README.md (V3)";
const mnasnetRelease = "tensorflow/tpu, mnasnet/README.md";
const mnasnetPaper = "arXiv:1807.11626";
const efficientnetPaper = "arXiv:1905.11946, table 2";
const liteRelease = "tensorflow/tpu, efficientnet/lite/README.md";
const v2Automl = "google/automl, efficientnetv2/README.md";
const v4Release = "tensorflow/models, imagenet_mobilenetv4_conv_*_tpu.yaml";
const torchvision = "torchvision, IMAGENET1K_V1";
const torchvision2 = "torchvision, IMAGENET1K_V2";
const timm = "timm, results-imagenet.csv";

const v1Macs75 = (right: string) =>
  `the table of the network gives ${right}; the paper itself prints 325 M at 224 px, which it does reproduce`;
const v1Macs25 = "the table of the network gives 30 M";
const smallParams = "those of an older Small, with 1280 hidden channels in place of 1024";
const smallWideParams = "3.6 M needs 1280 hidden channels; with 1024, as in the other rows, it is 3.2 M";
const smallMacs = "from an earlier state of the network; what was counted is not known";
const mnasnetMacs = "1 to 2.5 % above the table's own sum; the source does not say what it counts";
const liteMacs = "3 to 6 % above the table's own sum; the cause is not known";
const largeMacs = "table 9 of the same paper prints 217 M, which the network's table gives";
const minimalMacs = "the released network has 52.3 M; what was counted in the 65 M is not known";
const mnasnetTop1 = "the row contradicts itself: 52.3 % in one column, 59.3 % in another";
const b2Params = "9.2 M counts the moving statistics of batch norm; the other rows do not";
const firstPreprint = "from the first version of the preprint; the final table leaves this row out";
const wideV2Params = "6.9 M cannot be right: every implementation has 6.1 M";
const v2LargeParams = "a million above the sum of its own table, which every implementation has";
const liteSide = "not known whether measured at this size, which the operations fit, or at the larger one of timm";

/** Width × resolution; the operations of every row are counted in the same unknown way. */
const mnasnetGrid = (
  [
    [1.4, 224, 77.2, 93.5, "6.1 M", "591.5 M"],
    [1, 224, 75.2, 92.5, "3.9 M", "315.2 M"],
    [0.75, 224, 73.3, 91.3, "2.9 M", "226.7 M"],
    [0.5, 224, 68.9, 88.4, "2.1 M", "105.2 M"],
    [0.35, 224, 64.1, 85.1, "1.7 M", "63.2 M"],
    [1.4, 192, 76.1, 93.0, "6.1 M", "435.1 M"],
    [1, 192, 74.0, 91.6, "3.9 M", "232.0 M"],
    [0.75, 192, 72.1, 90.5, "2.9 M", "166.9 M"],
    [0.5, 192, 67.2, 87.4, "2.1 M", "77.6 M"],
    [0.35, 192, 62.4, 83.8, "1.7 M", "46.8 M"],
    [1.4, 160, 74.8, 92.1, "6.1 M", "302.8 M"],
    [1, 160, 72.0, 90.5, "3.9 M", "161.6 M"],
    [0.75, 160, 70.1, 89.3, "2.9 M", "116.4 M"],
    [0.5, 160, 64.9, 85.8, "2.1 M", "54.4 M"],
    [0.35, 160, null, 81.5, "1.7 M", "32.9 M", { top1: mnasnetTop1 }],
    [1.4, 128, 72.5, 90.6, "6.1 M", "194.5 M"],
    [1, 128, 69.3, 88.9, "3.9 M", "104.1 M"],
    [0.75, 128, 67.0, 87.3, "2.9 M", "75.0 M"],
    [0.5, 128, 60.8, 83.0, "2.1 M", "35.3 M"],
    [0.35, 128, 54.8, 78.1, "1.7 M", "21.6 M"],
    [1.4, 96, 68.6, 88.1, "6.1 M", "110.3 M"],
    [1, 96, 64.4, 85.8, "3.9 M", "59.3 M"],
    [0.75, 96, 62.1, 84.0, "2.9 M", "42.9 M"],
    [0.5, 96, 54.7, 78.1, "2.1 M", "20.5 M"],
    [0.35, 96, 49.3, 73.4, "1.7 M", "12.7 M"],
  ] satisfies Row[]
).map(
  ([width, side, top1, top5, params, macs, notes]): Row => [
    width,
    side,
    top1,
    top5,
    params,
    macs,
    { ...notes, macs: mnasnetMacs },
  ],
);

/** Ordered so that the first row of a network and size is the one to quote. */
export const publishedResults: readonly PublishedResult[] = [
  ...rowsOf("mobilenet-v1", "MobileNetV1", 224, v1Release, [
    [1, 224, 70.9, 89.9, "4.24 M", "569 M"],
    [1, 192, 70.0, 89.2, "4.24 M", "418 M"],
    [1, 160, 68.0, 87.7, "4.24 M", "291 M"],
    [1, 128, 65.2, 85.8, "4.24 M", "186 M"],
    [0.75, 224, 68.4, 88.2, "2.59 M", "317 M", { macs: v1Macs75("325 M") }],
    [0.75, 192, 67.2, 87.3, "2.59 M", "233 M", { macs: v1Macs75("239 M") }],
    [0.75, 160, 65.3, 86.0, "2.59 M", "162 M", { macs: v1Macs75("166 M") }],
    [0.75, 128, 62.1, 83.9, "2.59 M", "104 M", { macs: v1Macs75("107 M") }],
    [0.5, 224, 63.3, 84.9, "1.34 M", "150 M"],
    [0.5, 192, 61.7, 83.6, "1.34 M", "110 M"],
    [0.5, 160, 59.1, 81.9, "1.34 M", "77 M"],
    [0.5, 128, 56.3, 79.4, "1.34 M", "49 M"],
    [0.25, 224, 49.8, 74.2, "0.47 M", "41 M"],
    [0.25, 192, 47.7, 72.3, "0.47 M", "34 M", { macs: v1Macs25 }],
    [0.25, 160, 45.5, 70.3, "0.47 M", "21 M"],
    [0.25, 128, 41.5, 66.3, "0.47 M", "14 M"],
  ]),
  ...rowsOf("mobilenet-v1", "MobileNetV1", 224, v1Paper, [
    [1, 224, 70.6, null, "4.2 M", "569 M"],
    [0.75, 224, 68.4, null, "2.6 M", "325 M"],
    [0.5, 224, 63.7, null, "1.3 M", "149 M"],
    [0.25, 224, 50.6, null, "0.5 M", "41 M"],
    [1, 192, 69.1, null, "4.2 M", "418 M"],
    [1, 160, 67.2, null, "4.2 M", "290 M"],
    [1, 128, 64.4, null, "4.2 M", "186 M"],
    [0.5, 160, 60.2, null, "1.32 M", "76 M"],
  ]),
  ...rowsOf("mobilenet-v2", "MobileNetV2", 224, v2Release, [
    [1.4, 224, 75.0, 92.5, "6.06 M", "582 M"],
    [1.3, 224, 74.4, 92.1, "5.34 M", "509 M"],
    [1, 224, 71.8, 91.0, "3.47 M", "300 M"],
    [1, 192, 70.7, 90.1, "3.47 M", "221 M"],
    [1, 160, 68.8, 89.0, "3.47 M", "154 M"],
    [1, 128, 65.3, 86.9, "3.47 M", "99 M"],
    [1, 96, 60.3, 83.2, "3.47 M", "56 M"],
    [0.75, 224, 69.8, 89.6, "2.61 M", "209 M"],
    [0.75, 192, 68.7, 88.9, "2.61 M", "153 M"],
    [0.75, 160, 66.4, 87.3, "2.61 M", "107 M"],
    [0.75, 128, 63.2, 85.3, "2.61 M", "69 M"],
    [0.75, 96, 58.8, 81.6, "2.61 M", "39 M"],
    [0.5, 224, 65.4, 86.4, "1.95 M", "97 M"],
    [0.5, 192, 63.9, 85.4, "1.95 M", "71 M"],
    [0.5, 160, 61.0, 83.2, "1.95 M", "50 M"],
    [0.5, 128, 57.7, 80.8, "1.95 M", "32 M"],
    [0.5, 96, 51.2, 75.8, "1.95 M", "18 M"],
    [0.35, 224, 60.3, 82.9, "1.66 M", "59 M"],
    [0.35, 192, 58.2, 81.2, "1.66 M", "43 M"],
    [0.35, 160, 55.7, 79.1, "1.66 M", "30 M"],
    [0.35, 128, 50.8, 75.0, "1.66 M", "20 M"],
    [0.35, 96, 45.5, 70.4, "1.66 M", "11 M"],
  ]),
  ...rowsOf("mobilenet-v2", "MobileNetV2", 224, v2Paper, [
    [1, 224, 72.0, null, "3.4 M", "300 M"],
    [1.4, 224, 74.7, null, "6.9 M", "585 M", { params: wideV2Params }],
  ]),
  ...rowsOf("mobilenet-v1", "MobileNetV1", 224, v2Paper, [[1, 224, 70.6, null, "4.2 M", "575 M"]]),
  ...rowsOf("mobilenet-v3-large", "MobileNetV3-Large", 224, v3Table9, [
    [1.25, 224, 76.6, null, "7.5 M", "356 M"],
    [1, 224, 75.2, null, "5.4 M", "217 M"],
    [0.75, 224, 73.3, null, "4.0 M", "155 M"],
    [0.5, 224, 68.8, null, "2.6 M", "69 M"],
    [0.35, 224, 64.2, null, "2.2 M", "40 M"],
    [1, 256, 76.0, null, "5.4 M", "282 M"],
    [1, 192, 73.7, null, "5.4 M", "160 M"],
    [1, 160, 71.7, null, "5.4 M", "112 M"],
    [1, 128, 68.4, null, "5.4 M", "73 M"],
    [1, 96, 63.3, null, "5.4 M", "43 M"],
  ]),
  ...rowsOf("mobilenet-v3-small", "MobileNetV3-Small", 224, v3Table9, [
    [1.25, 224, 70.4, null, "3.6 M", "91 M", { params: smallWideParams }],
    [1, 224, 67.5, null, "2.5 M", "57 M"],
    [0.75, 224, 65.4, null, "2.0 M", "44 M"],
    [0.5, 224, 58.0, null, "1.6 M", "21 M"],
    [0.35, 224, 49.8, null, "1.4 M", "12 M"],
    [1, 256, 68.5, null, "2.5 M", "74 M"],
    [1, 192, 65.4, null, null, "42 M", { macs: firstPreprint }],
    [1, 160, 62.8, null, "2.5 M", "30 M"],
    [1, 128, 57.3, null, "2.5 M", "20 M"],
    [1, 96, 51.7, null, "2.5 M", "12 M"],
  ]),
  ...rowsOf("mobilenet-v3-large", "MobileNetV3-Large", 224, v3Table3, [
    [1, 224, 75.2, null, "5.4 M", "219 M", { macs: largeMacs }],
    [0.75, 224, 73.3, null, "4.0 M", "155 M"],
  ]),
  ...rowsOf("mobilenet-v3-small", "MobileNetV3-Small", 224, v3Table3, [
    [1, 224, 67.4, null, "2.5 M", "56 M"],
    [0.75, 224, 65.4, null, "2.0 M", "44 M"],
  ]),
  ...rowsOf("mobilenet-v2", "MobileNetV2", 224, v3Table3, [
    [1, 224, 72.0, null, "3.4 M", "300 M"],
    [0.35, 224, 60.8, null, "1.6 M", "59.2 M"],
  ]),
  ...rowsOf("mobilenet-v3-large", "MobileNetV3-Large", 224, v3Release, [
    [1, 224, 75.2, null, "5.4 M", "217 M"],
    [0.75, 224, 73.3, null, "4.0 M", "155 M"],
  ]),
  ...rowsOf("mobilenet-v3-small", "MobileNetV3-Small", 224, v3Release, [
    [1, 224, 67.5, null, "2.9 M", "66 M", { params: smallParams, macs: smallMacs }],
    [0.75, 224, 65.4, null, "2.4 M", "44 M", { params: smallParams }],
  ]),
  ...rowsOf("mobilenet-v3-large-minimalistic", "MobileNetV3-Large minimalistic", 224, v3Release, [
    [1, 224, 72.3, null, "3.9 M", "209 M"],
  ]),
  ...rowsOf("mobilenet-v3-small-minimalistic", "MobileNetV3-Small minimalistic", 224, v3Release, [
    [1, 224, 61.9, null, "2.0 M", "65 M", { macs: minimalMacs }],
  ]),
  ...rowsOf("mnasnet-a1", "MnasNet-A1", 224, mnasnetRelease, mnasnetGrid),
  ...rowsOf("mnasnet-a1", "MnasNet-A1", 224, mnasnetPaper, [
    [1, 224, 75.2, 92.5, "3.9 M", "312 M"],
    [0.35, 224, 64.1, null, "1.7 M", "63 M"],
  ]),
  ...rowsOf("mnasnet-a1", "MnasNet-A1", 224, v3Table3, [[1, 224, 75.2, null, "3.9 M", "315 M"]]),
  ...rowsOf("mobilenet-v2", "MobileNetV2", 224, `${mnasnetPaper}, table 4`, [
    [0.35, 224, 60.3, null, "1.66 M", "59 M"],
  ]),
  ...rowsOf("mnasnet-b1", "MnasNet-B1", 224, mnasnetPaper, [
    [1, 224, 74.5, null, "4.4 M", "315 M", { top1: "as quoted by others; not checked against the paper" }],
  ]),
  ...rowsOf("mnasnet-small", "MnasNet-Small", 224, `${mnasnetPaper}, table 4`, [[1, 224, 66.0, null, "2.0 M", "68 M"]]),
  ...(
    [
      [0, 224, 77.1, 93.3, "5.3 M", "0.39 B"],
      [1, 240, 79.1, 94.4, "7.8 M", "0.70 B"],
      [2, 260, 80.1, 94.9, "9.2 M", "1.0 B", { params: b2Params }],
      [3, 300, 81.6, 95.7, "12 M", "1.8 B"],
      [4, 380, 82.9, 96.4, "19 M", "4.2 B"],
      [5, 456, 83.6, 96.7, "30 M", "9.9 B"],
      [6, 528, 84.0, 96.8, "43 M", "19 B"],
      [7, 600, 84.3, 97.0, "66 M", "37 B"],
    ] satisfies Row[]
  ).flatMap(([size, side, ...figures]) =>
    rowsOf(`efficientnet-b${size}`, `EfficientNet-B${size}`, side, efficientnetPaper, [[1, side, ...figures]]),
  ),
  ...(
    [
      [0, 224, 75.1, null, "4.7 M", "407 M", { macs: liteMacs }],
      [1, 240, 76.7, null, "5.4 M", "631 M", { macs: liteMacs }],
      [2, 260, 77.6, null, "6.1 M", "899 M", { macs: liteMacs }],
      [3, 280, 79.8, null, "8.2 M", "1.44 B", { macs: liteMacs, top1: liteSide }],
      [4, 300, 81.5, null, "13.0 M", "2.64 B", { macs: liteMacs, top1: liteSide }],
    ] satisfies Row[]
  ).flatMap(([size, side, ...figures]) =>
    rowsOf(`efficientnet-lite${size}`, `EfficientNet-Lite${size}`, side, liteRelease, [[1, side, ...figures]]),
  ),
  ...(
    [
      ["b0", 224, [78.7, null, "7.1 M", "0.72 B"]],
      ["b1", 240, [79.8, null, "8.1 M", "1.2 B"]],
      ["b2", 260, [80.5, null, "10.1 M", "1.7 B"]],
      ["b3", 300, [82.1, null, "14.4 M", "3.0 B"]],
      ["s", 384, [83.9, null, "21.5 M", "8.4 B"]],
      ["m", 480, [85.2, null, "54.1 M", "24.7 B"]],
      ["l", 480, [85.7, null, "119.5 M", "56.3 B", { params: v2LargeParams }]],
    ] as const
  ).flatMap(([size, side, figures]) =>
    rowsOf(`efficientnet-v2-${size}`, `EfficientNetV2-${size.toUpperCase()}`, side, v2Automl, [[1, side, ...figures]]),
  ),
  ...rowsOf("mobilenet-v4-conv-small", "MobileNetV4-Conv-S", 224, v4Release, [[1, 224, 73.8, null, null, null]]),
  ...rowsOf("mobilenet-v4-conv-medium", "MobileNetV4-Conv-M", 256, v4Release, [[1, 256, 79.9, null, null, null]]),
  ...rowsOf("mobilenet-v4-conv-large", "MobileNetV4-Conv-L", 384, v4Release, [[1, 384, 82.92, null, null, null]]),

  ...rowsOf("torch-mobilenet-v2", "MobileNetV2 torchvision", 224, torchvision, [
    [1, 224, 71.878, 90.286, "3,504,872", "0.301 G"],
  ]),
  ...rowsOf("torch-mobilenet-v2", "MobileNetV2 torchvision", 224, torchvision2, [
    [1, 224, 72.154, 90.822, "3,504,872", "0.301 G"],
  ]),
  ...rowsOf("torch-mobilenet-v3-large", "MobileNetV3-Large torchvision", 224, torchvision, [
    [1, 224, 74.042, 91.34, "5,483,032", "0.217 G"],
  ]),
  ...rowsOf("torch-mobilenet-v3-large", "MobileNetV3-Large torchvision", 224, torchvision2, [
    [1, 224, 75.274, 92.566, "5,483,032", "0.217 G"],
  ]),
  ...rowsOf("torch-mobilenet-v3-small", "MobileNetV3-Small torchvision", 224, torchvision, [
    [1, 224, 67.668, 87.402, "2,542,856", "0.057 G"],
  ]),
  ...rowsOf("torch-mnasnet-b1", "MnasNet-B1 torchvision", 224, torchvision, [
    [0.5, 224, 67.734, 87.49, "2,218,512", "0.104 G"],
    [0.75, 224, 71.18, 90.496, "3,170,208", "0.215 G"],
    [1, 224, 73.456, 91.51, "4,383,312", "0.314 G"],
    [1.3, 224, 76.506, 93.522, "6,282,256", "0.526 G"],
  ]),
  ...(
    [
      [0, 224, 77.692, 93.532, "5,288,548", "0.386 G"],
      [1, 240, 78.642, 94.186, "7,794,184", "0.687 G"],
      [2, 288, 80.608, 95.31, "9,109,994", "1.088 G"],
      [3, 300, 82.008, 96.054, "12,233,232", "1.827 G"],
      [4, 380, 83.384, 96.594, "19,341,616", "4.394 G"],
      [5, 456, 83.444, 96.628, "30,389,784", "10.266 G"],
      [6, 528, 84.008, 96.916, "43,040,704", "19.068 G"],
      [7, 600, 84.122, 96.908, "66,347,960", "37.746 G"],
    ] satisfies Row[]
  ).flatMap(([size, side, ...figures]) =>
    rowsOf(`torch-efficientnet-b${size}`, `EfficientNet-B${size} torchvision`, side, torchvision, [
      [1, side, ...figures],
    ]),
  ),
  ...(
    [
      ["s", 384, [84.228, 96.878, "21,458,488", "8.366 G"]],
      ["m", 480, [85.112, 97.156, "54,139,356", "24.582 G"]],
      ["l", 480, [85.808, 97.788, "118,515,272", "56.08 G"]],
    ] as const
  ).flatMap(([size, side, figures]) =>
    rowsOf(`torch-efficientnet-v2-${size}`, `EfficientNetV2-${size.toUpperCase()} torchvision`, side, torchvision, [
      [1, side, ...figures],
    ]),
  ),
  ...rowsOf("torch-efficientnet-b1", "EfficientNet-B1 torchvision", 240, torchvision2, [
    [1, 240, 79.838, 94.934, "7,794,184", "0.687 G"],
  ]),

  ...(
    [
      ["timm-mobilenet-v1", "MobileNetV1 timm", "mobilenetv1_100.ra4", [1, 224, 75.388, 92.31]],
      ["timm-mobilenet-v1", "MobileNetV1 timm", "mobilenetv1_100.ra4", [1, 256, 76.088, 93.006]],
      ["timm-mobilenet-v2", "MobileNetV2 timm", "mobilenetv2_100.ra", [1, 224, 72.91, 91.0]],
      ["timm-mobilenet-v2", "MobileNetV2 timm", "mobilenetv2_050.lamb", [0.5, 224, 65.928, 86.114]],
      ["timm-mobilenet-v2", "MobileNetV2 timm", "mobilenetv2_140.ra", [1.4, 224, 76.528, 93.008]],
      ["timm-mobilenet-v3-large", "MobileNetV3-Large timm", "mobilenetv3_large_100.ra", [1, 224, 75.784, 92.528]],
      ["timm-mobilenet-v3-small", "MobileNetV3-Small timm", "mobilenetv3_small_100.lamb", [1, 224, 67.636, 87.638]],
      ["timm-mobilenet-v3-small", "MobileNetV3-Small timm", "mobilenetv3_small_075.lamb", [0.75, 224, 65.284, 85.462]],
      ["timm-mobilenet-v3-small", "MobileNetV3-Small timm", "mobilenetv3_small_050.lamb", [0.5, 224, 57.918, 80.144]],
      ["timm-mnasnet-a1", "MnasNet-A1 timm", "semnasnet_100", [1, 224, 75.452, 92.608]],
      ["timm-mnasnet-a1", "MnasNet-A1 timm", "semnasnet_075", [0.75, 224, 73.0, 91.124]],
      ["timm-mnasnet-b1", "MnasNet-B1 timm", "mnasnet_100", [1, 224, 74.672, 92.108]],
      ["timm-mnasnet-small", "MnasNet-Small timm", "mnasnet_small", [1, 224, 66.204, 86.47]],
      ["timm-efficientnet-b0", "EfficientNet-B0 timm", "efficientnet_b0.ra", [1, 224, 77.698, 93.538]],
      [
        "timm-mobilenet-v4-conv-small",
        "MobileNetV4-Conv-S timm",
        "mobilenetv4_conv_small.e2400_r224",
        [1, 224, 73.756, 91.43],
      ],
      [
        "timm-mobilenet-v4-conv-small",
        "MobileNetV4-Conv-S timm",
        "mobilenetv4_conv_small_050.e3000_r224",
        [0.5, 224, 64.778, 85.5],
      ],
      [
        "timm-mobilenet-v4-conv-medium",
        "MobileNetV4-Conv-M timm",
        "mobilenetv4_conv_medium.e500_r256",
        [1, 256, 79.916, 95.188],
      ],
      [
        "timm-mobilenet-v4-conv-large",
        "MobileNetV4-Conv-L timm",
        "mobilenetv4_conv_large.e600_r384",
        [1, 384, 82.974, 96.244],
      ],
      ["timm-efficientnet-lite0", "EfficientNet-Lite0 timm", "efficientnet_lite0.ra", [1, 224, 75.488, 92.508]],
    ] as const
  ).flatMap(([network, label, weights, figures]) =>
    rowsOf(network, label, 224, `${timm}, ${weights}`, [[...figures, null, null]]),
  ),

  ...othersOf(v2Paper, [
    ["ShuffleNet (1.5)", 71.5, null, "3.4 M", "292 M"],
    ["ShuffleNet (×2)", 73.7, null, "5.4 M", "524 M"],
    ["NASNet-A mobile", 74.0, null, "5.3 M", "564 M"],
  ]),
  ...othersOf(v3Table3, [
    ["ProxylessNAS", 74.6, null, "4.0 M", "320 M"],
    ["Mnas-small", 64.9, null, "1.9 M", "65.1 M"],
  ]),
  ...othersOf(mnasnetPaper, [
    ["MnasNet-A2", 75.6, 92.7, "4.8 M", "340 M"],
    ["MnasNet-A3", 76.7, 93.3, "5.2 M", "403 M"],
  ]),
  ...othersOf(efficientnetPaper, [
    ["ResNet-50", 76.0, 93.0, "26 M", "4.1 B"],
    ["DenseNet-169", 76.2, 93.2, "14 M", "3.5 B"],
    ["ResNet-152", 77.8, 93.8, "60 M", "11 B"],
    ["DenseNet-264", 77.9, 93.9, "34 M", "6.0 B"],
    ["Inception-v3", 78.8, 94.4, "24 M", "5.7 B"],
    ["Xception", 79.0, 94.5, "23 M", "8.4 B"],
    ["Inception-v4", 80.0, 95.0, "48 M", "13 B"],
    ["Inception-ResNet-v2", 80.1, 95.1, "56 M", "13 B"],
    ["ResNeXt-101", 80.9, 95.6, "84 M", "32 B"],
    ["PolyNet", 81.3, 95.8, "92 M", "35 B"],
    ["SENet", 82.7, 96.2, "146 M", "42 B"],
    ["NASNet-A", 82.7, 96.2, "89 M", "24 B"],
    ["AmoebaNet-A", 82.8, 96.1, "87 M", "23 B"],
    ["PNASNet", 82.9, 96.2, "86 M", "23 B", { macs: "arXiv:1802.01548 lists 25.0 B" }],
    ["AmoebaNet-C", 83.5, 96.5, "155 M", "41 B"],
    ["GPipe", 84.3, 97.0, "557 M", null],
  ]),
];

/**
 * What was printed for a network at one width and resolution, the row to quote first.
 *
 * @param network as `buildArchitecture` takes it: `mobilenet-v2` and `tf-mobilenet-v2` are the same.
 */
export function publishedFor(network: string, width: number, resolution: number): readonly PublishedResult[] {
  const name = network.replace(/^tf-/, "");
  return publishedResults.filter((row) => row.network === name && row.width === width && row.resolution === resolution);
}
