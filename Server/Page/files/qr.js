// A text as a QR code, drawn as a vector: sharp on a screen and on a label.

import { generate } from "./vendor/lean-qr.mjs";
import { h } from "./dom.js";

const QUIET = 4; // modules of white around it, which readers want

/** A figure with the code and the text below it. */
export function qr(text, what) {
  const code = generate(text), size = code.size + 2 * QUIET;
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) {
      if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
    }
  }
  const draw = (name, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };
  const svg = draw("svg", { viewBox: `0 0 ${size} ${size}`, class: "qr", role: "img", "aria-label": `QR code of ${what}`, "shape-rendering": "crispEdges" });
  svg.append(draw("rect", { width: size, height: size, fill: "#fff" }), draw("path", { d: path, fill: "#000" }));
  return h("figure", { class: "qrbox" }, svg, h("figcaption", {}, h("code", { class: "secret" }, text)));
}
