// New devices: one or many, their files for flashing, and the wait for their first contact.

import { h, fill, labelled, download, when } from "./dom.js";
import { get, post, query } from "./api.js";

export function open(root, address, page) {
  document.title = "Enrol - NanoSync";
  if (!page.may("administer")) {
    fill(root, h("h1", {}, "Enrol"), h("p", {}, "Only who may administer enrols devices."));
    return null;
  }
  const names = h("textarea", { rows: "4", required: true, spellcheck: "false", autocomplete: "off" });
  const collections = h("input", { type: "text", value: "readings,config" });
  const group = h("input", { type: "text" });
  const wrong = h("p", { class: "bad", role: "alert" });
  const made = []; // { name, token, came }
  const answer = h("div", { role: "status" });
  const form = h("form", {
    class: "card",
    onsubmit: async event => {
      event.preventDefault();
      fill(wrong);
      const wanted = [...new Set(names.value.split(/[\s,]+/).filter(n => n))];
      const left = [];
      for (const name of wanted) {
        try {
          made.push({ ...await post("/v1/devices", { name, collections: collections.value.trim() || null, group: group.value.trim() || null }), came: null });
        } catch (e) {
          left.push(name);
          wrong.append(h("span", {}, `${name}: ${e.message} `));
        }
        show();
      }
      names.value = left.join("\n");
    },
  }, labelled("Names", names, "One or many, each on a line: 1 to 64 of A-Z a-z 0-9 . _ -"),
  labelled("Collections", collections, "NAME@GROUP is shared with the other devices of the group"), labelled("Group in the fleet's list", group), wrong, h("button", { class: "main" }, "Enrol"));
  fill(root, h("h1", {}, "Enrol"), form, answer);

  const secrets = d => `# board-configs/secrets.env of ${d.name}\nNANOSYNC_SERVER=${location.origin}/sync\nNANOSYNC_TOKEN=${d.token}\nNANOSYNC_WIFI_SSID=\nNANOSYNC_WIFI_PASSWORD=\nNANOSYNC_CA=\n`;

  function show() {
    if (made.length === 0) return;
    fill(answer, h("h2", {}, made.length === 1 ? "Its token, shown this once" : "Their tokens, shown this once"),
      h("p", {}, "Download the file, keep it as ", h("code", {}, "board-configs/secrets.env"), ", fill in the Wi-Fi, then:"),
      h("pre", { tabindex: "0", "aria-label": "Command" }, "board-configs/flash.sh ESP32_REV3 /dev/ttyUSB0"),
      h("p", {}, "Or without a board:"),
      h("pre", { tabindex: "0", "aria-label": "Command without a board" }, `dotnet run --project Device/Virtual -- --server ${location.origin} --token ${made.at(-1).token} --data ${made.at(-1).name}-data`),
      made.length > 1 ? h("button", { onclick: () => download("tokens.csv", "name,token\n" + made.map(d => `${d.name},${d.token}`).join("\n") + "\n", "text/csv") }, "All as CSV") : null,
      h("ul", { class: "made" }, made.map(d => h("li", {}, h("b", {}, d.name), " ", h("code", { class: "secret" }, d.token), " ",
        h("button", { "aria-label": `Download secrets.env of ${d.name}`, onclick: () => download(`${d.name}.secrets.env`, secrets(d)) }, "secrets.env"), " ",
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
