import { expect, test } from "vitest";
import { explainNetwork } from "../networks/index.js";
import { explainSection, renderExplanation } from "./explanation.js";

test("rules with their differences, then the printed figures with their rules", () => {
  expect(renderExplanation(explainNetwork("mobilenet-v2"), { colour: false, width: 100 })).toMatchSnapshot();
});

test.each([48, 60, 80, 120])("no line is longer than %i", (width) => {
  for (const name of ["mobilenet-v3-small", "efficientnet-lite3", "mobilenet-v3-small-minimalistic"])
    for (const line of renderExplanation(explainNetwork(name), { colour: false, width }).split("\n"))
      expect([...line].length, line).toBeLessThanOrEqual(width);
});

test("a figure that no rule gives says how far off it is, and what is known", () => {
  const text = renderExplanation(explainNetwork("mobilenet-v2", { width: 1.4 }), { colour: false, width: 200 });
  expect(text).toContain(
    "6.9 M in arXiv:1801.04381, table 4: no rule here gives it (+13.0 % to our count); 6.9 M cannot",
  );
  expect(text).toContain("585 M in arXiv:1801.04381, table 4: no rule here gives it (+0.5 % to our count)\n");
});

test("the section of a page holds the same", () => {
  const { text } = explainSection(explainNetwork("efficientnet-b2"));
  expect(text).toMatch(/9\.2 M<\/th><td class="name">arXiv:1905\.11946, table 2<\/td><td>with the moving statistics/);
  expect(text).toContain("9\u00a0177\u00a0562");
  expect(text).toContain("+67\u00a0568");
});
