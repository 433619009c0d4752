// New devices: one or many, from names or from a table, with tokens or codes; their files for flashing, and the wait for their
// first contact.

import { h, fill, labelled, download, when } from "./dom.js";
import { get, request, query } from "./api.js";
import { boardParts, downloadAll, flashCommand, tryCommand } from "./boards.js";

export function open(root, address, page) {
  document.title = "Enrol - NanoSync";
  if (!page.may("administer")) {
    fill(root, h("h1", {}, "Enrol"), h("p", {}, "Only who may administer enrols devices."));
    return null;
  }
  const names = h("textarea", { rows: "4", spellcheck: "false", autocomplete: "off" });
  const file = h("input", { type: "file", accept: ".csv,text/csv" });
  const collections = h("input", { type: "text", value: "readings,config" });
  const group = h("input", { type: "text" });
  const what = h("select", {}, h("option", { value: "claim" }, "A code each: the board gets its token at its first contact"), h("option", { value: "token" }, "A token each"));
  const wrong = h("p", { class: "bad lines", role: "alert" });
  const made = []; // as the server gave them, and when they came
  const answer = h("div", { role: "status" });
  const form = h("form", {
    class: "card",
    onsubmit: async event => {
      event.preventDefault();
      fill(wrong);
      const wanted = [...new Set(names.value.split(/[\s,]+/).filter(n => n))];
      const table = file.files[0];
      if ((wanted.length === 0) === !table) {
        fill(wrong, "Give names, or a table: one of them.");
        return;
      }
      const given = table ? { csv: await table.text() }
        : { json: { devices: wanted.map(name => ({ name, collections: collections.value.trim() || null, group: group.value.trim() || null })) } };
      try {
        const { body } = await request("POST", "/v1/devices/enrol" + query({ claimDays: what.value === "claim" ? 30 : null }), given);
        made.unshift(...body.map(d => ({ ...d, came: null })));
        names.value = "";
        file.value = "";
      } catch (e) {
        fill(wrong, e.message);
      }
      show();
    },
  }, labelled("Names", names, "One or many, each on a line: 1 to 64 of A-Z a-z 0-9 . _ -"),
  labelled("Collections", collections, "NAME@GROUP is shared with the other devices of the group"), labelled("Group in the fleet's list", group),
  labelled("Or a table (CSV)", file, "A line each below a head: name, and what is wanted of collections, group, every, board, note, sealed"),
  labelled("What the boards are given", what), wrong, h("button", { class: "main" }, "Enrol"));
  fill(root, h("h1", {}, "Enrol"), h("p", {}, "All are enrolled, or none."), form, answer);

  function show() {
    if (made.length === 0) return;
    const first = made[0], kind = first.claim ? "code" : "token";
    fill(answer, h("h2", {}, made.length === 1 ? `Its ${kind}, shown this once` : "What they were given, shown this once"),
      h("p", {}, "Download the files; Wi-Fi and certificate stand in ", h("code", {}, "board-configs/secrets.env"), ". Then, for each board:"),
      h("pre", { tabindex: "0", "aria-label": "Command" }, flashCommand(first)),
      h("p", {}, "Or without a board:"),
      h("pre", { tabindex: "0", "aria-label": "Command without a board" }, tryCommand(first)),
      made.length > 1 ? h("p", { class: "row" },
        h("button", { onclick: () => downloadAll(made) }, "All files (tar)"),
        h("button", { onclick: () => download("boards.csv", "name,token,claim\n" + made.map(d => `${d.name},${d.token ?? ""},${d.claim ?? ""}`).join("\n") + "\n", "text/csv") }, "All as CSV")) : null,
      h("ul", { class: "made" }, made.map(d => h("li", {}, h("b", {}, d.name), " ", boardParts(d), " ",
        d.came ? h("span", { class: "mark good" }, "came ", when(d.came)) : h("span", { class: "mark warn" }, "waiting for its first contact"), " ",
        h("a", { href: "/" + query({ device: d.name }) }, "Open")))));
  }

  return {
    follows: { collection: "-" },
    async refresh() {
      let news = false;
      for (const d of made.filter(m => !m.came).slice(0, 20)) {
        const found = (await get("/v1/devices" + query({ text: d.name, limit: 20 }))).devices.find(x => x.name === d.name);
        if (found?.lastSync) { d.came = found.lastSync; news = true; }
      }
      if (news) show();
    },
  };
}
