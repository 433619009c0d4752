// Groups: what their members are to have, who has it, who waits and who refuses it; staged edits; the way back.

import { h, fill, fillIfNew, labelled, confirmed, when, ago, table } from "./dom.js";
import { get, request, at, query, Refused } from "./api.js";
import { fieldsOf, inputsOf, learn, compare, staleness, historyOf, notesOf } from "./form.js";

const KINDS = { applied: "good", refused: "bad", dropped: "bad", changed: "bad", waiting: "warn", sent: "warn", held: "warn" };
const SHOWN = 100; // devices of a value at most

export async function open(root, address, page) {
  const name = address.get("group");
  return name ? one(root, name, page) : all(root, page);
}

async function all(root, page) {
  document.title = "Groups - NanoSync";
  const list = h("div", {});
  fill(root, h("h1", {}, "Groups"), h("p", {}, "A group's members are to have the same configuration. A device is put into a group on its page."), list);
  async function refresh() {
    const groups = await get("/v1/groups");
    fillIfNew(list, groups, () => groups.length === 0 ? h("p", {}, "No device is in a group.") : table("Groups", ["Group", "Devices", "Values", "Staged edits"],
      groups.map(g => [h("a", { href: "/?view=groups&group=" + encodeURIComponent(g.name) }, g.name), String(g.devices), String(g.values), g.staged ? String(g.staged) : ""])));
  }
  await refresh();
  return { refresh, takes: () => false, follows: { collection: "-" } };
}

