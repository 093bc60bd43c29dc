import type { Sides } from "./picture-shape.js";

const splitNames = ["train", "validation", "test"] as const;
export type SplitName = (typeof splitNames)[number];

/** One labelled picture. */
export type Sample = {
  /** A path relative to the dataset's root with forward slashes, or `t10k-images-idx3-ubyte.gz#123`. */
  readonly source: string;
  /** Index into the dataset's `classes`. */
  readonly label: number;
  /** Hexadecimal SHA-256 of the file, or of the pixels in an IDX file: what the picture is, wherever it lies. */
  readonly content: string;
};

/** A picture, or a folder, that was left out. */
export type Skipped = { readonly source: string; readonly reason: string };

/** What the pictures look like, by their headers. */
export type Looks = {
  /** Pictures whose header could be read. */
  readonly count: number;
  /** Those whose files hold no colour. */
  readonly grey: number;
  /** Those more than twice as long as wide, or as wide as long: more than half of each is cut off. */
  readonly elongated: number;
};

/**
 * Samples as their owner divided them, before Bantam divides the rest. `null`: there is no such part,
 * and it will be carved from `train`.
 */
export type GivenSplits = {
  readonly train: readonly Sample[];
  readonly validation: readonly Sample[] | null;
  readonly test: readonly Sample[] | null;
};

/** What a reader of one kind of dataset finds, before any picture is decoded. */
export type Collection = {
  readonly classes: readonly string[];
  readonly given: GivenSplits;
  /** 1 when every image's file is grey. */
  readonly channels: 1 | 3;
  /** Of the pictures whose headers could be read, px. */
  readonly sides: readonly Sides[];
  /** Are all pictures the same square, stored as bare pixels? Then any side can be taken as it is. */
  readonly barePixels: boolean;
  readonly skipped: readonly Skipped[];
  /** See `Dataset`. */
  readonly ignored: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
  readonly looks: Looks;
  /** Hexadecimal SHA-256; see `Dataset`. */
  readonly fingerprint: string;
};
