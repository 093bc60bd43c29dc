import { z } from "zod";
import { defineStrategy } from "../strategy-kind.js";
import { createNovelty } from "./novelty.js";

/** What every other strategy has to beat. */
export const random = defineStrategy({
  name: "random",
  summary: "Candidates drawn at random, none of them twice",
  source: "Li and Talwalkar 2019, arXiv:1902.07638: a baseline that is hard to beat",
  options: z.strictObject({}),
  search: () =>
    async function* (context) {
      const novelty = createNovelty(context);
      for (;;) {
        const candidate = novelty.random();
        if (candidate === null) return;
        yield { candidate, parent: null };
      }
    },
});
