/** Output never lies among the images: it would be read as one of them the next time. */
import { realpath } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { UsageError } from "../base/index.js";

/**
 * @param data folder of images. @param places by their options.
 * @throws {UsageError} for a place that is that folder or in it, also by way of links.
 */
export async function requireApart(data: string, places: Readonly<Record<string, string | undefined>>): Promise<void> {
  const images = await realPath(data);
  for (const [at, place] of Object.entries(places)) {
    if (place === undefined) continue;
    const real = await realPath(place);
    if (real !== images && !real.startsWith(images.endsWith(sep) ? images : `${images}${sep}`)) continue;
    const name = basename(real) === basename(images) ? `${basename(images)}-results` : basename(real);
    const elsewhere = relative(process.cwd(), join(dirname(images), name));
    throw new UsageError({
      at,
      expected: `a folder outside the images, which are in ${data}`,
      received: real === images ? `${place}, the same folder` : `${place}, which is inside it`,
      hint: `give another, such as ${at} ${elsewhere}`,
    });
  }
}

/** Also of what does not exist yet. */
async function realPath(path: string): Promise<string> {
  const whole = resolve(path);
  const above = dirname(whole);
  return realpath(whole).catch(async () => (above === whole ? whole : join(await realPath(above), basename(whole))));
}
