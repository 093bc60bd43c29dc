/**
 * Numbers as people write them, both ways: every figure printed by Bantam and every quantity typed on its command line.
 * Prefixes are decimal (k = 1000) as in the papers; only the parser of bytes also knows KiB, MiB, GiB.
 */

/** What a parser made of a text. A failure carries the facts of a `UsageError`; the caller adds where the text came from. */
export type Parsed =
  | { readonly ok: true; readonly value: number }
  | { readonly ok: false; readonly expected: string; readonly received: string; readonly hint?: string };

/** @example formatCount(4_231_976); // "4.23 M" */
export function formatCount(n: number): string {
  return withPrefix(n, "");
}

/** Decimal units. @example formatBytes(256_000); // "256 kB" */
export function formatBytes(n: number): string {
  return withPrefix(n, "B");
}

/** @example [0.85, 12.3, 125, 3720].map(formatDuration); // "850 ms", "12.3 s", "2 m 05 s", "1 h 02 m" */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return notFinite(seconds);
  if (seconds < 0) return `-${formatDuration(-seconds)}`;
  if (seconds === 0) return "0 s";
  if (seconds < 0.9995) return `${threeDigits(seconds * 1000)} ms`;
  if (seconds < 59.95) return `${threeDigits(seconds)} s`;
  if (seconds < 3599.5) {
    const whole = Math.round(seconds);
    return `${Math.floor(whole / 60)} m ${twoPlaces(whole % 60)} s`;
  }
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoPlaces(minutes % 60)} m`;
}

/**
 * As `parseDuration` takes it, and to the same number of seconds; from a microsecond on.
 * @example [5420, 600, 12.5].map(formatDurationExactly); // "1h30m20s", "10m", "12.5s"
 */
export function formatDurationExactly(seconds: number): string {
  if (!Number.isInteger(seconds)) return `${seconds}s`;
  let rest = seconds;
  const parts = (["d", "h", "m", "s"] as const).map((unit) => {
    const count = Math.floor(rest / secondsPer[unit]);
    rest -= count * secondsPer[unit];
    return count === 0 ? "" : `${count}${unit}`;
  });
  return parts.join("") || "0s";
}

/** @example formatPercent(0.8841); // "88.4 %" */
export function formatPercent(fraction: number, digits = 1): string {
  return Number.isFinite(fraction) ? `${(fraction * 100).toFixed(digits)} %` : notFinite(fraction);
}

/** A whole number with an optional decimal prefix: `300000`, `5M`, `1.5 G`, `1e6`. */
export function parseCount(text: string): Parsed {
  const expected = 'a count such as "300000", "100k" or "1.5G"';
  const fail = failure(text, expected);
  const match = /^(?<number>\S*?)\s*(?<suffix>[a-z]*)$/i.exec(text.trim());
  const number = decimal(match?.groups?.number ?? "");
  if (number === null) return fail(signHint(text));
  const suffix = match!.groups!.suffix!;
  const power = decimalPower(suffix);
  if (power === null) return fail(suffix === "m" ? '"M" is a million' : "known suffixes are k, M, G and T");
  return whole(scaled(number, power), fail);
}

/** A whole number of bytes: `512`, `256kB` (1000 each), `1MiB` (1024² each), `2 G`. */
export function parseBytes(text: string): Parsed {
  const expected = 'a size in bytes such as "512", "256kB" or "1MiB"';
  const fail = failure(text, expected);
  const match = /^(?<number>\S*?)\s*(?<suffix>[a-z]*)$/i.exec(text.trim());
  const number = decimal(match?.groups?.number ?? "");
  if (number === null) return fail(signHint(text));
  const suffix = match!.groups!.suffix!;
  const binary = /^([KMGT])iB?$/i.exec(suffix);
  if (binary) return whole(scaled(number, 0) * 1024 ** ("KMGT".indexOf(binary[1]!.toUpperCase()) + 1), fail);
  const power = decimalPower(suffix.replace(/B$/, ""));
  if (power === null) return fail("known units are B, kB, MB, GB, TB (1000 each) and KiB, MiB, GiB, TiB (1024 each)");
  return whole(scaled(number, power), fail);
}

/** Longest duration that is taken for meant: a year. */
const maxSeconds = 366 * 86_400;
const secondsPer = { d: 86_400, h: 3600, m: 60, s: 1, ms: 0.001 } as const;

/** One or more numbers with units, largest unit first: `90s`, `10m`, `1h30m`, `250ms`. @returns seconds */
export function parseDuration(text: string): Parsed {
  const fail = failure(text, 'a duration such as "90s", "10m" or "1h30m"');
  const units = Object.keys(secondsPer) as (keyof typeof secondsPer)[];
  let rest = text.trim();
  if (decimal(rest) !== null) return fail(`add a unit: "${rest}s" is seconds, "${rest}m" minutes`);

  let seconds = 0;
  let lastUnit = -1;
  do {
    const part = /^(?<number>[\d.]+)\s*(?<unit>[a-z]+)\s*/i.exec(rest);
    const number = decimal(part?.groups?.number ?? "");
    if (number === null) return fail(signHint(text));
    const unit = units.indexOf(part!.groups!.unit as keyof typeof secondsPer);
    if (unit === -1) return fail("known units are d, h, m (minutes), s and ms");
    if (unit <= lastUnit) return fail("write each unit once, the largest first");
    const name = units[unit]!;
    seconds += name === "ms" ? scaled(number, -3) : scaled(number, 0) * secondsPer[name];
    lastUnit = unit;
    rest = rest.slice(part![0].length);
  } while (rest !== "");
  return seconds <= maxSeconds ? { ok: true, value: seconds } : fail("the longest duration is 366 days");
}

const prefixes = ["", "k", "M", "G", "T"] as const;

function withPrefix(n: number, unit: string): string {
  if (!Number.isFinite(n)) return notFinite(n);
  let step = 0;
  let digits = threeDigits(n);
  // Looks at the rounded digits, so that 999 960 prints as 1 M and not as 1000 k.
  while (Math.abs(Number(digits)) >= 1000 && step < prefixes.length - 1) digits = threeDigits(n / 1000 ** ++step);
  const suffix = `${prefixes[step]}${unit}`;
  return suffix === "" ? digits : `${digits} ${suffix}`;
}

/** At least three significant digits, at most one place after the point from ten up: 0.0123, 4.23, 12.3, 300.8. */
function threeDigits(n: number): string {
  const size = Math.abs(n);
  if (size === 0) return "0";
  if (size < 1) return String(Number(n.toPrecision(3)));
  return String(Number(n.toFixed(size < 10 ? 2 : 1)));
}

function twoPlaces(n: number): string {
  return String(n).padStart(2, "0");
}

function notFinite(n: number): string {
  return Number.isNaN(n) ? "–" : n > 0 ? "∞" : "-∞";
}

/** The text itself if it is a plain non-negative decimal; null otherwise. */
function decimal(text: string): string | null {
  return /^(\d+\.?\d*|\.\d+)(e\+?\d{1,3})?$/i.test(text) ? text : null;
}

/** `number · 10^power`, rounded once: 4.23 M is 4 230 000 and not 4 230 000.000 000 001. */
function scaled(number: string, power: number): number {
  const [mantissa, exponent = "0"] = number.toLowerCase().split("e");
  return Number(`${mantissa}e${Number(exponent) + power}`);
}

function decimalPower(prefix: string): number | null {
  const step = prefixes.indexOf((prefix === "K" ? "k" : prefix) as (typeof prefixes)[number]);
  return step === -1 ? null : 3 * step;
}

function whole(value: number, fail: (hint?: string) => Parsed): Parsed {
  if (value > Number.MAX_SAFE_INTEGER) return fail("the largest number is 9007 T (2^53 - 1)");
  return Number.isInteger(value) ? { ok: true, value } : fail("the number must come out whole");
}

function failure(text: string, expected: string): (hint?: string) => Parsed {
  const received = text.trim() === "" ? "nothing" : `"${text}"`;
  return (hint) => (hint === undefined ? { ok: false, expected, received } : { ok: false, expected, received, hint });
}

function signHint(text: string): string | undefined {
  if (/^\s*[-−]/.test(text)) return "it cannot be negative";
  return /\d,\d/.test(text) ? "write thousands without a comma, a fraction with a point" : undefined;
}
