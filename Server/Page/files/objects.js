// What lies in a collection, raw and decoded, and what lost in a conflict.

import { h, fill, fillIfNew, table, when } from "./dom.js";
import { get, at, query, request } from "./api.js";

const SHOWN = 100;

export async function open(root, { name, full, page, address }) {
  const collections = full.collections.map(c => c.split("@")[0]);
  const collection = collections.includes(address.get("collection")) ? address.get("collection") : collections[0];
  const after = Number(address.get("after") ?? 0) || 0;
  const go = members => page.go("/" + query({ device: name, tab: "objects", collection, ...members }));
  const choose = h("select", { id: "collection", onchange: () => go({ collection: choose.value }) }, collections.map(c => h("option", { selected: c === collection }, c)));
  const gone = h("input", { type: "checkbox", id: "gone", checked: address.get("deleted") === "true", onchange: () => go({ deleted: gone.checked ? "true" : "" }) });
  const list = h("div", {}), one = h("div", { role: "status" }), lost = h("div", {});
  fill(root, h("div", { class: "row" }, h("label", { for: "collection" }, "Collection"), choose, gone, h("label", { for: "gone" }, "deleted ones too")), one, list, h("section", {}, h("h2", {}, "What lost in conflicts"), lost));
  const path = at`/v1/devices/${name}/collections/${collection}`;

  async function refresh() {
    const [objects, losers] = await Promise.all([get(path + "/objects" + query({ after, limit: SHOWN, deleted: gone.checked ? "true" : "" })), get(path + "/conflicts").catch(() => [])]);
    fillIfNew(list, objects, () => objects.length === 0 ? h("p", {}, after ? "No more." : "Nothing is here.") : [
      table(`Objects of ${collection} in the order of their changes`, ["Id", "State", "Changed", "By", "Value", "Action"],
        objects.map(o => [o.id, o.state + (o.reason ? `: ${o.reason}` : ""), when(o.changed), o.by, h("code", {}, o.deleted ? "(deleted)" : o.value ? JSON.stringify(o.value) : o.data ?? ""),
          o.deleted ? "" : h("button", { "aria-label": `Show ${o.id} in full`, onclick: () => show(o.id) }, "Show")])),
      h("div", { class: "row" }, after ? h("a", { href: "/" + query({ device: name, tab: "objects", collection }) }, "From the beginning") : null,
        objects.length === SHOWN ? h("a", { href: "/" + query({ device: name, tab: "objects", collection, after: objects.at(-1).seq, deleted: gone.checked ? "true" : "" }) }, "Further ones") : null)]);
    fillIfNew(lost, losers, () => losers.length === 0 ? h("p", {}, "Nothing.")
      : table("Losing sides of conflicts, newest first", ["Object", "Whose", "When", "Value"], losers.map(l => [l.id, l.loser, when(l.time), h("code", {}, l.deleted ? "(a deletion)" : l.value ? JSON.stringify(l.value) : l.data ?? "")])));
  }

  async function show(id) {
    const object = path + "/objects/" + encodeURIComponent(id);
    try {
      const [{ body: decoded }, { body: raw }] = await Promise.all([request("GET", object), request("GET", object, { accept: "application/octet-stream" })]);
      fill(one, h("section", { class: "card", "aria-label": `Object ${id}` }, h("h2", {}, id),
        h("p", {}, `Class ${decoded.class ?? "never named"}, change ${decoded.seq}, ${raw.length} bytes.`),
        h("h3", {}, "Decoded"), h("pre", { tabindex: "0", "aria-label": "Decoded" }, decoded.value ? JSON.stringify(decoded.value, null, 2) : "It cannot be read as fields."),
        h("h3", {}, "Raw"), h("pre", { class: "hex", tabindex: "0", "aria-label": "Raw" }, dump(raw)), h("button", { onclick: () => fill(one) }, "Close")));
      one.scrollIntoView({ block: "nearest" });
    } catch (e) {
      page.say(e.message, true);
    }
  }

  await refresh();
  return { refresh };
}

/** Bytes in rows of 16: offset, hex, text. */
export function dump(data) {
  const lines = [];
  for (let i = 0; i < data.length; i += 16) {
    const row = [...data.slice(i, i + 16)];
    lines.push(i.toString(16).padStart(4, "0") + "  " + row.map(b => b.toString(16).padStart(2, "0")).join(" ").padEnd(48) + " " + row.map(b => b >= 32 && b < 127 ? String.fromCharCode(b) : ".").join(""));
  }
  return lines.join("\n") || "(no bytes)";
}
