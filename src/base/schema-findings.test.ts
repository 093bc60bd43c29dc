import { expect, test } from "vitest";
import { z } from "zod";
import { findingsOf } from "./schema-findings.js";

const schema = z.strictObject({ name: z.string(), sides: z.array(z.strictObject({ px: z.int().min(1) })) });

test.each([
  [{ sides: [{ px: 0 }, { px: 1, mm: 2 }] }, ["name: expected string, received nothing", /^sides\.0\.px: Too small/]],
  [{ name: "a", sides: [], x: 1, y: 2 }, ["x: unknown field", "y: unknown field"]],
  [[], ["(the whole): expected object, received array"]],
])("%j", (value, expected) => {
  const found = findingsOf(schema.safeParse(value).error!);
  for (const text of expected)
    expect(found).toContainEqual(typeof text === "string" ? text : expect.stringMatching(text));
});
