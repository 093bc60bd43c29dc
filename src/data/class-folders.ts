/** Which folders of a dataset are its parts, and which are its classes. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DataError } from "../base/index.js";
import { namesIn, quoted, requireKnown, sameName } from "./class-names.js";
import { findLayout, isPartName, isTrainingName } from "./folder-layout.js";
import type { SplitName } from "./sample.js";
import { isImage, type Scan, within } from "./scan.js";

/** `name` is in Unicode's form NFC; the folder's own may be in another. */
export type ClassFolder = { readonly folder: string; readonly name: string; readonly split: SplitName };

export type ClassFolders = {
  /** The folder that was meant: the root, or one in it that is alone there. */
  readonly base: string;
  /** Of the training part, in the order a person would give them. */
  readonly classes: readonly string[];
  readonly folders: readonly ClassFolder[];
  /** Every folder above the class folders, the root among them. */
  readonly above: readonly string[];
  readonly splits: ReadonlySet<SplitName>;
};

/** Does not tell classes apart where every class holds folders of such a name. */
const neutral = /^(?:images?|imgs?|pictures?|photos?|jpe?gs?|pngs?|raw|original|[^\p{L}]*)$/iu;

/**
 * @param known classes where they are known already, as a model's: then some may be missing, no other may be there, and nothing is asked.
 * @throws {DataError} when there is no picture in a sub-folder, two folders name the same part, a part to measure on has other classes
 *   than the training part, or what the classes are can be read in two ways.
 */
export async function findClassFolders(
  root: string,
  scan: Scan,
  known: readonly string[] | null,
): Promise<ClassFolders> {
  const isKnown = (name: string) => known?.some((other) => sameName(other, name)) ?? false;
  const base = await descend(scan, "", (name) => isTrainingName(name) || isKnown(name));
  const top = await scan.list(base);
  const at = join(root, base);
  await scan.noteFiles(base);
  const chosen = await chosenClasses(root, base, scan);
  const holdsClasses = async (name: string) => {
    const { folders, files } = await scan.list(within(base, name));
    return folders.length > 0 && !files.some(isImage);
  };
  const layout =
    chosen === null && (known === null || !top.folders.every(isKnown))
      ? await findLayout(at, top.folders, holdsClasses)
      : { parts: [{ split: "train", folder: "" } as const], beside: [] };
  if (layout.parts.length === 0 || top.folders.length === 0) throw withoutFolders(at, top.files.filter(isImage).length);
  for (const name of layout.beside) {
    scan.skipped.push({ source: within(base, name), reason: "a folder beside train and test" });
  }
  const parts = layout.parts.map(({ split, folder }) => ({ split, folder: within(base, folder) }));
  for (const { split, folder } of layout.parts) {
    if (folder !== "" && !plainNames[split].includes(folder.toLowerCase()))
      scan.notes.push(`${within(base, folder)} is taken for the ${inWords[split]}`);
  }

  const train = parts.find(({ split }) => split === "train")!;
  const inTrain = await classFoldersOf(root, train, scan, known);
  const classes = namesOf(inTrain);
  if (known === null && classes.length === 0) throw await withoutClasses(root, inTrain.at, base, scan);
  const found = [inTrain];
  for (const part of parts.filter((each) => each !== train)) {
    const held = await classFoldersOf(root, part, scan, known ?? classes);
    found.push(known === null ? heldOut(root, held, classes) : held);
  }
  // In the order of the parts, which the division into splits and with it every training depends on.
  const inOrder = parts.flatMap((part) => found.filter(({ split }) => split === part.split));
  return {
    base,
    classes: known === null ? classes : ofModel(root, found, known),
    folders: inOrder.flatMap(({ folders }) => folders),
    above: ["", base, ...inOrder.map(({ at }) => at)].filter((folder, i, all) => all.indexOf(folder) === i),
    splits: new Set(parts.map(({ split }) => split)),
  };
}

const namesOf = ({ folders }: Part) => [...new Set(folders.map(({ name }) => name))];

/** The folders' own order, so that a folder is the same with a model and without. */
function ofModel(root: string, parts: readonly Part[], known: readonly string[]): readonly string[] {
  const classes = [...new Set(parts.flatMap(namesOf))];
  requireKnown(root, classes, known);
  return classes;
}

/** Of which nothing need be said. */
const plainNames = { train: ["train"], validation: ["val", "validation"], test: ["test"] };
const inWords = { train: "training part", validation: "validation part", test: "test part" } as const;

/**
 * Down to where there is more than one folder, or pictures: `photos/photos/cat`, `seg_train/seg_train/forest`.
 *
 * @param stopsAt whether a single folder is a part or a class by its name.
 */
async function descend(scan: Scan, start: string, stopsAt: (name: string) => boolean): Promise<string> {
  let at = start;
  for (;;) {
    const { folders, files } = await scan.list(at);
    const [only] = folders;
    if (folders.length !== 1 || files.some(isImage) || stopsAt(only!)) break;
    const below = await scan.list(within(at, only!));
    if (below.folders.length === 0 || below.files.some(isImage)) break;
    await scan.noteFiles(at);
    at = within(at, only!);
  }
  if (at !== start) scan.notes.push(`the classes lie in ${at}, a single folder${start === "" ? "" : ` in ${start}`}`);
  return at;
}

