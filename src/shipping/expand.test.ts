import { expect, test, vi } from "vitest";
import { expandFolders } from "./expand.js";

const count = 500_000;

vi.mock(import("../data/index.js"), async (original) => ({
  ...(await original()),
  picturesBelow: async (folder: string) => ({
    files: Array.from({ length: count }, (_, i) => `${folder}/${i}.png`),
    skipped: Array.from({ length: count }, (_, i) => ({ source: `${i}.jpg`, reason: "damaged" })),
    ignored: {},
  }),
}));

test("a folder may hold more pictures than a call takes arguments", async () => {
  const { files, skipped } = await expandFolders([import.meta.dirname]);
  expect([files.length, skipped.length]).toEqual([count, count]);
});