async function one(root, name, page) {
  document.title = `Group ${name} - NanoSync`;
  const cards = new Map(), list = h("div", { class: "cards" }), none = h("p", {}), notes = h("div", {});
  let classes = [];
  fill(root, h("h1", {}, `Group ${name}`), h("p", { class: "sub" }, h("a", { href: "/" + query({ group: name }) }, "Its devices"), ". What is set here goes to each that has the collection and no value of its own; who joins gets it, who leaves keeps it."), none, list,
    page.may("configure") ? maker() : null, notes);

  async function refresh() {
    const [values, known] = await Promise.all([get(at`/v1/groups/${name}`), get("/v1/classes" + query({ group: name })).catch(() => classes)]);
    classes = known;
    const used = classes.filter((c, i) => values.some(v => v.class === c.wireName) && classes.findIndex(d => d.name === c.name) === i);
    if (page.may("configure")) fillIfNew(notes, used, () => used.map(c => notesOf(c, page, async () => { await refresh(); for (const card of cards.values()) card.rebuild(); })));
    fill(none, values.length === 0 ? "Nothing is set for it." : "");
    for (const [key, card] of cards) if (!values.some(v => keyOf(v) === key)) { card.root.remove(); cards.delete(key); }
    for (const v of values) {
      if (!cards.has(keyOf(v))) {
        const card = make(v);
        cards.set(keyOf(v), card);
        list.append(card.root);
      }
      cards.get(keyOf(v)).show(v);
    }
  }

  function make(first) {
    const path = at`/v1/groups/${name}/collections/${first.collection}/objects/${first.id}`, key = keyOf(first), may = page.may("configure");
    let value = first, base = first.version, edited = false, inputs = null;
    const said = h("p", { class: "objstate" }), counts = h("div", {}), both = h("div", {}), stale = h("div", { role: "alert" }), wrong = h("p", { class: "bad", role: "alert" }), verbs = h("div", { class: "row" });
    const few = h("input", { type: "number", min: "1", max: "1000", step: "1", disabled: !may });
    const history = historyOf(key, path, may ? async version => {
      const done = await page.attempt(() => request("POST", path + "/restore" + query({ first: few.value }), { json: { version }, headers: { "If-Match": `"${value.version}"` } }), `Version ${version} of ${key} is set again.`);
      if (done) { edited = false; fill(stale); }
    } : null);
    const members = h("div", {}), who = h("details", { ontoggle: () => loadMembers().catch(e => page.say(e.message, true)) }, h("summary", {}, "Devices"), members);
    const body = h("div", {});
    const root = h("section", { class: "card", "aria-label": `Object ${key}` }, h("h2", {}, key), said, counts, both, stale, body, verbs, who, history.root);

    function build() {
      const fields = fieldsOf(classes, value.class, value.value);
      inputs = fields ? inputsOf(fields, may) : null;
      fill(body, h("form", { novalidate: true, onsubmit: save, oninput: () => { edited = true; } },
        inputs ? inputs.rows : h("p", {}, "Its bytes cannot be read as fields: ", h("code", {}, value.data ?? "")),
        inputs && may ? labelled("First to so many devices", few, "Those that were there last; the others get it when all of these have applied it. Empty: to all at once.") : null,
        wrong,
        inputs && may ? h("div", { class: "row" }, h("button", { class: "main" }, "Save"), h("button", { type: "button", onclick: () => { edited = false; inputs.put(value.value); few.value = ""; fill(stale); fill(wrong); base = value.version; } }, "Undo")) : null));
    }

    async function save(event) {
      event?.preventDefault();
      fill(wrong);
      if (!few.reportValidity() || !await inputs.sound(text => fill(wrong, text))) return;
      const mine = inputs.read(value.value);
      try {
        const { body: saved } = await request("PUT", path + query({ first: few.value }), { json: mine, headers: { "If-Match": `"${base}"` } });
        edited = false;
        few.value = "";
        fill(stale);
        show(saved);
        page.say(saved.stage === "all" ? `Saved. It goes to the devices of ${name} with their next syncs.` : `Saved. It goes to ${saved.first.map(f => f.name).join(", ")} first.`);
      } catch (e) {
        if (!(e instanceof Refused && e.status === 412)) return fill(wrong, e.message);
        const theirs = await get(path);
        value = theirs;
        fill(stale, staleness(mine, theirs.value ?? {}, theirs.by, theirs.changed,
          () => { edited = false; base = theirs.version; inputs.put(theirs.value ?? {}); fill(stale); show(theirs); },
          () => { base = theirs.version; inputs.put(mine); save(); }));
      }
    }

    async function loadMembers() {
      if (!who.open) return;
      const page = await get(path + "/devices" + query({ limit: SHOWN }));
      fillIfNew(members, page, () => [page.total > SHOWN ? h("p", {}, `${SHOWN} of ${page.total}:`) : null, table(`Devices of ${name} and ${key}`, ["Device", "State", "Why"],
        page.devices.map(d => [h("a", { href: "/" + query({ device: d.name, tab: "config", collection: first.collection }) }, d.name), [h("span", { class: "mark " + (KINDS[d.state] ?? "off") }, d.state), d.first ? " first" : ""],
          d.leftAt ? ["left ", when(d.leftAt)] : d.reason ?? ""]))]);
    }

    function show(v) {
      const changed = !inputs || v.version !== value.version;
      value = v;
      fillIfNew(said, [v.stage, v.why, v.first, v.by, ago(v.changed)], () => [
        v.stage === "first" ? [h("span", { class: "mark warn" }, "staged"), ` It goes to ${v.first.map(f => f.name).join(", ")} first, and to the others when all of these have applied it. `]
          : v.stage === "stopped" ? [h("span", { class: "mark bad" }, "stopped"), ` ${v.why}. The other devices keep what they have until it is continued or aborted. `] : null,
        "Changed ", when(v.changed), ` by ${v.by}.`]);
      fillIfNew(counts, v.counts, () => [h("p", { class: "tally" }, v.counts.text + "."),
        v.counts.reasons.length ? h("ul", {}, v.counts.reasons.map(r => h("li", {}, `${r.count} refuse it: ${r.reason || "no reason given"} (`, r.devices.map((d, i) => [i ? ", " : "", h("a", { href: "/" + query({ device: d, tab: "config", collection: first.collection }) }, d)]), r.count > r.devices.length ? ", ..." : "", ")"))) : null]);
      fill(both, v.stage !== "all" && v.before && v.value ? compare("The others have", v.before, "The first get", v.value) : null);
      const known = fieldsOf(classes, v.class, v.value);
      if (!inputs || (!edited && known && inputs.names !== known.map(f => f.name).join())) build();
      inputs?.tell(learn(v.counts.reasons.map(r => r.reason)));
      if (!edited && !stale.firstChild && changed) { base = v.version; inputs?.put(v.value ?? {}); }
      if (changed) history.refresh();
      loadMembers().catch(() => {});
      if (may) fillIfNew(verbs, [v.stage], () => [
        v.stage !== "all" ? h("button", { type: "button", onclick: () => page.attempt(() => request("POST", path + "/continue"), "It goes to all devices.") }, "Continue with all") : null,
        v.stage !== "all" ? h("button", { type: "button", class: "danger", onclick: () => page.attempt(() => request("POST", path + "/abort"), "Taken back: the first devices get what they had.") }, "Abort") : null,
        h("button", {
          type: "button", class: "danger", onclick: async () => {
            if (await confirmed(`${key} is no longer set for ${name}: each device keeps what it has.`, "Remove")) await page.attempt(() => request("DELETE", path, { headers: { "If-Match": `"${value.version}"` } }), `${key} is no longer set for ${name}.`);
          },
        }, "Remove")]);
    }

    return { root, show, rebuild() { if (!edited) { build(); inputs?.put(value.value ?? {}); } } };
  }

  // A new value, of the members' class or of one that is named.
  function maker() {
    const collection = h("input", { type: "text", required: true, autocomplete: "off", value: "config" }), id = h("input", { type: "text", required: true, autocomplete: "off" });
    const type = h("input", { type: "text", autocomplete: "off" }), first = h("input", { type: "number", min: "1", max: "1000", step: "1" });
    const value = h("textarea", { rows: "3", required: true, spellcheck: "false" }, "{}"), wrong = h("p", { class: "bad", role: "alert" });
    return h("details", { class: "card" }, h("summary", {}, "New value"), h("form", {
      onsubmit: async event => {
        event.preventDefault();
        fill(wrong);
        try {
          await request("PUT", at`/v1/groups/${name}/collections/${collection.value.trim()}/objects/${id.value.trim()}` + query({ class: type.value.trim(), first: first.value }), { json: JSON.parse(value.value), headers: { "If-None-Match": "*" } });
          page.say(`Saved. It goes to the devices of ${name} with their next syncs.`);
          await refresh();
        } catch (e) {
          fill(wrong, e.message);
        }
      },
    }, labelled("Collection", collection), labelled("Id", id), labelled("Class", type, "A name that is known, or a definition: sampling(interval:i,sensors:t). Empty: that of the members."), labelled("Fields as JSON", value),
    labelled("First to so many devices", first, "Empty: to all at once."), wrong, h("button", {}, "Make")));
  }

  try {
    await refresh();
  } catch (e) {
    fill(none, h("span", { class: "bad" }, e.message));
    return { takes: () => false, refresh: e instanceof Refused ? null : () => page.go(location.pathname + location.search, true) };
  }
  return { refresh, takes: () => false, follows: { group: name, collection: "-" } };
}

const keyOf = v => `${v.collection}/${v.id}`;