type Part = { readonly split: SplitName; readonly at: string; readonly folders: readonly ClassFolder[] };

/** @param known classes of the training part: a folder of that name is one, though it be alone. */
async function classFoldersOf(
  root: string,
  { split, folder }: { readonly split: SplitName; readonly folder: string },
  scan: Scan,
  known: readonly string[] | null,
): Promise<Part> {
  const isClass = (name: string) => known?.some((other) => sameName(other, name)) ?? false;
  const at = await descend(scan, folder, isClass);
  const chosen = await chosenClasses(root, at, scan);
  const names = (await scan.classesOf(at)).filter((name) => chosen?.some((other) => sameName(other, name)) ?? true);
  if (known === null && chosen === null) await refuseTwoReadings(root, at, names, scan);
  const folders = names.map((name) => ({ folder: within(at, name), name: name.normalize("NFC"), split }));
  for (const { name, folder: own } of folders) {
    const twin = folders.find((other) => other.name === name && other.folder < own);
    if (twin !== undefined)
      scan.notes.push(`${name} is the name of two folders, in two forms of Unicode, and one class`);
  }
  return { split, at, folders };
}

/** The lines of `classes.txt`, where all of them are folders beside it: what its owner says goes. */
async function chosenClasses(root: string, at: string, scan: Scan): Promise<readonly string[] | null> {
  const { folders, files } = await scan.list(at);
  if (!files.includes("classes.txt")) return null;
  const lines = namesIn(await readFile(join(root, at, "classes.txt"), "utf8").catch(() => ""));
  const isFolder = (line: string) => folders.some((name) => sameName(name, line));
  return lines.length > 0 && lines.every(isFolder) ? lines : null;
}

function heldOut(root: string, part: Part, classes: readonly string[]): Part {
  const at = join(root, part.at);
  if (part.folders.length === 0) {
    const hint = "images without a class cannot measure a network: sort them, or move the folder away";
    throw new DataError({ at, expected: "one sub-folder per class", received: "no sub-folder", hint });
  }
  const unknown = part.folders.map(({ name }) => name).filter((name) => !classes.includes(name));
  if (unknown.length === 0) return part;
  const expected = `only classes of the training folder (${quoted(classes)})`;
  throw new DataError({ at, expected, received: quoted(unknown) });
}

/**
 * Folders that all hold the same folders are parts of something, and those may be the classes; and a folder that holds the classes once
 * more is none.
 */
async function refuseTwoReadings(root: string, at: string, names: readonly string[], scan: Scan): Promise<void> {
  if (names.length < 2) return;
  const inside: (readonly string[])[] = [];
  for (const name of names) {
    const { folders, files } = await scan.list(within(at, name));
    inside.push(files.some(isImage) ? [] : folders);
  }
  const file = join(root, at, "classes.txt");
  const whole = names.findIndex((_, i) => inside[i]!.length > 1 && inside[i]!.every((name) => names.includes(name)));
  if (whole !== -1) {
    throw new DataError({
      at: join(root, at),
      expected: "classes beside each other",
      received: `"${names[whole]}", which holds ${quoted(inside[whole]!)} once more`,
      hint: `move it away, or give ${join(root, at, names[whole]!)}; where it is a part to test on, put the classes beside it into a folder "train"; where it is a class, write the names of all classes into ${file}, one a line`,
    });
  }
  const shared = inside[0]!.filter((name) => !neutral.test(name) && inside.every((each) => each.includes(name)));
  if (shared.length < 2 && !shared.some(isPartName)) return;
  throw new DataError({
    at: join(root, at),
    expected: "folders that are classes, or parts of the data",
    received: `${quoted(names)}, which all hold ${quoted(shared)}`,
    hint: `where ${quoted(shared)} are the classes, give one of the folders, as ${join(root, at, names[0]!)}, or name them for what they are, as train and test; where ${quoted(names)} are the classes, write their names into ${file}, one a line`,
  });
}

/** Of a training part; where its name is one of a class, that may be what was meant. */
async function withoutClasses(root: string, at: string, base: string, scan: Scan): Promise<DataError> {
  const { facts } = withoutFolders(join(root, at), (await scan.list(at)).files.filter(isImage).length);
  const hint = `put the images of each class in a sub-folder named after it; where "${at}" is a class itself, write the names of all classes into ${join(root, base, "classes.txt")}, one a line`;
  return new DataError({ ...facts, hint });
}

function withoutFolders(at: string, images: number): DataError {
  return new DataError({
    at,
    expected: "one sub-folder per class",
    received: images > 0 ? `${images} images and no sub-folder` : "no sub-folder",
    hint: "put the images of each class in a sub-folder named after it, or give a folder of MNIST's IDX files",
  });
}
