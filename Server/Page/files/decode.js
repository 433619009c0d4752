// A message that was pasted, read with its offsets.

import { h, fill, labelled, table } from "./dom.js";
import { post } from "./api.js";
import { dump } from "./objects.js";

export function open(root) {
  document.title = "Decode - NanoSync";
  const text = h("textarea", { rows: "6", spellcheck: "false", required: true, autocomplete: "off" });
  const answer = h("div", { role: "status" });
  fill(root, h("h1", {}, "Decode a message"), h("form", {
    class: "card",
    onsubmit: async event => {
      event.preventDefault();
      try {
        const given = text.value.trim();
        const message = await post("/v1/decode", given.startsWith("<") ? { text: given } : { hex: given });
        fill(answer,
          h("p", { class: message.error ? "bad" : "good" }, message.error ? `It is no whole message: ${message.error}` : `A message of ${message.length} bytes, ${message.form}.`),
          message.lines.length ? table("Its parts with their offsets", ["Offset", "Part"], message.lines.map(l => [String(l.offset), h("code", { class: "part" }, l.text)])) : null,
          message.form === "wbxml" ? [h("h2", {}, "Its bytes"), h("pre", { class: "hex", tabindex: "0", "aria-label": "Its bytes" }, dump(bytesOf(given)))] : null);
      } catch (e) {
        fill(answer, h("p", { class: "bad" }, e.message));
      }
    },
  }, labelled("Message", text, "In hex, with or without spaces, or its text form"), h("button", { class: "main" }, "Decode")), answer);
}

const bytesOf = hex => Uint8Array.from(hex.replace(/[^0-9a-f]/gi, "").match(/../g) ?? [], b => parseInt(b, 16));
