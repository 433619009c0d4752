// What a device is to have: a form for each object, made from its class; how far it has come; both values while they differ;
// and what somebody else changed meanwhile is never written over unseen.

import { h, fill, labelled, confirmed, when, time } from "./dom.js";
import { get, request, at, Refused } from "./api.js";
import { whenNext } from "./device.js";

const RANGES = { int: "a whole number", uint: "a whole number from 0", fixed: "a number", float: "a number", double: "a number", text: "text", time: "a time in UTC, such as 2026-11-29T12:00:00Z", bytes: "bytes in base64", bool: "" };

export async function open(root, { name, full, page, address }) {
  const collections = full.collections.map(c => c.split("@")[0]);
  const collection = collections.includes(address.get("collection")) ? address.get("collection") : collections.find(c => c === "config") ?? collections.at(-1);
  const path = at`/v1/devices/${name}/collections/${collection}/objects`;
  const shared = full.collections.find(c => c.startsWith(collection + "@"));
  const cards = new Map();
  let classes = [];
  const list = h("div", { class: "cards" });
  const none = h("p", {});
  const choose = h("select", { id: "collection", onchange: () => page.go(`/?device=${encodeURIComponent(name)}&tab=config&collection=${encodeURIComponent(choose.value)}`) },
    collections.map(c => h("option", { selected: c === collection }, c)));
  fill(root, h("div", { class: "row" }, h("label", { for: "collection" }, "Collection"), choose),
    shared ? h("p", {}, `It is shared: what is changed here counts for all devices of ${shared.split("@")[1]}.`) : null, none, list,
    page.may("configure") ? maker() : null);

  const fieldsOf = wireName => classes.find(c => c.wireName === wireName)?.fields ?? null;
  const seenKey = id => `nanosync applied ${name}/${collection}/${id}`;

  async function refresh(next) {
    full = next ?? full;
    const [objects, known] = await Promise.all([get(path + "?limit=200"), classes.length ? classes : get("/v1/classes?device=" + encodeURIComponent(name)).catch(() => [])]);
    classes = known;
    if (objects.some(o => o.class && !fieldsOf(o.class))) classes = await get("/v1/classes?device=" + encodeURIComponent(name)).catch(() => classes);
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
    let form = null;
    let inputs = {};
    const verbs = h("div", { class: "row" });
    const root = h("section", { class: "card", "aria-label": `Object ${first.id}` }, h("h2", {}, first.id), said, both, stale);

    function build() {
      const fields = fieldsOf(object.class) ?? (object.value ? Object.keys(object.value).map(f => ({ name: f, type: typeof object.value[f] === "number" ? "double" : typeof object.value[f] === "boolean" ? "bool" : "text", digits: null })) : null);
      inputs = {};
      const may = page.may("configure");
      form = h("form", { onsubmit: save, oninput: () => { edited = true; } },
        fields ? fields.map(f => {
          const input = control(f);
          inputs[f.name] = { input, field: f };
          input.disabled = !may;
          return labelled(f.name, input, RANGES[f.type] + (f.type === "fixed" && f.digits ? `, ${f.digits} digits behind the point` : ""));
        }) : h("p", {}, "Its bytes cannot be read as fields: ", h("code", {}, object.data ?? "")),
        wrong,
        fields && may ? h("div", { class: "row" }, h("button", { class: "main" }, "Save"), h("button", { type: "button", onclick: () => { edited = false; put(object.value); fill(stale); fill(wrong); base = object.seq; } }, "Undo")) : null);
      root.append(form, verbs);
      put(object.value ?? {});
    }

    function put(value) {
      for (const { input, field } of Object.values(inputs)) {
        const v = value[field.name];
        if (field.type === "bool") input.value = v === null || v === undefined ? "" : String(v);
        else input.value = v ?? "";
      }
    }

    function read() {
      return Object.fromEntries(Object.values(inputs).map(({ input, field }) => {
        const text = input.value;
        const isText = field.type === "text";
        if (text === "" && !(isText && object.value?.[field.name] !== null)) return [field.name, null];
        return [field.name, ["int", "uint", "fixed", "float", "double"].includes(field.type) ? (Number.isFinite(Number(text)) ? Number(text) : text) : field.type === "bool" ? text === "true" : text];
      }));
    }

    async function save(event) {
      event?.preventDefault();
      fill(wrong);
      const value = read();
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
      fill(stale, h("div", { class: "stale" },
        h("p", {}, h("b", {}, "Not saved: "), `it was changed by ${theirs.by} `, when(theirs.changed), ", after this form was filled."),
        compare("Yours", mine, "Now on the server", theirs.value ?? {}),
        h("div", { class: "row" },
          h("button", { type: "button", onclick: () => { edited = false; base = theirs.seq; put(theirs.value ?? {}); fill(stale); show(theirs); } }, "Take that of the server"),
          h("button", { type: "button", class: "danger", onclick: () => { base = theirs.seq; put(mine); save(); } }, "Write mine over it"))));
    }

    function compare(left, a, right, b) {
      const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
      return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${left} and ${right}` }, h("table", { class: "both" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Field"), h("th", { scope: "col" }, left), h("th", { scope: "col" }, right))),
        h("tbody", {}, names.map(n => h("tr", { class: JSON.stringify(a[n]) === JSON.stringify(b[n]) ? null : "differs" }, h("th", { scope: "row" }, n), h("td", {}, words(a[n])), h("td", {}, words(b[n])))))));
    }

    function show(o) {
      object = o;
      const [kind, text] = state(o);
      fill(said, h("span", { class: "mark " + kind }, o.state), " ", text, " Changed ", when(o.changed), ` by ${o.by}.`);
      const kept = JSON.parse(sessionStorage.getItem(seenKey(o.id)) ?? "null");
      if ((o.state === "applied" || o.state === "received") && o.value) {
        sessionStorage.setItem(seenKey(o.id), JSON.stringify({ value: o.value, seen: new Date().toISOString() }));
        fill(both);
      } else if (kept && o.value && JSON.stringify(kept.value) !== JSON.stringify(o.value)) {
        fill(both, compare("The device has", kept.value, "It is to have", o.value), h("small", {}, `What the device has is what this page saw applied last, ${time(kept.seen)}.`));
      } else fill(both);
      if (!form || (!edited && base !== o.seq && fieldsOf(o.class) && Object.keys(inputs).join() !== fieldsOf(o.class).map(f => f.name).join())) { form?.remove(); build(); }
      if (!edited && !stale.firstChild) { base = o.seq; put(o.value ?? {}); }
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

    return { root, show };
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

const words = v => v === null || v === undefined ? "(none)" : v === "" ? "(empty)" : String(v);

function control(field) {
  switch (field.type) {
    case "bool": return h("select", {}, h("option", { value: "" }, "(none)"), h("option", { value: "true" }, "true"), h("option", { value: "false" }, "false"));
    case "int": return h("input", { type: "number", step: "1" });
    case "uint": return h("input", { type: "number", step: "1", min: "0" });
    case "fixed": return h("input", { type: "number", step: field.digits ? (1 / 10 ** field.digits).toFixed(field.digits) : "1" });
    case "float": case "double": return h("input", { type: "number", step: "any" });
    default: return h("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  }
}
