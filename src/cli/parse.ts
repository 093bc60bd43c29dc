/** A command line to a command and its values. Commander splits it, this file checks it and words what is wrong with it. */
import { Argument, Command as Commander, CommanderError, Option } from "commander";
import { closest, type Facts, looksLikeAddress, shownAddress, UsageError } from "../base/index.js";
import { type AnyCommand, camelCase, type View } from "./command.js";
import { argumentTerm, commandHelp, overviewHelp } from "./help.js";
import { SeveralErrors } from "./several.js";
import { expectedOf, parseValue, placeholderOf } from "./values.js";

export type CommandLine =
  | { readonly kind: "help"; readonly text: string }
  | { readonly kind: "version" }
  | { readonly kind: "run"; readonly command: AnyCommand; readonly values: Readonly<Record<string, unknown>> };

/**
 * @param argv without the program's own name.
 * @throws {UsageError} naming the option or argument, or {SeveralErrors} with one for each value that is wrong.
 */
export function parseCommandLine(
  argv: readonly string[],
  commands: readonly AnyCommand[],
  { env, view }: { readonly env: Readonly<Record<string, string | undefined>>; readonly view: View },
): CommandLine {
  let found: CommandLine | null = null;
  let help = "";
  const program = quiet(new Commander("bantam"), overviewHelp(commands, view))
    .version("", "-V, --version")
    .option("--json")
    .option("--quiet")
    .option("--no-color");
  for (const command of commands) {
    const sub = quiet(program.command(command.name), commandHelp(command, view));
    for (const [name, argument] of Object.entries(command.arguments)) {
      const dots = argument.variadic ? "..." : "";
      sub.addArgument(new Argument(argument.optional ? `[${name}${dots}]` : `<${name}${dots}>`));
    }
    for (const [name, option] of Object.entries(command.options)) {
      const isFlag = option.kind === "flag";
      sub.addOption(new Option(isFlag ? `--${isFlag && option.default ? "no-" : ""}${name}` : `--${name} <value>`));
    }
    sub.action(() => {
      found = { kind: "run", command, values: valuesOf(command, sub.processedArgs, sub.opts(), env) };
    });
  }

  try {
    program.parse(argv, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === "commander.version") return { kind: "version" };
    // Who types the name alone asks what there is.
    if (error.code === "commander.help" && help === "") return { kind: "help", text: overviewHelp(commands, view) };
    if (error.code === "commander.helpDisplayed" || error.code === "commander.help") {
      return { kind: "help", text: help };
    }
    throw new UsageError(reworded(error, argv, commands));
  }
  // Commander runs the action of a command, shows help or throws.
  if (found === null) throw new Error("internal: the command line led to no command");
  return found;

  /** Nothing is printed and nothing exits: what Commander has to say is returned or thrown. */
  function quiet(commander: Commander, text: string): Commander {
    return commander
      .exitOverride()
      .showSuggestionAfterError(false)
      .configureHelp({ formatHelp: () => text })
      .configureOutput({ writeOut: (part) => (help += part), writeErr: () => {}, outputError: () => {} });
  }
}

