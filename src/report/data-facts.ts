/** What a folder of images was read as, and what of it was not used: the same for every command. */
import { formatPercent } from "../base/index.js";
import { plain } from "./kit/text-table.js";

export type DataFacts = {
  readonly name: string;
  /** Side that images are first looked at, px. */
  readonly side: number;
  /** How they became squares. */
  readonly shape: "crop" | "squeeze" | "pad";
  readonly channels: 1 | 3;
  readonly classes: readonly string[];
  /** Images. */
  readonly train: number;
  readonly validation: number;
  readonly test: number;
  /** Images of each class, in the same order. */
  readonly perClass: readonly {
    readonly label: string;
    readonly train: number;
    readonly validation: number;
    readonly test: number;
  }[];
  /** Images and folders that were left out, each with the reason. */
  readonly skipped: readonly { readonly source: string; readonly reason: string }[];
  /** What are no images: files by extension or name, folders of systems by name and a slash. */
  readonly ignored: Readonly<Record<string, number>>;
  /** How the folder was understood, where that is not plain. */
  readonly notes: readonly string[];
  /** By their headers: those whose files hold no colour, and those that would lose more than half to a crop. */
  readonly looks: { readonly count: number; readonly grey: number; readonly elongated: number };
};

const namesShown = 12;
const linesShown = 5;

/** Formats of pictures that are not read. */
const otherPictures = new Set(
  "heic heif bmp dib jxl svg svgz psd psb xcf ai eps pdf ico tga pcx ppm pgm pbm pnm jp2 j2k jpx exr hdr dcm dicom raw cr2 cr3 crw nef nrw arw srf sr2 dng raf orf rw2 pef srw x3f 3fr iiq"
    .split(" ")
    .map((extension) => `.${extension}`),
);

/** A warning is also for those who want to hear little. */
type Line = readonly [text: string, kind?: "warning"];
const line = (text: string): Line => [plain(text)];
const warning = (text: string): Line => [plain(text), "warning"];

/** Lines for a terminal: names and counts, however many classes there are, and all that was left out. */
export function dataLines(facts: DataFacts): Line[] {
  const { name, classes, train, validation, test, side } = facts;
  const counts = isDivided(facts)
    ? `${train} train, ${validation} validation, ${test} held-out test images`
    : `${test} images`;
  return [
    ...[`${name}: ${classes.length} classes, ${counts}, ${side} px`, classLine(facts), ...readingRemarks(facts)].map(
      line,
    ),
    ...leftOutLines(facts),
  ];
}

/** Otherwise all images are there to be measured. */
const isDivided = ({ train, validation }: DataFacts) => train + validation > 0;

function classLine(facts: DataFacts): string {
  const { perClass } = facts;
  const shown = perClass.slice(0, namesShown);
  const rest = perClass.slice(namesShown).map(({ train, validation, test }) => train + validation + test);
  const more =
    rest.length === 0
      ? ""
      : ` · and ${rest.length} more classes of ${Math.min(...rest)} to ${Math.max(...rest)} images`;
  if (!isDivided(facts)) return `${shown.map(({ label, test }) => `${label} ${test}`).join(" · ")}${more}`;
  const counts = shown.map(({ label, train, validation, test }) => `${label} ${train} + ${validation} + ${test}`);
  return `train + validation + test: ${counts.join(" · ")}${more}`;
}

/** What else there is to say of the images, a sentence each. */
export const dataRemarks = (facts: DataFacts): string[] => [
  ...readingRemarks(facts),
  ...unreadPictures(facts),
  ...noPictures(facts),
];

function readingRemarks(facts: DataFacts): string[] {
  const { notes, channels, looks } = facts;
  const { count, grey } = looks;
  const stored = `${grey} of ${count} images are stored in grey, ${count - grey} in colour`;
  return [
    ...(notes.length > linesShown + 1
      ? [...notes.slice(0, linesShown), `and ${notes.length - linesShown} more of the kind`]
      : notes),
    ...(channels === 3 && grey > 0 && grey < count ? [`${stored}: colours are kept`] : []),
    ...(channels === 1 && grey < count ? [`${stored}, but none shows a colour: all are taken for grey`] : []),
    ...shapeRemarks(facts),
  ];
}

const madeSquare = {
  crop: "more than half of each is cut off to make it square, unless trained with --shape squeeze or pad",
  squeeze: "all images are squeezed to squares, and nothing of them is cut off",
  pad: "all images lie whole on grey squares, and nothing of them is cut off",
} as const;

function shapeRemarks({ shape, looks: { count, elongated } }: DataFacts): string[] {
  if (elongated === 0) return [];
  const many = `${elongated} of ${count} images (${formatPercent(elongated / count, 0)})`;
  return [`${many} are more than twice as long in one direction: ${madeSquare[shape]}`];
}

type LeftOut = Pick<DataFacts, "ignored" | "skipped">;

/** Pictures that may be missed are warnings, seven lines at most; what is no picture is not. */
export const leftOutLines = (facts: LeftOut): Line[] => [
  ...unreadPictures(facts).map(warning),
  ...noPictures(facts).map(line),
  ...skippedLines(facts).map(warning),
];

function unreadPictures(facts: LeftOut): string[] {
  const kinds = kindsOf(facts, (kind) => otherPictures.has(kind));
  if (kinds.length === 0) return [];
  const convert = `convert them to PNG or JPEG, as with \`magick mogrify -format png *${kinds[0]![0]}\``;
  return [`not used: ${listed(kinds)}, which Bantam does not read: ${convert}`];
}

function noPictures(facts: LeftOut): string[] {
  const kinds = kindsOf(facts, (kind) => !otherPictures.has(kind));
  return kinds.length === 0 ? [] : [`not used, no images: ${listed(kinds)}`];
}

type Kinds = readonly (readonly [kind: string, count: number])[];

const kindsOf = ({ ignored }: LeftOut, isWanted: (kind: string) => boolean): Kinds =>
  Object.entries(ignored)
    .filter(([kind]) => isWanted(kind))
    .sort(([, a], [, b]) => b - a);

function listed(kinds: Kinds): string {
  const shown = kinds
    .slice(0, namesShown)
    .map(([kind, count]) => `${count} ${kind === "(none)" ? "without extension" : kind}`);
  return `${shown.join(", ")}${kinds.length > namesShown ? ` and ${kinds.length - namesShown} more kinds` : ""}`;
}

function skippedLines({ skipped }: LeftOut): string[] {
  const rest = skipped.length - linesShown;
  return [
    ...skipped.slice(0, linesShown).map(({ source, reason }) => `skipped ${source}: ${reason}`),
    ...(rest > 0 ? [`skipped ${rest} more: --json lists them all`] : []),
  ];
}
