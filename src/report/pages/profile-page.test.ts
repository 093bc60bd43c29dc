import { expect, test } from "vitest";
import { buildArchitecture, explainNetwork, profileArchitecture } from "../../networks/index.js";
import { renderProfilePage, renderProfileSvg } from "./profile-page.js";

const profile = profileArchitecture(buildArchitecture("mobilenet-v3-small"));
const page = renderProfilePage(profile, "1.2.3");

test("the page shows the network, every stage, every layer and the exact totals", () => {
  expect([...page.matchAll(/<h2[^>]*>([^<]*)</g)].map(([, heading]) => heading)).toEqual([
    ...["Network", "Layers", "Conventions"],
  ]);
  expect(page.match(/<g class="block/g)).toHaveLength(2 * (profile.stages.length + 1)); // in both layouts
  for (const { name } of profile.layers) expect(page).toContain(`<bdi>${name}</bdi>`);
  expect(page.replaceAll("\u00a0", " ")).toContain("2 542 856 parameters, 56 510 400 multiply-adds");
  expect(page).not.toMatch(/<script|<link|@import|url\(|https?:/i);
});

test("with an explanation, the page has it", () => {
  const explained = renderProfilePage({ ...profile, explanation: explainNetwork("mobilenet-v3-small") }, "1.2.3");
  expect(explained).toContain("Why others print other numbers");
  expect(explained.replaceAll("\u00a0", " ")).toContain("2 946 568");
});

test("the picture stands alone, and a grey image has one channel", () => {
  const svg = renderProfileSvg({ ...profile, channels: 1 });
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" role="img"/);
  expect(svg).not.toMatch(/var\(|undefined|NaN/);
  expect(svg).toContain("input\u2069: 1 × 224 × 224");
  expect(svg.match(/<g class="block/g)).toHaveLength(profile.stages.length + 1);
});
