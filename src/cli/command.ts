/**
 * A command is data: help, parsing and the types of its arguments come from one definition, and `run` returns a value, so
 * that tests and other front doors call the same function. What is printed is a view of that value.
 */
import type { BantamError } from "../base/index.js";
import type { LiveProgress } from "./progress-line.js";
import type { Paint } from "./terminal.js";
import { type ArgumentDefinition, checkDefault, type OptionDefinition } from "./values.js";

export type ArgumentDefinitions = { readonly [name: string]: ArgumentDefinition };
export type OptionDefinitions = { readonly [name: string]: OptionDefinition };

type CamelCase<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

type ValueOf<D> = D extends { kind: "flag" }
  ? boolean
  : D extends { kind: "choice"; of: readonly (infer Choice)[] }
    ? Choice
    : D extends { kind: "text" | "path" | "place" }
      ? string
      : number;

type ArgumentValue<D> = D extends { variadic: true }
  ? readonly ValueOf<D>[]
  : D extends { optional: true }
    ? OptionalValue<D>
    : ValueOf<D>;

type OptionValue<D> = D extends { kind: "flag" } | { required: true } ? ValueOf<D> : OptionalValue<D>;

type OptionalValue<D> = D extends { default: unknown } ? ValueOf<D> : ValueOf<D> | undefined;

/** What `run` receives: `max-macs` arrives as `maxMacs`. */
export type Values<A, O> = {
  readonly [Name in keyof A & string as CamelCase<Name>]: ArgumentValue<A[Name]>;
} & { readonly [Name in keyof O & string as CamelCase<Name>]: OptionValue<O[Name]> };

/** What a running command has of the world. */
export type Context = {
  /** Aborted at Ctrl-C. The command saves its state and throws an `InterruptedError` whose hint tells how to resume. */
  readonly signal: AbortSignal;
  /** On stderr, and silent with `--quiet`, but for warnings. */
  readonly progress: LiveProgress;
  /** A line on stderr that `--quiet` does not silence. */
  warn(text: string): void;
  /** One of several things failed: it is named on stderr, the rest goes on, and the exit code will be 1. */
  failed(error: BantamError): void;
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** How `show` may draw. */
export type View = {
  readonly paint: Paint;
  readonly colour: boolean;
  /** Columns of the terminal. Infinite where there is none: what goes to a file or a program is not shortened. */
  readonly width: number;
};

export type Command<V, R> = {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  /** Whole command lines, each with what it does. */
  readonly examples?: readonly (readonly [line: string, what: string])[];
  readonly arguments: ArgumentDefinitions;
  readonly options: OptionDefinitions;
  /** `stdout` where the printed result is what the command is for (a profile); `stderr` where files are. */
  readonly shows: "stdout" | "stderr";
  // Methods, because their parameters are compared loosely: commands of different values fit in one list.
  run(values: V, context: Context): Promise<R>;
  show(result: R, view: View): string;
  /** The file that was written and the headline, in a line: what `--quiet` prints to stdout where the summary goes to stderr. */
  brief?(result: R): string;
};

export type AnyCommand = Command<never, unknown>;

type CommandDefinition<A, O, R> = {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly examples?: readonly (readonly [line: string, what: string])[];
  readonly arguments?: A;
  readonly options?: O;
  readonly shows?: "stdout" | "stderr";
  /** Returns plain data: `--json` prints it as it is. */
  readonly run: (values: Values<A, O>, context: Context) => Promise<R> | R;
  readonly show: (result: R, view: View) => string;
  readonly brief?: (result: R) => string;
};

/** Names that every command has already. */
const taken: readonly string[] = ["help", "version", "json", "quiet", "color", "no-color"];

/** @throws {Error} `internal:` where the definition contradicts itself. */
export function defineCommand<
  const A extends ArgumentDefinitions = Record<never, never>,
  const O extends OptionDefinitions = Record<never, never>,
  R = unknown,
>(definition: CommandDefinition<A, O, R>): Command<Values<A, O>, R> {
  const { run, show, shows = "stdout", brief, ...rest } = definition;
  if ((shows === "stderr") !== (brief !== undefined))
    throw new Error(`internal: ${definition.name}: a summary on stderr, and it alone, has a line for --quiet`);
  const args: ArgumentDefinitions = definition.arguments ?? {};
  const options: OptionDefinitions = definition.options ?? {};

  const names = [...Object.keys(args), ...Object.keys(options)];
  for (const [i, name] of names.entries()) {
    if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) || taken.includes(name) || names.indexOf(name) !== i) {
      throw new Error(`internal: ${definition.name}: "${name}" cannot be the name of an option or argument`);
    }
  }
  for (const [i, argument] of Object.values(args).entries()) {
    if (argument.variadic && i < Object.keys(args).length - 1) {
      throw new Error(`internal: ${definition.name}: only the last argument can be variadic`);
    }
  }
  for (const [name, value] of [...Object.entries(args), ...Object.entries(options)]) {
    checkDefault(value, `${definition.name}: ${name}`);
  }
  const door = { run: async (values: Values<A, O>, context: Context) => run(values, context), show };
  return { ...rest, arguments: args, options, shows, ...door, ...(brief && { brief }) };
}

/** `max-macs` → `maxMacs`. */
export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
