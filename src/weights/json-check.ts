/**
 * What `JSON.parse` hides and a reader of untrusted headers must see: a key given twice (the last one wins silently, and
 * another reader may take the first), numbers that are whole only after rounding (`1.0`, `1e2`, `-0`), and nesting that
 * would keep the parser busy for minutes.
 *
 * @param text what is to be JSON; other text gets null, as the parser finds that out.
 * @returns the first such thing, or null.
 */
export function hiddenFault(text: string): { readonly expected: string; readonly received: string } | null {
  const keysOf: (Set<string> | null)[] = []; // one per open bracket; null for a list
  for (let i = 0; i < text.length; i++) {
    if (keysOf.length > maxDepth) {
      return { expected: `brackets at most ${maxDepth} deep in the header`, received: around(text, i) };
    }
    switch (text[i]) {
      case "{":
        keysOf.push(new Set());
        break;
      case "[":
        keysOf.push(null);
        break;
      case "}":
      case "]":
        keysOf.pop();
        break;
      case "-":
      case ".":
        return { expected: "only whole, non-negative numbers in the header", received: around(text, i) };
      case "e":
      case "E":
        // Other than the e of true and false it can only be an exponent.
        if (/\d/.test(text[i - 1] ?? ""))
          return { expected: "only numbers in plain digits in the header", received: around(text, i) };
        break;
      case '"': {
        const end = endOfString(text, i);
        if (isKey(text, end)) {
          const key = unescaped(text.slice(i, end));
          const keys = keysOf.at(-1);
          if (key === null || !keys) return null;
          if (keys.has(key)) return { expected: "every key of the header once", received: `${key} twice` };
          keys.add(key);
        }
        i = end - 1;
      }
    }
  }
  return null;
}

/** The header, a tensor or the metadata, a list. */
const maxDepth = 3;

/** Just past the closing quote of the string that opens at `start`, or past the end. */
function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i + 1;
}

/** Keys are compared without their escapes: "\u0061" is "a". */
function unescaped(string: string): string | null {
  try {
    return JSON.parse(string) as string;
  } catch {
    return null;
  }
}

function isKey(text: string, end: number): boolean {
  let i = end;
  while (text[i] === " " || text[i] === "\n" || text[i] === "\t" || text[i] === "\r") i++;
  return text[i] === ":";
}

function around(text: string, i: number): string {
  return text.slice(Math.max(0, i - 12), i + 12);
}
