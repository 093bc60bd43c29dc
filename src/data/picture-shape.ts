/** Pictures that are no squares become squares in one of three ways, by choice or by the shapes there are. */

export type Sides = { readonly width: number; readonly height: number };

/** `crop` cuts the ends of the longer side off, `squeeze` makes both sides equal, `pad` lays the whole picture on grey. */
export const shapes = ["crop", "squeeze", "pad"] as const;
export type Shape = (typeof shapes)[number];

/** As cards of models have called them from the beginning. */
export const resizes = { crop: "cover", squeeze: "stretch", pad: "pad" } as const;

export const shapeOf = (resize: (typeof resizes)[Shape]): Shape => shapes.find((shape) => resizes[shape] === resize)!;

/** More than twice as long as wide, or as wide as long: a crop cuts more than half of it off. */
export const isElongated = ({ width, height }: Sides): boolean => Math.max(width, height) > 2 * Math.min(width, height);

/** By `results/shape.csv`: at a tenth cropping is better, at a fourth squeezing is as good or better. */
const ELONGATED_SHARE = 0.2;

/**
 * Pictures are cropped, unless more than a fifth of them are elongated: then they are squeezed. A padded picture has the fewest pixels of
 * its own in a square of a given side, and is no better on average; it is for those who need its proportions.
 */
export function shapeFor(pictures: readonly Sides[]): Shape {
  return pictures.filter(isElongated).length > ELONGATED_SHARE * pictures.length ? "squeeze" : "crop";
}

/** Side of the square, px, that shows a picture with the pixels it has: all of them, or as many. */
export function ownSide({ width, height }: Sides, shape: Shape): number {
  switch (shape) {
    case "crop":
      return Math.min(width, height);
    case "squeeze":
      return Math.round(Math.sqrt(width * height));
    case "pad":
      return Math.max(width, height);
  }
}
