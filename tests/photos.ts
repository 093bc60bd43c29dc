/** A folder of photos as people have them: three classes, JPEG and PNG, every size, one broken file, one that is no image. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { createRng, type Rng } from "../src/base/index.js";

const shapes: Record<string, (size: number) => string> = {
  circle: (r) => `<circle r="${r}"`,
  cross: (r) => `<path d="M${-r},${-r} L${r},${r} M${-r},${r} L${r},${-r}" stroke="white" stroke-width="${r / 2}"`,
  stripes: (r) =>
    `<path d="M${-r},${-r / 2} H${r} M${-r},0 H${r} M${-r},${r / 2} H${r}" stroke="white" stroke-width="${r / 5}"`,
};

/** What `--quiet` leaves to be said of them. */
export const photosWarning = "warning: skipped circle/broken.jpg: a file that starts with 74 68 69 73\n";

export async function makePhotos(folder: string, perClass: number, seed = 7): Promise<void> {
  const rng = createRng(seed);
  for (const [label, shape] of Object.entries(shapes)) {
    await mkdir(join(folder, label), { recursive: true });
    for (let i = 0; i < perClass; i++) {
      const image = sharp(Buffer.from(drawing(rng, shape)));
      const path = join(folder, label, `${i}`);
      await (i % 3 === 0 ? image.png().toFile(`${path}.png`) : image.jpeg().toFile(`${path}.jpg`));
    }
  }
  await writeFile(join(folder, "circle", "broken.jpg"), "this is no picture");
  await writeFile(join(folder, "cross", "notes.txt"), "neither is this");
}

function drawing(rng: Rng, shape: (size: number) => string): string {
  const [width, height] = [48 + rng.integer(60), 48 + rng.integer(60)];
  const size = Math.min(width, height) * (0.25 + 0.15 * rng.uniform());
  const dark = () => `rgb(${rng.integer(110)},${rng.integer(110)},${rng.integer(110)})`;
  const centre = `translate(${width / 2 + rng.normal() * 3},${height / 2 + rng.normal() * 3})`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${dark()}"/>${shape(size)} fill="white" transform="${centre}"/></svg>`;
}
