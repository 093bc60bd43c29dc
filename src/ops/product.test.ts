/** Matrix products by hand. Gradients are in `ops.test.ts`. */
import { expect, test } from "vitest";
import { ShapeError } from "../base/index.js";
import { image, plain } from "../ir/index.js";
import { createBuilder, macsOf } from "./index.js";
import { runners } from "./testing/engine.js";

const sizes = [
  ["as they are", { transposeA: false, transposeB: false }, [2, 3], [3, 1]],
  ["the first transposed", { transposeA: true, transposeB: false }, [3, 2], [3, 1]],
  ["the second transposed", { transposeA: false, transposeB: true }, [2, 3], [1, 3]],
  ["both transposed", { transposeA: true, transposeB: true }, [3, 2], [1, 3]],
] as const;

test.for(runners)("[1 2 3; 4 5 6] · (1, 10, 100): $name", async ({ run, missing }, { skip }) => {
  skip(missing !== undefined, missing);
  for (const [name, attributes, first, second] of sizes) {
    const g = createBuilder();
    const [a, b] = [g.input("a", plain(...first)), g.input("b", plain(...second))];
    g.output(g.matmul(a, b, attributes), "y");
    const values = new Map([
      ["a", attributes.transposeA ? Float32Array.of(1, 4, 2, 5, 3, 6) : Float32Array.of(1, 2, 3, 4, 5, 6)],
      ["b", Float32Array.of(1, 10, 100)],
    ]);
    expect(Array.from((await run(g.build(), values)).get("y")!), name).toEqual([321, 654]);
  }
});

test.each(sizes)("multiply-accumulates, %s: rows · columns · what is summed", (_, attributes, first, second) => {
  const g = createBuilder();
  g.matmul(g.input("a", plain(...first)), g.input("b", plain(...second)), attributes);
  expect(macsOf(g.build().nodes[0]!)).toBe(2 * 1 * 3);
});

test("matrices that do not fit are refused", () => {
  const product = (first: readonly number[], second: readonly number[], transposeB = false) => {
    const g = createBuilder();
    return () => g.matmul(g.input("a", plain(...first)), g.input("b", plain(...second)), { transposeB });
  };
  expect(product([2, 3], [2, 4])).toThrow(ShapeError);
  expect(product([2, 3], [2, 4])).toThrow(
    "matmul: expected a second matrix with 3 rows, received plain [2, 3] and plain [2, 4]",
  );
  expect(product([2, 3], [3, 4], true)).toThrow("a second matrix with 3 rows, transposed");
  expect(product([2, 3], [3])).toThrow("expected two matrices");
  const g = createBuilder();
  const x = g.input("x", image(2, 3, 1, 1));
  expect(() => g.matmul(x, x)).toThrow("expected two matrices");
});
