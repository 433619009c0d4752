// Who may use the server: named tokens, made and ended here; and the log of who changed what.

import { h, fill, fillIfNew, table, labelled, confirmed, when, time } from "./dom.js";
import { get, post, request, at, query } from "./api.js";

const PAGE = 50;

export async function tokens(root, address, page) {
  document.title = "Tokens - NanoSync";
  if (!page.may("administer")) {
    fill(root, h("h1", {}, "Tokens"), h("p", {}, "Only who may administer sees tokens."));
    return null;
  }
  const name = h("input", { type: "text", required: true, autocomplete: "off" });
  const role = h("select", {}, ["read", "configure", "administer"].map(r => h("option", {}, r)));
  const days = h("input", { type: "number", min: "1", max: "3650", step: "1" });
  const secret = h("div", { role: "status" }), list = h("div", {});
  const form = h("form", {
    class: "card",
    onsubmit: async event => {
      event.preventDefault();
      const made = await page.attempt(() => post("/v1/tokens", { name: name.value.trim(), role: role.value, days: days.value ? Number(days.value) : null }), "The token is shown below, this once.");
      if (made) {
        fill(secret, h("p", {}, "Token ", made.name, ", shown this once: ", h("code", { class: "secret" }, made.token)));
        name.value = "";
      }
    },
  }, h("h2", {}, "A new one"), labelled("Name", name, "Who or what will use it: 1 to 64 of A-Z a-z 0-9 . _ -"),
  labelled("Role", role, "read: see; configure: also write objects and command devices; administer: also enrol, revoke, make tokens"),
  labelled("Days", days, "Empty: until it is revoked"), h("button", { class: "main" }, "Make token"));
  fill(root, h("h1", {}, "Tokens"), list, secret, form);

  async function refresh() {
    const all = await get("/v1/tokens");
    fillIfNew(list, all, () => table("Tokens", ["Name", "Role", "Made", "By", "Ends", "Last used", "State"], all.map(t => [
        t.name, t.role, when(t.created), t.createdBy, t.expires ? time(t.expires) : "when revoked", when(t.lastUsed),
        t.revoked ? ["revoked ", when(t.revoked)] : h("span", { class: "row" }, t.expires && Date.parse(t.expires) <= Date.now() ? "ended" : h("button", {
          class: "danger", "aria-label": `Revoke ${t.name}`,
          onclick: async () => {
            if (await confirmed(`${t.name} ends at once, and everybody who signed in with it is signed out.`, "Revoke")) await page.attempt(() => request("DELETE", at`/v1/tokens/${t.name}`), `${t.name} has ended.`);
          },
        }, "Revoke"), t.name === page.name() ? null : h("button", { // of one's own one would be signed out before the new one is seen
          "aria-label": `Renew ${t.name}`,
          onclick: async () => {
            if (!await confirmed(`${t.name} gets another secret. The one before ends at once, and everybody who signed in with it is signed out.`, "Renew")) return;
            const made = await page.attempt(() => post(at`/v1/tokens/${t.name}/renew`), "The token is shown below, this once.");
            if (made) fill(secret, h("p", {}, "Token ", made.name, ", shown this once: ", h("code", { class: "secret" }, made.token)));
          },
        }, "Renew"))])));
  }
  await refresh();
  return { follows: { collection: "-" }, refresh };
}

export async function audit(root, address, page) {
  document.title = "Audit log - NanoSync";
  if (!page.may("administer")) {
    fill(root, h("h1", {}, "Audit log"), h("p", {}, "Only who may administer reads it."));
    return null;
  }
  const before = address.get("before"), list = h("div", {});
  fill(root, h("h1", {}, "Audit log"), h("p", {}, "Who changed what, newest first."), list);

  async function refresh() {
    const { entries } = await get("/v1/audit" + query({ before, limit: PAGE }));
    fillIfNew(list, entries, () => [
      entries.length === 0 ? h("p", {}, "Nothing.") : table("Changes", ["When", "Who", "What", "Of what", "From"], entries.map(e => [when(e.time), e.who, e.action, e.target, e.detail])),
      h("p", { class: "row" }, before ? h("a", { href: "/?view=audit" }, "Newest") : null,
        entries.length === PAGE ? h("a", { href: "/" + query({ view: "audit", before: entries.at(-1).id }) }, "Older") : null)]);
  }
  await refresh();
  return { follows: { collection: "-" }, refresh };
}
