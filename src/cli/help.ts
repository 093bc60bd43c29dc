/** Help as text, drawn from the definitions. */
import type { AnyCommand, View } from "./command.js";
import { displayWidth, wrapWords } from "./terminal.js";
import { type ArgumentDefinition, type OptionDefinition, placeholderOf, typedDefault } from "./values.js";

type Row = readonly [term: string, text: string];

const tagline = "AutoML for vision networks that must fit: labelled images and a budget in, a trained network out.";

const commonOptions: readonly Row[] = [
  ["--json", "print one JSON document to stdout and nothing else"],
  ["--quiet", "no progress; only the result (a line, where it lies in files), warnings and errors"],
  ["--no-color", "no colours; the variable NO_COLOR does the same"],
  ["-h, --help", "print this help"],
];

/** What `bantam --help` prints. */
export function overviewHelp(commands: readonly AnyCommand[], view: View): string {
  return page([
    lines(tagline, view),
    usage("bantam COMMAND [options]", view),
    section(
      "Commands",
      commands.map(({ name, summary }) => [name, summary]),
      view,
    ),
    section("Options", [...commonOptions, ["-V, --version", "print the version"]], view),
    lines("`bantam COMMAND --help` tells more about a command.", view),
  ]);
}

/** What `bantam COMMAND --help` prints. */
export function commandHelp(command: AnyCommand, view: View): string {
  const args = Object.entries(command.arguments);
  const options = Object.entries(command.options);
  const synopsis = ["bantam", command.name, ...args.map(([name, argument]) => synopsisOf(name, argument))];
  for (const [name, option] of options)
    if (option.kind !== "flag" && option.required) synopsis.push(optionTerm(name, option));

  return page([
    lines(command.summary, view),
    command.description === undefined ? null : lines(command.description, view),
    usage([...synopsis, "[options]"].join(" "), view),
    section(
      "Arguments",
      args.map(([name, argument]) => [argumentTerm(name, argument), textOf(argument)]),
      view,
    ),
    section(
      "Options",
      options.map(([name, option]) => [optionTerm(name, option), textOf(option)]),
      view,
    ),
    section("Common options", commonOptions, view),
    examples(command, view),
  ]);
}

/** `DATA`, `IMAGE…`. */
export function argumentTerm(name: string, argument: ArgumentDefinition): string {
  return `${(argument.placeholder ?? name).toUpperCase()}${argument.variadic ? "…" : ""}`;
}

function optionTerm(name: string, option: OptionDefinition): string {
  if (option.kind === "flag") return option.default ? `--no-${name}` : `--${name}`;
  return `--${name} ${placeholderOf(option)}`;
}

function synopsisOf(name: string, argument: ArgumentDefinition): string {
  const term = argumentTerm(name, argument);
  return argument.optional ? `[${term}]` : term;
}

function textOf(definition: ArgumentDefinition | OptionDefinition): string {
  if (definition.kind === "flag") return definition.help;
  const choices = definition.kind === "choice" ? `: ${definition.of.join(", ")}` : "";
  const typed = typedDefault(definition);
  const notes = [
    typed === null ? "" : ` [default\u00a0${typed}]`,
    "env" in definition && definition.env !== undefined ? ` [env\u00a0${definition.env}]` : "",
    "required" in definition && definition.required ? " [required]" : "",
  ];
  return `${definition.help}${choices}${notes.join("")}`;
}

function page(blocks: readonly (string | null)[]): string {
  return `${blocks.filter((block) => block !== null).join("\n\n")}\n`;
}

function lines(text: string, view: View): string {
  return text
    .split("\n")
    .map((paragraph) => wrapWords(paragraph, pageWidth(view)).join("\n"))
    .join("\n");
}

function usage(synopsis: string, view: View): string {
  return `${view.paint.bold("Usage")}\n  ${wrapWords(synopsis, pageWidth(view) - 2).join("\n    ")}`;
}

/** Terms left, texts right in one column, wrapped; a term too long for its column keeps a line of its own. */
function section(title: string, rows: readonly Row[], view: View): string | null {
  if (rows.length === 0) return null;
  const widest = Math.min(termColumn, Math.max(...rows.map(([term]) => displayWidth(term))));
  const indent = " ".repeat(widest + 4);
  const drawn = rows.flatMap(([term, text]) => {
    const [first = "", ...more] = wrapWords(text, Math.max(20, pageWidth(view) - indent.length));
    const room = widest - displayWidth(term);
    const head = `  ${view.paint.cyan(term)}`;
    const start = room >= 0 ? [`${head}${" ".repeat(room + 2)}${first}`.trimEnd()] : [head, `${indent}${first}`];
    return [...start, ...more.map((line) => `${indent}${line}`)];
  });
  return [view.paint.bold(title), ...drawn].join("\n");
}

function examples({ examples: list = [] }: AnyCommand, view: View): string | null {
  if (list.length === 0) return null;
  const drawn = list.map(
    ([line, what]) =>
      `  ${line}\n${wrapWords(what, pageWidth(view) - 6)
        .map((part) => `      ${view.paint.dim(part)}`)
        .join("\n")}`,
  );
  return [view.paint.bold("Examples"), ...drawn].join("\n");
}

const termColumn = 26;

/** Lines longer than a hundred columns are hard to read, however wide the window; without one they have 80. */
function pageWidth({ width }: View): number {
  return Number.isFinite(width) ? Math.max(40, Math.min(width, 100)) : 80;
}
