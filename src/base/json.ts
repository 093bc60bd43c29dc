/** JSON that a person wrote, and where it is wrong. */
import type { Facts } from "./errors.js";

/**
 * What a text of JSON says, with or without a byte order mark before it.
 *
 * @param what should be there: `a recipe in JSON`.
 * @param fault makes the error of the facts.
 * @throws what `fault` makes, with line and column of the first character that cannot stand where it does, or of a name that its object
 *   has already: `JSON.parse` takes the last, and whoever wrote both may have meant the first; and for lists nested as no file of ours is.
 */
export function parseJson(marked: string, at: string, what: string, fault: (facts: Facts) => Error): unknown {
  const text = marked.replace(/^\ufeff/, "");
  const refuse = (offset: number, received: string) => {
    const before = text.slice(0, offset).split(/\r\n|\r|\n/);
    const [line, column] = [before.length, [...before.at(-1)!].length + 1];
    return fault({ at, expected: what, received: `in line ${line}, column ${column}, ${received}` });
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const { offset, expected } = faultOf(text);
    throw refuse(offset, `${shown(text.slice(offset, offset + 24))} in place of ${expected}`);
  }
  if (isNestedDeeper(value, MOST_LEVELS))
    throw fault({ at, expected: what, received: `lists or objects nested more than ${MOST_LEVELS} deep` });
  const repeated = repeatedName(text);
  if (repeated !== null) throw refuse(repeated.offset, `${repeated.name} for the second time`);
  return value;
}

/** The beginning of the rest; a space that JSON knows none of by its code. */
function shown(rest: string): string {
  if (rest === "") return "its end";
  const word = /^\S{1,12}/u.exec(rest)?.[0];
  return word === undefined
    ? `U+${rest.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`
    : JSON.stringify(word);
}

/** The first name that its object has already, as it is written. @param text that `JSON.parse` takes. */
function repeatedName(text: string): { readonly offset: number; readonly name: string } | null {
  const open: Set<unknown>[] = [];
  const sign = /[[\]{}"]/g;
  const inString = /\\.|"/g;
  for (let found = sign.exec(text); found !== null; found = sign.exec(text)) {
    if (found[0] === "{" || found[0] === "[") open.push(new Set());
    else if (found[0] !== '"') open.pop();
    else {
      inString.lastIndex = sign.lastIndex;
      while (inString.exec(text)![0] !== '"');
      sign.lastIndex = inString.lastIndex;
      colon.lastIndex = inString.lastIndex;
      if (!colon.test(text)) continue;
      const name = text.slice(found.index, inString.lastIndex);
      const names = open.at(-1)!;
      if (names.size === names.add(JSON.parse(name)).size) return { offset: found.index, name };
    }
  }
  return null;
}

/** After a string: it is a name. */
const colon = /[ \t\r\n]*:/y;

/** No file of ours has ten. What walks over a value recursively would run out of stack on some thousands. */
const MOST_LEVELS = 100;

/** Level by level, without recursion. */
function isNestedDeeper(value: unknown, levels: number): boolean {
  const nested = (values: readonly unknown[]) =>
    values.filter((each): each is object => typeof each === "object" && each !== null);
  let level = nested([value]);
  for (let depth = 0; depth < levels; depth++) level = nested(level.flatMap((each) => Object.values(each)));
  return level.length > 0;
}

/** One token after white space. The groups: an opening, a closing, a separator, a string, any other value. */
const token =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON has none of them in its strings
  /[ \t\r\n]*(?:([[{])|([\]}])|([,:])|("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[\da-fA-F]{4})[^"\\\u0000-\u001f]*)*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)))/y;

/**
 * The first character that cannot stand where it does, and what could. For a text that `JSON.parse` refuses.
 *
 * Without recursion, as the nesting of a text may be deeper than the stack.
 */
function faultOf(text: string): { readonly offset: number; readonly expected: string } {
  const open: ("[" | "{")[] = [];
  let wanted: "value" | "value or ]" | "key" | "key or }" | ":" | "after" = "value";
  token.lastIndex = 0;
  for (;;) {
    const start = token.lastIndex;
    const match = token.exec(text);
    const [whole = "", opening, closing, separator, string, other] = match ?? [];
    const inside = open.at(-1);
    const isValue = wanted === "value" || wanted === "value or ]";
    const closes = inside === "[" ? "]" : "}";
    const mayClose = inside !== undefined && (wanted === "after" || wanted.endsWith(`or ${closes}`));
    if (isValue && opening !== undefined) {
      open.push(opening as "[" | "{");
      wanted = opening === "[" ? "value or ]" : "key or }";
    } else if (isValue && (string ?? other) !== undefined) wanted = "after";
    else if (wanted.startsWith("key") && string !== undefined) wanted = ":";
    else if (wanted === ":" && separator === ":") wanted = "value";
    else if (wanted === "after" && separator === "," && inside !== undefined) wanted = inside === "[" ? "value" : "key";
    else if (mayClose && closing === closes) {
      open.pop();
      wanted = "after";
    } else {
      const spaces = /^[ \t\r\n]*/.exec(text.slice(start))![0].length;
      const offset = match === null ? start + spaces : start + whole.length - whole.trimStart().length;
      return { offset, expected: namesOf(wanted, inside, closes) };
    }
  }
}

function namesOf(wanted: string, inside: string | undefined, closes: string): string {
  switch (wanted) {
    case "value or ]":
      return 'a value or "]"';
    case "key":
      return "a name in double quotes";
    case "key or }":
      return 'a name in double quotes or "}"';
    case ":":
      return '":"';
    case "after":
      return inside === undefined ? "the end" : `"," or "${closes}"`;
    default:
      return "a value";
  }
}
