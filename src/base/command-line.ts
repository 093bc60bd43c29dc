/**
 * A line for a shell: words that it would take apart are quoted, options without a value left out. `true` is a flag that is given.
 *
 * @example commandLine(["bantam", "fit", "my photos"], { seed: 1, out: undefined }); // "bantam fit 'my photos' --seed 1"
 */
export function commandLine(
  words: readonly string[],
  options: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const given = Object.entries(options).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, quoted(String(value))];
  });
  return [...words.map(quoted), ...given].join(" ");
}

const quoted = (word: string) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);
