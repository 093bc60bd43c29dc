/**
 * Writes `schema/space.schema.json`, by which editors check and complete the files that describe a search space.
 *
 *     npx jiti scripts/space-schema.ts
 */
import { mkdir, writeFile } from "node:fs/promises";
import { spaceJsonSchema } from "../src/search/index.js";

const file = new URL("../schema/space.schema.json", import.meta.url);
await mkdir(new URL(".", file), { recursive: true });
await writeFile(file, `${JSON.stringify(spaceJsonSchema(), null, 2)}\n`);
