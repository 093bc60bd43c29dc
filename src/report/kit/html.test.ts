import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeHtml, given, html, shorten } from "./html.js";

test("data is escaped, markup is not escaped twice", () => {
  const name = `<script>alert("1" & '2')</script>`;
  const safe = "&lt;script&gt;alert(&quot;1&quot; &amp; &#39;2&#39;)&lt;/script&gt;";
  expect(html`<b title="${name}">${given(name)}</b>`.text).toBe(`<b title="${safe}"><bdi>${safe}</bdi></b>`);
});

test("no text can leave its element or its attribute", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(escapeHtml(text)).not.toMatch(/[<>"']/);
      expect(unescapeHtml(escapeHtml(text))).toBe(text.replace(/\p{Cc}/gu, (c) => (/[\t\n\r]/.test(c) ? c : "\uFFFD")));
    }),
  );
});

test("lists are joined, nothing is written for null and false, numbers are coordinates", () => {
  expect(html`${[html`<i>`, "&", null, false]}${1 / 3}|${-0.001}|${1e-9}`.text).toBe("<i>&amp;0.33|0|0");
  expect(() => html`${Number.NaN}`).toThrow("internal: NaN in markup");
});

test("shorten keeps both ends and counts what a reader counts", () => {
  expect(shorten("shoes/left/0001.png", 9)).toBe("shoe….png");
  expect(shorten("shoes", 5)).toBe("shoes");
  expect(shorten("👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", 2)).toBe("👩‍👩‍👧…");
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 1, max: 20 }), (text, length) => {
      expect(shorten(text, length).length).toBeLessThanOrEqual(length);
    }),
  );
});

function unescapeHtml(text: string): string {
  const characters: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', "#39": "'" };
  return text.replace(/&([^;]+);/g, (_, name: string) => characters[name]!);
}
