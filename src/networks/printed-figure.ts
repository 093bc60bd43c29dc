/** Figures as papers print them: rounded, with a unit. */

/** A rounded figure and how finely it was printed: `3.4 M` is 3 400 000 in steps of 100 000. */
export type PrintedFigure = { readonly text: string; readonly value: number; readonly step: number };

const steps = { M: 1e6, B: 1e9, G: 1e9 } as const;

/** @throws {RangeError} `internal:` where the text is neither a whole number nor a decimal with its unit. */
export function printedFigure(text: string): PrintedFigure {
  const match = /^(?<digits>\d+)(?:\.(?<places>\d+))? (?<unit>[MBG])$/.exec(text);
  if (match === null) {
    if (!/^\d{1,3}(,\d{3})+$/.test(text)) throw new RangeError(`internal: "${text}" is no printed figure`);
    return { text, value: Number(text.replaceAll(",", "")), step: 1 };
  }
  const { digits, places = "", unit } = match.groups as { digits: string; places?: string; unit: keyof typeof steps };
  const step = steps[unit] / 10 ** places.length;
  return { text, value: Number(digits + places) * step, step };
}