function valuesOf(
  command: AnyCommand,
  positional: readonly unknown[],
  given: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  const errors: UsageError[] = [];
  const read = (definition: Parameters<typeof parseValue>[0], text: string, at: string): unknown => {
    const parsed = parseValue(definition, text);
    if (parsed.ok) return parsed.value;
    const { ok: _, ...facts } = parsed;
    errors.push(new UsageError({ at, ...facts }));
    return undefined;
  };

  for (const [i, [name, argument]] of Object.entries(command.arguments).entries()) {
    const at = argumentTerm(name, argument);
    const text = positional[i] as string | readonly string[] | undefined;
    if (text === undefined) values[camelCase(name)] = argument.variadic ? [] : argument.default;
    else if (typeof text === "string") values[camelCase(name)] = read(argument, text, at);
    else values[camelCase(name)] = text.map((one) => read(argument, one, at));
  }
  for (const [name, option] of Object.entries(command.options)) {
    const key = camelCase(name);
    if (option.kind === "flag") {
      values[key] = given[key] ?? option.default ?? false;
      continue;
    }
    const typed = given[key] as string | undefined;
    // An empty variable is an unset one, as in most programs.
    const inherited = option.env === undefined ? undefined : env[option.env] || undefined;
    if (typed?.startsWith("--")) {
      const hint = `write --${name} ${placeholderOf(option)}`;
      errors.push(
        new UsageError({
          at: `--${name}`,
          expected: expectedOf(option),
          received: `the option ${typed.split("=")[0]}`,
          hint,
        }),
      );
    } else if (typed !== undefined) values[key] = read(option, typed, `--${name}`);
    else if (inherited !== undefined) values[key] = read(option, inherited, option.env!);
    else if (option.required) {
      errors.push(
        new UsageError({ at: `--${name}`, expected: expectedOf(option), received: "nothing", hint: option.help }),
      );
    } else values[key] = option.default;
  }
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new SeveralErrors(errors, `${errors.length} mistakes in the command line`);
  return values;
}

/** Commander's finding in our words. Its messages quote what they are about: `error: unknown option '--wdith'`. */
function reworded(error: CommanderError, argv: readonly string[], commands: readonly AnyCommand[]): Facts {
  const quoted = /'(.*)'/s.exec(error.message)?.[1] ?? "";
  const command = commandIn(argv, commands);
  const at = command === undefined ? "bantam" : `bantam ${command.name}`;
  switch (error.code) {
    case "commander.unknownCommand": {
      const names = commands.map(({ name }) => name);
      const guess = closest(quoted, names);
      const expected = `a command (${names.join(", ")})`;
      return {
        at: "bantam",
        expected,
        received: looksLikeAddress(quoted) ? shownAddress(quoted) : JSON.stringify(quoted),
        ...hint(guess && `did you mean "bantam ${guess}"?`),
      };
    }
    case "commander.unknownOption": {
      const name = quoted.split("=")[0]!;
      const guess = closest(name, optionNames(command));
      return {
        at: name,
        expected: `an option of \`${at}\``,
        received: "an unknown one",
        ...hint(guess && `did you mean ${guess}?`),
      };
    }
    case "commander.missingArgument": {
      const argument = command?.arguments[quoted];
      if (argument === undefined) break;
      return {
        at: argumentTerm(quoted, argument),
        expected: expectedOf(argument),
        received: "nothing",
        hint: argument.help,
      };
    }
    case "commander.optionMissingArgument": {
      const name = /--([a-z0-9-]+)/.exec(quoted)?.[1] ?? "";
      const option = command?.options[name];
      if (option === undefined || option.kind === "flag") break;
      return {
        at: `--${name}`,
        expected: expectedOf(option),
        received: "nothing",
        hint: `write --${name} ${placeholderOf(option)}`,
      };
    }
    case "commander.excessArguments": {
      const terms = Object.entries(command?.arguments ?? {}).map(([name, argument]) => argumentTerm(name, argument));
      const expected = terms.length === 0 ? "no arguments" : `no more arguments than ${terms.join(" ")}`;
      return {
        at,
        expected,
        received: /but got (\d+)/.exec(error.message)?.[1] ?? "more",
        ...hint("quote a path that contains spaces"),
      };
    }
  }
  return { at, expected: "a command line as in its help", received: error.message.replace(/^error: /, "") };
}

/** The command a line is about, so far as it can be told: no option before it takes a value. */
export function commandIn(argv: readonly string[], commands: readonly AnyCommand[]): AnyCommand | undefined {
  const word = argv.find((part) => !part.startsWith("-"));
  return commands.find(({ name }) => name === word);
}

function optionNames(command: AnyCommand | undefined): string[] {
  const own = Object.entries(command?.options ?? {}).map(([name, option]) =>
    option.kind === "flag" && option.default ? `--no-${name}` : `--${name}`,
  );
  return [...own, "--json", "--quiet", "--no-color", "--help", "--version"];
}

function hint(text: string | null): { hint?: string } {
  return text === null ? {} : { hint: text };
}
