/** A strategy as data: its name, its source, what can be set and to what it is set where nobody says. */
import type { z } from "zod";
import { findingsOf, UsageError } from "../base/index.js";
import type { Strategy } from "./strategy.js";

export type StrategyKind = {
  readonly name: string;
  /** A line for lists. */
  readonly summary: string;
  readonly source: string;
  /** Each field has a default and a description. */
  readonly options: z.ZodObject;
  /** @throws {UsageError} that lists every wrong and unknown option. */
  readonly create: (options: unknown) => Strategy;
};

export function defineStrategy<Options extends z.ZodObject>(kind: {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly options: Options;
  readonly search: (options: z.output<Options>) => Strategy["search"];
}): StrategyKind {
  const { name, options: schema, search, ...rest } = kind;
  return {
    ...rest,
    name,
    options: schema,
    create(options) {
      const result = schema.safeParse(options);
      if (result.success) return { name, search: search(result.data) };
      throw new UsageError({
        at: `strategy ${name}`,
        expected: `options out of ${Object.keys(schema.shape).join(", ") || "none at all"}`,
        received: `${JSON.stringify(options)} (${findingsOf(result.error).join("; ")})`,
      });
    },
  };
}
