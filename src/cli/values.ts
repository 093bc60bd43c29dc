/** One text of the command line to one value, by its kind; and the other way round for the help. */
import {
  closest,
  formatBytes,
  formatCount,
  formatDuration,
  looksLikeAddress,
  looksLikeServer,
  parseBytes,
  parseCount,
  parseDuration,
  parseServer,
  shownAddress,
  UsageError,
} from "../base/index.js";

type Described = {
  readonly help: string;
  /** What stands for the value in the help, in place of the kind's own word: `PIXELS`. */
  readonly placeholder?: string;
};

/** How a text of the command line is understood. Counts, bytes (decimal) and durations (seconds) take suffixes: `5M`, `256kB`, `10m`. */
export type ValueKind =
  | {
      readonly kind: "count" | "bytes" | "duration" | "integer" | "number";
      readonly default?: number;
      readonly min?: number;
      readonly max?: number;
    }
  | { readonly kind: "choice"; readonly of: readonly string[]; readonly default?: string }
  | { readonly kind: "text" | "path" | "place"; readonly default?: string };

export type ArgumentDefinition = Described &
  ValueKind & {
    /** One or more values; only the last argument can be it. */
    readonly variadic?: true;
    readonly optional?: true;
  };

export type OptionDefinition =
  | (Described &
      ValueKind & {
        readonly required?: true;
        /** An environment variable that is read where the option is not given. */
        readonly env?: string;
      })
  /** `true` where given; with `default: true` the command line takes `--no-NAME` instead. */
  | { readonly kind: "flag"; readonly help: string; readonly default?: boolean };

/** A failure carries the facts of a `UsageError`; the caller adds the option's name. */
export type ParsedValue =
  | { readonly ok: true; readonly value: number | string }
  | { readonly ok: false; readonly expected: string; readonly received: string; readonly hint?: string };

export function parseValue(definition: ValueKind, text: string): ParsedValue {
  // Nothing but a place may be an address, and what may hold a password is not repeated.
  const looks = definition.kind === "path" || definition.kind === "text" ? looksLikeAddress : looksLikeServer;
  if (definition.kind !== "place" && looks(text))
    return { ok: false, expected: expectedOf(definition), received: shownAddress(text) };
  const received = text === "" ? "nothing" : JSON.stringify(text);
  switch (definition.kind) {
    case "choice": {
      if (definition.of.includes(text)) return { ok: true, value: text };
      const guess = closest(text, definition.of);
      const failure = { ok: false, expected: expectedOf(definition), received } as const;
      return guess === null ? failure : { ...failure, hint: `did you mean "${guess}"?` };
    }
    case "text":
      return { ok: true, value: text };
    case "path":
    case "place":
      if (definition.kind === "place" && looksLikeServer(text)) return parsedServer(text);
      if (text !== "" && !text.includes("\0")) return { ok: true, value: text };
      return { ok: false, expected: expectedOf(definition), received };
    default: {
      const { parse, format } = quantities[definition.kind];
      const parsed = parse(text);
      if (!parsed.ok) return parsed;
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = definition;
      if (parsed.value >= min && parsed.value <= max) return parsed;
      const bound = parsed.value < min ? `at least ${format(min)}` : `at most ${format(max)}`;
      return { ok: false, expected: bound, received };
    }
  }
}

function parsedServer(text: string): ParsedValue {
  try {
    parseServer(text);
    return { ok: true, value: text };
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { at: _, ...facts } = error.facts;
    return { ok: false, ...facts };
  }
}

/** What a value of this kind looks like, for a message that misses one. */
export function expectedOf(definition: ValueKind): string {
  switch (definition.kind) {
    case "choice":
      return `one of ${definition.of.join(", ")}`;
    case "text":
      return "a text";
    case "path":
      return "a path";
    case "place":
      return "a folder or a postgres:// address";
    default: {
      const nothing = quantities[definition.kind].parse("");
      return nothing.ok ? definition.kind : nothing.expected;
    }
  }
}

/** The default as one would type it: `10m`, `5M`. */
export function typedDefault(definition: ValueKind): string | null {
  if (definition.default === undefined) return null;
  if (typeof definition.default === "string") return definition.default;
  return quantities[definition.kind as keyof typeof quantities].format(definition.default);
}

export function placeholderOf(definition: ValueKind & { readonly placeholder?: string }): string {
  return definition.placeholder ?? placeholders[definition.kind];
}

/** @throws {Error} `internal:` where the default is none of the values that could be typed. */
export function checkDefault(definition: ArgumentDefinition | OptionDefinition, at: string): void {
  if (definition.kind === "flag" || definition.default === undefined) return;
  if (!isAllowed(definition, definition.default)) {
    throw new Error(`internal: ${at}: the default ${definition.default} is not allowed`);
  }
}

function isAllowed(definition: ValueKind, value: string | number): boolean {
  switch (definition.kind) {
    case "choice":
      return definition.of.includes(String(value));
    case "text":
    case "path":
    case "place":
      return true;
    default: {
      const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = definition;
      return Number(value) >= min && Number(value) <= max;
    }
  }
}

const placeholders: Readonly<Record<ValueKind["kind"], string>> = {
  count: "COUNT",
  bytes: "BYTES",
  duration: "TIME",
  integer: "N",
  number: "X",
  choice: "NAME",
  text: "TEXT",
  path: "PATH",
  place: "PLACE",
};

type Quantity = { readonly parse: (text: string) => ParsedNumber; readonly format: (value: number) => string };
type ParsedNumber = { readonly ok: true; readonly value: number } | Extract<ParsedValue, { ok: false }>;

const withoutSpaces = (text: string) => text.replaceAll(" ", "");

const quantities: Readonly<Record<"count" | "bytes" | "duration" | "integer" | "number", Quantity>> = {
  count: { parse: parseCount, format: (n) => withoutSpaces(formatCount(n)) },
  bytes: { parse: parseBytes, format: (n) => withoutSpaces(formatBytes(n)) },
  duration: { parse: parseDuration, format: (s) => withoutSpaces(formatDuration(s).replace(/ 00 [sm]$/, "")) },
  integer: {
    parse: (text) => decimal(text, /^-?\d{1,15}$/, /^-?\d+$/.test(text) ? "at most 15 digits" : "a whole number"),
    format: String,
  },
  number: {
    parse: (text) => decimal(text, /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i, 'a number such as "0.5"'),
    format: String,
  },
};

function decimal(text: string, form: RegExp, expected: string): ParsedNumber {
  const value = form.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return { ok: true, value };
  return { ok: false, expected, received: text === "" ? "nothing" : JSON.stringify(text) };
}
