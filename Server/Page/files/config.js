// What a device is to have: a form for each object, made from its class; how far it has come; both values while they differ;
// and what somebody else changed meanwhile is never written over unseen.

import { h, fill, fillIfNew, labelled, confirmed, when } from "./dom.js";
import { get, request, at, Refused } from "./api.js";
import { whenNext } from "./device.js";
import { fieldsOf, inputsOf, learn, compare, staleness, historyOf, notesOf } from "./form.js";

export async function open(root, { name, full, page, address }) {
  const collections = full.collections.map(c => c.split("@")[0]);
  const collection = collections.includes(address.get("collection")) ? address.get("collection") : collections.find(c => c === "config") ?? collections.at(-1);
  const path = at`/v1/devices/${name}/collections/${collection}/objects`;
  const shared = full.collections.find(c => c.startsWith(collection + "@"));
  const cards = new Map();
  let classes = [];
  const list = h("div", { class: "cards" });
  const none = h("p", {}), notes = h("div", {});
  const choose = h("select", { id: "collection", onchange: () => page.go(`/?device=${encodeURIComponent(name)}&tab=config&collection=${encodeURIComponent(choose.value)}`) },
    collections.map(c => h("option", { selected: c === collection }, c)));
  fill(root, h("div", { class: "row" }, h("label", { for: "collection" }, "Collection"), choose),
    shared ? h("p", {}, `It is shared: what is changed here counts for all devices of ${shared.split("@")[1]}.`) : null, none, list,
    page.may("configure") ? maker() : null, notes);


  async function refresh(next) {
    full = next ?? full;
    const [objects, known] = await Promise.all([get(path + "?limit=200"), classes.length ? classes : get("/v1/classes?device=" + encodeURIComponent(name)).catch(() => [])]);
    classes = known;
    if (objects.some(o => o.class && !classes.some(c => c.wireName === o.class))) classes = await get("/v1/classes?device=" + encodeURIComponent(name)).catch(() => classes);
    const used = classes.filter((c, i) => objects.some(o => o.class === c.wireName) && classes.findIndex(d => d.name === c.name) === i);
    if (page.may("configure")) fillIfNew(notes, used, () => used.map(c => notesOf(c, page, again)));
    fill(none, objects.length === 0 ? "The server has nothing in this collection." : "");
    for (const [id, card] of cards) if (!objects.some(o => o.id === id)) { card.root.remove(); cards.delete(id); }
    for (const o of objects) {
      if (!cards.has(o.id)) {
        const card = make(o);
        cards.set(o.id, card);
        list.append(card.root);
      }
      cards.get(o.id).show(o);
    }
  }

  // What is said of a field has changed: forms that nobody is filling are made anew.
  async function again() {
    classes = [];
    await refresh();
    for (const card of cards.values()) card.rebuild();
  }

  function state(o) {
    return {
      waiting: ["warn", `Waiting: it goes to the device ${whenNext(full.summary)}.`], sent: ["warn", "Sent: the device has not yet said that it took it."],
      applied: ["good", "Applied: the device has it."], received: ["good", "It came from the device."],
      refused: ["bad", `Refused by the device: ${o.reason || "no reason given"}.`], dropped: ["off", `Dropped on the device: ${o.reason || ""}.`],
    }[o.state] ?? ["", o.state];
  }

  function make(first) {
    let object = first; // what is shown
    let base = first.seq; // the number that an edit is made from
    let edited = false;
    const said = h("p", { class: "objstate" }), both = h("div", {}), stale = h("div", { role: "alert" }), wrong = h("p", { class: "bad", role: "alert" });
    let form = null, inputs = null;
    const verbs = h("div", { class: "row" }), group = h("p", {});
    const history = historyOf(first.id, path + "/" + encodeURIComponent(first.id), page.may("configure") ? async version => {
      const given = await page.attempt(() => request("POST", path + "/" + encodeURIComponent(object.id) + "/restore", { json: { version }, headers: { "If-Match": `"${object.seq}"` } }), `Version ${version} is written again. It goes to the device ${whenNext(full.summary)}.`);
      if (given) { edited = false; fill(stale); }
    } : null);
    const root = h("section", { class: "card", "aria-label": `Object ${first.id}` }, h("h2", {}, first.id), said, group, both, stale);

    function build() {
      const fields = fieldsOf(classes, object.class, object.value);
      const may = page.may("configure");
      inputs = fields ? inputsOf(fields, may) : null;
      form = h("form", { novalidate: true, onsubmit: save, oninput: () => { edited = true; } },
        inputs ? inputs.rows : h("p", {}, "Its bytes cannot be read as fields: ", h("code", {}, object.data ?? "")),
        wrong,
        inputs && may ? h("div", { class: "row" }, h("button", { class: "main" }, "Save"), h("button", { type: "button", onclick: () => { edited = false; inputs.put(object.value); fill(stale); fill(wrong); base = object.seq; } }, "Undo")) : null);
      root.append(form, verbs, history.root);
      inputs?.put(object.value ?? {});
    }

    async function save(event) {
      event?.preventDefault();
      fill(wrong);
      if (!await inputs.sound(text => fill(wrong, text))) return;
      const value = inputs.read(object.value);
      try {
        const { body } = await request("PUT", path + "/" + encodeURIComponent(object.id), { json: value, headers: { "If-Match": `"${base}"` } });
        edited = false;
        base = body.seq;
        fill(stale);
        show(body);
        page.say(`Saved. It goes to the device ${whenNext(full.summary)}.`);
      } catch (e) {
        if (e instanceof Refused && e.status === 412) await showStale(value);
        else fill(wrong, e.message);
      }
    }

    // Somebody changed it since this form was filled: nothing is written, and both are shown.
    async function showStale(mine) {
      const theirs = await get(path + "/" + encodeURIComponent(object.id));
      object = theirs;
      fill(stale, staleness(mine, theirs.value ?? {}, theirs.by, theirs.changed,
        () => { edited = false; base = theirs.seq; inputs.put(theirs.value ?? {}); fill(stale); show(theirs); },
        () => { base = theirs.seq; inputs.put(mine); save(); }));
    }

    function show(o) {
      object = o;
      const [kind, text] = state(o);
      fill(said, h("span", { class: "mark " + kind }, o.state), " ", text, " Changed ", when(o.changed), ` by ${o.by}.`);
      fill(both, o.onDevice && o.value ? compare("The device has", o.onDevice, "It is to have", o.value) : null);
      fill(group, o.group ? [o.overrides ? `It has a value of its own instead of that of group ${o.group}. ` : `It is what group ${o.group} is to have; saved here it is this device's own. `,
        h("a", { href: "/?view=groups&group=" + encodeURIComponent(o.group) }, "Group " + o.group), " ",
        o.overrides && page.may("configure") ? h("button", { type: "button", onclick: () => page.attempt(() => request("POST", path + "/" + encodeURIComponent(o.id) + "/follow"), `It gets what group ${o.group} is to have ${whenNext(full.summary)}.`) }, "Follow the group") : null] : null);
      const known = fieldsOf(classes, o.class, o.value);
      if (!form || (!edited && base !== o.seq && known && inputs?.names !== known.map(f => f.name).join())) { form?.remove(); build(); }
      if (!edited && !stale.firstChild) {
        if (base !== o.seq) history.refresh();
        base = o.seq;
        inputs?.put(o.value ?? {});
      }
      inputs?.tell(learn([o.state === "refused" ? o.reason : null, ...full.refusals.filter(r => r.collection === collection && r.object === o.id && r.by !== "server").map(r => r.reason)]));
      const verb = (what, label, done) => h("button", { type: "button", onclick: () => page.attempt(() => request("POST", path + "/" + encodeURIComponent(o.id) + "/" + what), done) }, label);
      if (verbs.of !== o.state && page.may("configure")) {
        verbs.of = o.state;
        fill(verbs, o.state === "refused" ? verb("retry", "Send it again", "It is sent again.") : null,
          verb("fetch", "Fetch the device's copy", `The device is asked for its copy ${whenNext(full.summary)}.`),
          verb("drop", "Drop it on the device", "The device is asked to drop its copy; the server keeps it."),
          h("button", {
            type: "button", class: "danger", onclick: async () => {
              if (await confirmed(`${o.id} is deleted, on the device too.`, "Delete")) await page.attempt(() => request("DELETE", path + "/" + encodeURIComponent(o.id), { headers: { "If-Match": `"${base}"` } }), `${o.id} is deleted.`);
            },
          }, "Delete"));
      }
    }

    return { root, show, rebuild() { if (!edited) { form?.remove(); build(); } } };
  }

  // A new object: of a class that is known, or of one that is defined here.
  function maker() {
    const id = h("input", { type: "text", required: true, autocomplete: "off" });
    const type = h("input", { type: "text", autocomplete: "off" });
    const value = h("textarea", { rows: "3", required: true, spellcheck: "false" }, "{}");
    const wrong = h("p", { class: "bad", role: "alert" });
    return h("details", { class: "card" }, h("summary", {}, "New object"), h("form", {
      onsubmit: async event => {
        event.preventDefault();
        fill(wrong);
        try {
          const json = JSON.parse(value.value);
          await request("PUT", path + "/" + encodeURIComponent(id.value.trim()) + (type.value.trim() ? "?class=" + encodeURIComponent(type.value.trim()) : ""), { json, headers: { "If-None-Match": "*" } });
          page.say(`Saved. It goes to the device ${whenNext(full.summary)}.`);
          await refresh();
        } catch (e) {
          fill(wrong, e.message);
        }
      },
    }, labelled("Id", id), labelled("Class", type, "A name that is known, or a definition: sampling(interval:i,sensors:t). Empty: that of the collection."), labelled("Fields as JSON", value), wrong, h("button", {}, "Make")));
  }

  await refresh();
  return { refresh };
}
