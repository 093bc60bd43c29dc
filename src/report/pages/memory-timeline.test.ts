import { describe, expect, test } from "vitest";
import { type MemoryTimelineFacts, memoryFigure, renderMemoryTimeline } from "./memory-timeline.js";

/** Stem, a block with a skip, a classifier; the sum of the skip lies where its input lay. */
const facts: MemoryTimelineFacts = {
  network: "tiny <net>",
  resolution: 16,
  format: "int8",
  peakBytes: 1000,
  peakStep: 2,
  steps: ["stem.conv", "stages.0.0.expand.conv", "stages.0.0.depthwise.conv", "stages.0.0.residual", "classifier"],
  buffers: [
    { name: "image", role: "input", bytes: 300, offset: 500, first: 0, last: 0 },
    { name: "stem.conv", role: "residual", bytes: 200, offset: 0, first: 0, last: 3 },
    { name: "stages.0.0.expand.conv", role: "convolution", bytes: 400, offset: 200, first: 1, last: 2 },
    { name: "stages.0.0.depthwise.conv", role: "depthwise", bytes: 400, offset: 600, first: 2, last: 3 },
    { name: "classifier", role: "other", bytes: 10, offset: 200, first: 4, last: 5 },
  ],
};

type Box = {
  readonly role: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** The boxes of the plot, without those of the legend, which stand above it. */
function boxesOf(text: string): Box[] {
  const pattern =
    /<title>[^<]*<\/title><rect class="ground"[^>]*\/><rect class="(\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g;
  return [...text.matchAll(pattern)].map(([, role, ...numbers]) => {
    const [x, y, width, height] = numbers.map(Number) as [number, number, number, number];
    return { role: role!, x, y, width, height };
  });
}

describe("the drawing", () => {
  const text = renderMemoryTimeline(facts);
  const boxes = boxesOf(text);
  const boxOf = (role: string) => boxes.find((box) => box.role === role)!;

  test("has a box for each buffer, as high as it is large and as long as it lives", () => {
    expect(boxes.map(({ role }) => role).toSorted()).toEqual([
      "convolution",
      "depthwise",
      "input",
      "other",
      "residual",
    ]);
    const perByte = boxOf("residual").height / 200;
    const perStep = boxOf("input").width;
    for (const [i, { role, bytes, first, last }] of facts.buffers.entries()) {
      expect(boxOf(role).height, facts.buffers[i]!.name).toBeCloseTo(perByte * bytes, 1);
      expect(boxOf(role).width).toBeCloseTo(perStep * (last - first + 1), 0);
    }
  });

  test("stacks what lives together as it lies in the arena", () => {
    const [kept, wide, filtered] = ["residual", "convolution", "depthwise"].map((role) => boxOf(role)) as [
      Box,
      Box,
      Box,
    ];
    expect(wide.y + wide.height).toBeCloseTo(kept.y, 1);
    expect(filtered.y + filtered.height).toBeCloseTo(wide.y, 1);
  });

  test("marks the peak, its step and what runs there", () => {
    expect(text).toContain("peak 1 kB, while 1.1 depthwise.conv runs");
    const top = Math.min(...boxes.map(({ y }) => y));
    expect(text).toMatch(new RegExp(`class="line" d="M62 ${top}H`));
    const middle = boxOf("depthwise").x + boxOf("depthwise").width / 4; // of the first of its two steps
    const [, at] = /class="step" d="M([\d.]+)/.exec(text)!;
    expect(Number(at)).toBeCloseTo(middle, 0);
  });

  test("tells in words what it shows, with data kept as data", () => {
    expect(text).toContain('aria-label="Memory of tiny &lt;net&gt; at 16 px in int8: 5 buffers over 5 steps');
    expect(text).toContain("<title>1.1 expand.conv: 400 B at 200 B, from step 2 to step 3</title>");
    expect(text).toContain("<title>classifier: 10 B at 200 B, from step 5 to the end</title>");
  });

  test("hatches what waits for a sum, and only that", () => {
    expect(text.match(/class="hatch"/g)).toHaveLength(2); // the buffer and its entry in the legend
  });

  test("is a file that names its colours, since many programs know no variables", () => {
    expect(text.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
    expect(text).not.toContain("var(--");
  });
});

test.each([342, 720])("at %i px everything stays inside", (width) => {
  const text = renderMemoryTimeline(facts, { width });
  for (const box of boxesOf(text)) {
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(width);
    expect(box.y).toBeGreaterThanOrEqual(0);
  }
});

test("a plan whose peak is at the end says so", () => {
  expect(renderMemoryTimeline({ ...facts, peakStep: 5 })).toContain("peak 1 kB, at the end");
});

test("in a page the legend stands above and lists only what is drawn", () => {
  const page = memoryFigure(facts).text;
  expect(page).toContain("kept for a residual sum");
  expect(page).not.toContain("scratch");
});
