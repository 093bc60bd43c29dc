import type { Mistake } from "../fit-report.js";
import { bar } from "../kit/figure.js";
import { given, html, type Markup, shorten } from "../kit/html.js";
import { percent } from "../kit/words.js";

/** A picture smaller than this is shown with hard pixels: what the network saw, not a blur. */
const pixelatedBelow = 96;

/** The pictures on which the network was most sure and wrong. */
export function mistakes(list: readonly Mistake[]): Markup {
  const cards = list.toSorted((a, b) => b.probability - a.probability).map(card);
  return html`<section aria-labelledby="mistakes"><h2 id="mistakes">Most confident mistakes</h2>
${
  cards.length === 0
    ? html`<p class="read">There is no mistake to show.</p>`
    : html`<p class="read">How to read it: the pictures as the network saw them, the surest mistake first, with the probability it gave to the wrong answer. A wrong label in the
data often shows here before anywhere else.</p>
<ul class="cards">${cards}</ul>`
}</section>`;
}

function card({ source, truth, predicted, probability, image }: Mistake): Markup {
  const size = pngSize(image);
  const kind = size !== null && Math.max(...size) < pixelatedBelow ? "pixels" : "";
  const [is, said] = [shorten(truth, 40), shorten(predicted, 40)];
  // Anything but a picture inside the page stays out, whatever the security policy would do with it.
  const picture = image.startsWith("data:image/")
    ? html`<img class="${kind}" src="${image}" alt="Picture of ${is}, taken for ${said}">`
    : html`<span class="missing">no picture</span>`;
  return html`<li><div class="picture">${picture}</div>
<dl><div><dt>truth</dt><dd>${given(is)}</dd></div><div><dt>said</dt><dd class="wrong">${given(said)}</dd></div></dl>
<p class="sure"><span>${percent(probability)}</span>${bar(probability, "second")}</p>
<p class="source">${given(shorten(source, 48))}</p></li>`;
}

/**
 * Width and height of a PNG in a `data:` URL, from its header; null where there is none.
 * @source W3C PNG, §11.2.2: eight signature bytes, eight of chunk head, then two big-endian words.
 */
export function pngSize(url: string): readonly [width: number, height: number] | null {
  const head = /^data:image\/png;base64,([A-Za-z0-9+/]{32})/.exec(url)?.[1];
  if (head === undefined) return null;
  const bytes = Uint8Array.from(atob(head), (c) => c.charCodeAt(0));
  const words = new DataView(bytes.buffer);
  return [words.getUint32(16), words.getUint32(20)];
}
