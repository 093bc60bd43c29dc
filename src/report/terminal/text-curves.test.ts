import { describe, expect, test } from "vitest";
import type { EpochRecord } from "../fit-report.js";
import { plot, renderCurves, sparkline } from "./text-curves.js";

const epochs = (losses: readonly number[], accuracies: readonly number[]): EpochRecord[] =>
  losses.map((trainLoss, i) => ({
    epoch: i + 1,
    learningRate: 0.1,
    trainLoss,
    trainAccuracy: 0.5,
    validationLoss: 1,
    imagesPerSecond: 1,
    validationAccuracy: accuracies[i]!,
  }));

describe("plot", () => {
  test("a straight line from the first row to the last", () => {
    expect(plot([1, 0], [0, 1], 7)).toEqual([
      "*      ",
      " *     ",
      "  *    ",
      "   *   ",
      "    *  ",
      "     * ",
      "      *",
    ]);
  });

  test("a steep one is joined, a flat one lies at the top", () => {
    expect(plot([0, 0, 6, 6], [0, 6], 4)).toEqual(["  **", "  * ", "  * ", "  * ", "  * ", "  * ", "**  "]);
    expect(plot([5, 5], [5, 5], 3)[0]).toBe("***");
  });

  test("what is not finite leaves a gap", () => {
    const rows = plot([1, Number.NaN, 0], [0, 1], 3);
    expect([rows[0], rows.at(-1)]).toEqual(["*  ", "  *"]);
    expect(rows.slice(1, -1).join("").trim()).toBe("");
  });
});

describe("renderCurves", () => {
  const curve = epochs([2.4, 1.2, 0.6, 0.3], [0.1, 0.5, 0.75, 0.9]);

  test("side by side", () => {
    expect(renderCurves(curve, { colour: false, width: 72 })).toMatchInlineSnapshot(`
      "training loss                        validation accuracy
       2.400 |**                           90.0 % |                      ****
             |  **                                |                ******
             |    ***                             |           *****
             |       **                           |       ****
             |         *****                      |     **
             |              *******               |  ***
       0.300 |                     *****   10.0 % |**
              1                        4           1                        4
      "
    `);
  });

  test("one below the other in a narrow window, no line longer than it", () => {
    const lines = renderCurves(curve, { colour: false, width: 40 }).trimEnd().split("\n");
    expect(lines).toHaveLength(2 * 9);
    expect(lines[0]).toBe("training loss");
    expect(lines[9]).toBe("validation accuracy");
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(40);
  });

  test("needs two epochs", () => {
    expect(renderCurves(curve.slice(0, 1), { colour: false, width: 80 })).toBe("");
  });
});

test("a sparkline is of the last values, from the least of them to the most", () => {
  expect(sparkline([0.1, 0.2, 0.8])).toBe("▁▂█");
  expect(sparkline([9, 0, 1, 2], 3)).toBe("▁▅█");
  expect(sparkline([0.5, 0.5])).toBe("▁▁");
  expect(sparkline([1])).toBe("");
});
