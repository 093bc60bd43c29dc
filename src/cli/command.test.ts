import { describe, expect, expectTypeOf, test } from "vitest";
import { camelCase, defineCommand } from "./command.js";
import type { echo } from "./testing/commands.js";

describe("the types of the values follow from the definition", () => {
  type EchoValues = Parameters<typeof echo.run>[0];

  test("of arguments and options", () => {
    expectTypeOf<EchoValues["data"]>().toEqualTypeOf<string>();
    expectTypeOf<EchoValues["sizes"]>().toEqualTypeOf<readonly number[]>();
    expectTypeOf<EchoValues["maxMacs"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<EchoValues["memory"]>().toEqualTypeOf<number>();
    expectTypeOf<EchoValues["time"]>().toEqualTypeOf<number>();
    expectTypeOf<EchoValues["network"]>().toEqualTypeOf<"mobilenet-v1" | "mobilenet-v2">();
    expectTypeOf<EchoValues["threads"]>().toEqualTypeOf<number | undefined>();
    expectTypeOf<EchoValues["name"]>().toEqualTypeOf<string | undefined>();
    expectTypeOf<EchoValues["out"]>().toEqualTypeOf<string>();
    expectTypeOf<EchoValues["overwrite"]>().toEqualTypeOf<boolean>();
    expectTypeOf<EchoValues["calibrate"]>().toEqualTypeOf<boolean>();
    expectTypeOf<EchoValues>().not.toHaveProperty("max-macs");
    expectTypeOf<EchoValues>().not.toHaveProperty("typo");
  });

  test("of the result, from run to show", () => {
    const count = defineCommand({
      name: "count",
      summary: "Count",
      options: { "top-k": { kind: "integer", default: 5, help: "how many" } },
      run: ({ topK }) => ({ classes: topK, label: "cat" as const }),
      show: (result) => {
        expectTypeOf(result).toEqualTypeOf<{ classes: number; label: "cat" }>();
        return result.label;
      },
    });
    expectTypeOf(count.run).returns.resolves.toEqualTypeOf<{ classes: number; label: "cat" }>();
  });

  test("a command without arguments has no values", () => {
    const bare = defineCommand({
      name: "bare",
      summary: "Nothing",
      run: (values) => Object.keys(values),
      show: () => "",
    });
    expectTypeOf<keyof Parameters<typeof bare.run>[0]>().toEqualTypeOf<never>();
  });
});

test("run can be called without the command line", async () => {
  const twice = defineCommand({
    name: "twice",
    summary: "Twice",
    arguments: { n: { kind: "number", help: "a number" } },
    run: ({ n }) => 2 * n,
    show: String,
  });
  await expect(twice.run({ n: 21 }, undefined as never)).resolves.toBe(42);
});

describe("a definition that contradicts itself is our mistake", () => {
  const rest = { name: "bad", summary: "", run: () => 0, show: () => "" };
  test.each([
    [() => defineCommand({ ...rest, options: { json: { kind: "flag", help: "" } } }), /"json"/],
    [() => defineCommand({ ...rest, options: { maxMacs: { kind: "count", help: "" } } }), /"maxMacs"/],
    [
      () =>
        defineCommand({
          ...rest,
          arguments: { a: { kind: "path", help: "" } },
          options: { a: { kind: "path", help: "" } },
        }),
      /"a"/,
    ],
    [() => defineCommand({ ...rest, options: { n: { kind: "integer", help: "", default: 0, min: 1 } } }), /default 0/],
    [
      () => defineCommand({ ...rest, options: { n: { kind: "choice", help: "", of: ["a"], default: "b" } } }),
      /default b/,
    ],
    [
      () =>
        defineCommand({
          ...rest,
          arguments: { a: { kind: "path", variadic: true, help: "" }, b: { kind: "path", help: "" } },
        }),
      /variadic/,
    ],
  ])("%#", (define, message) => {
    expect(define).toThrow(/^internal: bad/);
    expect(define).toThrow(message);
  });
});

test("camelCase", () => {
  expect(["out", "max-macs", "a-b-2c"].map(camelCase)).toEqual(["out", "maxMacs", "aB2c"]);
});
