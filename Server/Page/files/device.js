// One device: what is wrong and what to do, how its last syncs went, what it told, and what can be done with it.

import { h, fill, fillIfNew, facts, table, labelled, confirmed, marks, when, ago, due, time, bytes, span, now, setClock, PROBLEMS } from "./dom.js";
import { get, post, request, at, query, Refused, Gone } from "./api.js";
import * as readings from "./readings.js";
import * as config from "./config.js";
import * as objects from "./objects.js";
import { boardParts, flashCommand } from "./boards.js";

const TABS = { overview: "Overview", readings: "Readings", config: "Configuration", objects: "Objects" };

export async function open(root, address, page) {
  const name = address.get("device");
  const tab = TABS[address.get("tab")] ? address.get("tab") : "overview";
  document.title = `${name} - NanoSync`;
  const head = h("div", { class: "devicehead" });
  const body = h("div", {});
  fill(root, head, h("nav", { class: "tabs", "aria-label": "Parts of the device" },
    Object.entries(TABS).map(([key, text]) => h("a", { href: "/" + query({ device: name, tab: key === "overview" ? "" : key }), "aria-current": key === tab ? "page" : null }, text))), body);
  let full;
  try {
    full = await load(name);
  } catch (e) {
    fill(head, h("h1", {}, name), h("p", { class: "bad" }, e.message));
    return { takes: () => false, refresh: e instanceof Refused ? null : () => page.go(location.pathname + location.search, true) };
  }
  const part = await { overview, readings: readings.open, config: config.open, objects: objects.open }[tab](body, { name, full, page, address });

  function top() {
    const d = full.summary;
    fillIfNew(head, [d, full.advice, ago(d.lastSync), due(d.dueAt)], () => [
      h("h1", {}, d.name, " ", marks(d)),
      h("p", { class: "sub" }, [d.group ? `Group ${d.group}. ` : "", d.lastSync ? ["Synced ", when(d.lastSync), d.revoked ? "." : [", ", due(d.dueAt) || "its interval is not known yet", "."]] : "It has never synced."]),
      d.revoked ? h("p", { class: "advice" }, "It is kept out since ", when(d.revoked), ". To let it in again, give it a new token.")
        : full.advice.length === 0 ? h("p", { class: "advice good" }, "Nothing is wrong: nothing to do.")
        : h("div", { class: "advice bad" }, h("p", {}, h("b", {}, (PROBLEMS[full.advice[0].problem] ?? "") + ": "), full.advice[0].text),
          full.advice.length > 1 ? h("ul", {}, full.advice.slice(1).map(a => h("li", {}, h("b", {}, (PROBLEMS[a.problem] ?? "") + ": "), a.text))) : null),
    ]);
  }
  top();
  return {
    takes: () => false,
    follows: { device: name },
    async refresh() {
      full = await load(name);
      top();
      await part?.refresh?.(full);
    },
    close() { part?.close?.(); },
  };
}

async function load(name) {
  const [full, fleet] = await Promise.all([get(at`/v1/devices/${name}`), get("/v1/fleet")]);
  setClock(fleet.time);
  return full;
}

// A flash that hardly wears is not known to the year.
const life = days => days > 36525 ? "more than 100 years" : days > 730 ? `about ${Math.round(days / 365.25)} years` : `about ${days} days`;

/** When something queued for a device will happen. */
export function whenNext(d) {
  return d.revoked ? "not before it is let in again" : !d.lastSync ? "with its first sync"
    : d.dueAt && Date.parse(d.dueAt) > now() ? `with its next sync, ${due(d.dueAt)}` : "with its next sync, whenever that is";
}

async function overview(root, { name, full, page }) {
  const told = h("div", {}), charts = h("div", { class: "charts" }), rounds = h("div", {}), refusals = h("div", {}), stores = h("div", {}), commands = h("div", {}), diary = h("div", {});
  const actions = page.may("configure") ? buttons(name, () => full, page) : null;
  fill(root,
    h("section", { "aria-label": "What it told" }, h("h2", {}, "What it told"), told, charts),
    h("section", {}, h("h2", {}, "What was refused"), refusals),
    h("section", {}, h("h2", {}, "Last syncs"), rounds),
    actions,
    h("section", {}, h("h2", {}, "Commands"), commands),
    h("section", {}, h("h2", {}, "Stores that sync with its token"), stores),
    h("section", {}, h("h2", {}, "Diary"), diary));

  async function refresh(next) {
    full = next ?? full;
    const d = full.summary;
    fillIfNew(told, [d, full.board, full.note, full.claim, ago(d.statusTime)], () => facts([
      ["Told", d.statusTime ? when(d.statusTime) : "nothing yet"], ["Board", full.board], ["Note", full.note],
      ["Claim code", full.claim ? (full.claim.used ? ["used ", when(full.claim.used)] : Date.parse(full.claim.expires) <= now() ? "ended" : `waits until ${time(full.claim.expires)}`) : null],
      ["Interval", d.interval ? span(d.interval) : null],
      ["Firmware", d.firmware], ["Battery", d.battery === null ? null : d.battery.toFixed(2) + " V"], ["Signal", d.signal === null ? null : d.signal + " dBm"],
      ["Heap free", bytes(d.freeHeap)], ["Flash free", bytes(d.flashLeft)], ["Up for", d.uptime === null ? null : span(d.uptime)], ["Last start", d.reset],
      ["Clock was off", d.clockError ? d.clockError + " s" : null], ["Waiting on the device", d.pendingUp !== null ? `${d.pendingUp} objects` : d.moreUp ? "more than fits in one sync" : null], ["Flash lasts", d.flashLife === null ? null : life(d.flashLife)],
      ["Waiting for the device", d.pendingDown ? `${d.pendingDown} objects` : null], ["Configuration", d.configuration],
      ["Readings dropped", d.dropped || null], ["Places damaged", d.damaged || null], ["Objects refused", d.refused || null], ["Last error", d.lastError],
    ]));
    fillIfNew(charts, full.history, () => [
      spark("Battery", "V", full.history.map(s => s.battery), 2), spark("Signal", "dBm", full.history.map(s => s.signal), 0),
      spark("Heap free", "KB", full.history.map(s => s.freeHeap === null ? null : s.freeHeap / 1024), 0),
      spark("Flash free", "KB", full.history.map(s => s.flashLeft === null ? null : s.flashLeft / 1024), 0),
      spark("Flash lasts", "years", full.history.map(s => s.flashLife === null ? null : s.flashLife / 365.25), 1),
      spark("Waiting there", "objects", full.history.map(s => s.pendingUp), 0),
      spark("Clock off", "s", full.history.map(s => s.clockError), 0)]);
    fillIfNew(rounds, [full.rounds, full.rounds.at(-1) && ago(full.rounds.at(-1).time)], () => full.rounds.length === 0 ? h("p", {}, "None yet.")
      : table("The last syncs that moved something, newest first", ["When", "Up", "Down", "Refused", "Bytes up", "Bytes down", "At the server", "Result"],
        full.rounds.slice(-20).reverse().map(r => [when(r.time), r.up, r.down, r.refused, r.bytesUp, r.bytesDown, r.took + " ms", r.status === 1 ? "well" : h("span", { class: "bad" }, "status " + r.status)].map(c => typeof c === "number" ? String(c) : c))));
    fillIfNew(refusals, [full.refusals, d.revoked], () => full.refusals.length === 0 ? h("p", {}, "Nothing.")
      : table("Refusals, newest first", ["When", "Object", "By", "Reason", "Times", "Action"],
        full.refusals.slice(0, 50).map(r => [when(r.time), r.object ? `${r.collection}/${r.object}` : r.collection || "the message", r.by === "server" ? "the server" : "the device", `${r.reason || "no reason given"} (status ${r.status})`, String(r.times),
          r.by !== "server" && r.object && page.may("configure") ? h("span", { class: "row" }, verb("retry", r), verb("drop", r)) : ""])));
    fillIfNew(stores, full.stores, () => full.stores.length === 0 ? h("p", {}, "None has told its name.")
      : table("Stores, last seen first", ["Store", "Last seen", "Since", "Why"], full.stores.map(s => [s.id, when(s.lastSeen), when(s.since), s.why])));
    fillIfNew(commands, full.commands, () => full.commands.length === 0 ? h("p", {}, "None.")
      : table("Commands, newest first", ["Number", "Command", "Queued", "Result"],
        full.commands.slice(-30).reverse().map(c => [String(c.id), c.class, when(c.queued), c.done ? [c.status === 1 ? "done " : h("span", { class: "bad" }, `failed (${c.status}) ${c.reason ?? ""} `), when(c.done)] : "waits"])));
    const kept = full.told.diary?.time ?? null;
    if (diary.of !== kept || diary.of === undefined) {
      diary.of = kept;
      const entries = kept ? await get(at`/v1/devices/${name}/diary`).catch(() => null) : null;
      fill(diary, entries ? [h("p", {}, "It came ", when(entries.time), entries.damaged ? `; ${entries.damaged} places of it are damaged` : "", "."),
        h("ol", { class: "timeline", reversed: true }, [...entries.entries].reverse().slice(0, 100).map(e => h("li", { class: e.failed ? "bad" : null }, h("b", {}, e.time ? time(e.time) : `${span(e.uptime)} after its start`), " ", e.text)))]
        : h("p", {}, "It has sent none. It keeps one of its last rounds and starts; ask for it above."));
    }
  }

  function verb(what, r) {
    const text = { retry: "Retry", drop: "Drop" }[what];
    const says = { retry: "Send it again with the next sync", drop: "Ask the device to drop its copy; the server keeps it" }[what];
    return h("button", {
      title: says, "aria-label": `${text} ${r.object}: ${says}`,
      onclick: () => page.attempt(() => post(at`/v1/devices/${name}/collections/${r.collection}/objects/${r.object}/` + what),
        result => what === "retry" && result.count === 0 ? `${r.object} is no longer set aside: nothing is to be sent again.` : `${r.object}: ${what === "retry" ? "sent again" : "the device is asked to drop it"} ${whenNext(full.summary)}.`),
    }, text);
  }

  await refresh();
  return { refresh };
}

// What can be done: each with what it will do, and when.
function buttons(name, full, page) {
  const next = () => whenNext(full().summary);
  const command = (json, what) => page.attempt(() => post(at`/v1/devices/${name}/commands`, json), r => `${what} It is command ${r.id}, carried out ${next()}.`);
  const seconds = h("input", { type: "number", min: "1", max: "86400", step: "1", required: true, value: full().summary.interval ?? 300 });
  const every = h("input", { type: "number", min: "0", step: "1", required: true, value: full().summary.interval ?? 0 });
  const group = h("input", { type: "text", value: full().summary.group ?? "" });
  const collection = h("select", {}, full().collections.map(c => h("option", {}, c.split("@")[0])));
  const secret = h("div", { role: "status" });
  const administers = page.may("administer");
  const act = (text, says, run, danger) => h("div", { class: "act" }, h("button", { onclick: run, class: danger ? "danger" : null }, text), h("p", {}, says));
  const form = (control, text, says, run) => h("form", { class: "act", onsubmit: e => { e.preventDefault(); run(); } }, control, h("button", {}, text), h("p", {}, says));
  const overlap = h("select", {}, h("option", { value: "0" }, "at once"), h("option", { value: "24" }, "after a day"), h("option", { value: "168" }, "after a week"));
  const rotate = async () => {
    const readmit = full().summary.revoked !== null, hours = readmit ? "0" : overlap.value;
    const ends = hours === "0" ? "the old one ends at once" : `the old one ends when the new one is used, or ${overlap.selectedOptions[0].textContent}`;
    if (!await confirmed(`${name} gets a new token, and ${ends}. The board syncs again when the new token is on it.`, "New token")) return;
    const given = await page.attempt(() => post(at`/v1/devices/${name}/rotate` + query({ readmit: readmit ? "true" : "", overlap: hours === "0" ? "" : hours })), "The new token is shown below, this once.");
    if (given) fill(secret, h("p", {}, "New token of ", name, ", shown this once: ", h("code", { class: "secret" }, given.token)));
  };
  const shown = (what, d) => fill(secret, h("h3", {}, `${what} of ${name}, shown this once`), h("div", { class: "row" }, boardParts({ ...d, name })),
    h("pre", { tabindex: "0", "aria-label": "Command" }, flashCommand({ ...d, name, board: full().board })));
  const claim = async () => {
    const given = await page.attempt(() => post(at`/v1/devices/${name}/claim`), "The code is shown below, this once.");
    if (given) shown("Claim code", { claim: given.claim, file: `# ${name}\nNANOSYNC_CLAIM=${given.claim}\n` });
  };
  const replace = async () => {
    if (!await confirmed(`Another board comes in the place of ${name}: the old token ends at once, its readings and its configuration stay, and the new board is sent the latter.`, "Replace board")) return;
    const given = await page.attempt(() => post(at`/v1/devices/${name}/replace` + query({ claimDays: 30 })), "The code for the new board is shown below, this once.");
    if (given) shown("Claim code for the new board", given);
  };
  const remove = async data => {
    const verb = data ? "Delete with its data" : "Delete";
    if (!await confirmed(data ? `${name} is deleted with all that it sent. That cannot be taken back.` : `${name} is kept out and taken off the lists. What it sent is kept under its name.`, verb)) return;
    try {
      await post(at`/v1/devices/${name}/delete`, { data });
    } catch (e) {
      if (!(e instanceof Refused || e instanceof Gone)) throw e;
      page.say(e.message, true);
      return;
    }
    page.go("/"); // and not shown anew: there is nothing of it any more
    page.say(`${name} is deleted.`);
  };
  return h("section", {}, h("h2", {}, "What can be done"),
    h("div", { class: "acts" },
      act("Ask for its status", "It tells battery, signal, heap, flash and losses with its next sync.", () => command({ class: "send-status" }, "It is asked for its status.")),
      act("Ask for its diary", "It sends what it noted of its last rounds and starts.", () => command({ class: "send-diary" }, "It is asked for its diary.")),
      form(labelled("Seconds between syncs", seconds), "Set", "It syncs as often from its next sync on.", () => command({ class: "interval", seconds: Number(seconds.value) }, `It is told to sync every ${seconds.value} s.`)),
      act("Restart", "It starts anew after its next sync; nothing is lost.", async () => {
        if (await confirmed(`${name} restarts ${next()}. What it keeps in flash stays.`, "Restart")) await command({ class: "restart" }, "It is told to restart.");
      }),
      form(labelled("Collection", collection), "Start over", "Both sides compare the whole collection anew; nothing is lost, but everything travels once more.", async () => {
        if (await confirmed(`${name} begins ${collection.value} anew ${next()}. What both sides have travels once more.`, "Start over")) await command({ class: "start-over", collection: collection.value }, `It is told to start over with ${collection.value}.`);
      }),
      form(labelled("Expected every (seconds, 0 = as it comes)", every), "Set", "Only the server looks at this: when the device counts as overdue.", () => page.attempt(() => request("PATCH", at`/v1/devices/${name}`, { json: { every: Number(every.value) } }), "Set, from now on.")),
      form(labelled("Group", group), "Set", "Its group in the fleet's list, at once.", () => page.attempt(() => request("PATCH", at`/v1/devices/${name}`, { json: { group: group.value.trim() } }), "Set.")),
      administers ? form(labelled("The old token ends", overlap), "New token", "A revoked device is let in again; its old token stays ended.", rotate) : null,
      administers ? act("Claim code", "A board that is flashed with it gets its token at its first contact; the token that there is goes on until then.", claim) : null,
      administers ? act("Replace board", "New flash, same place: readings and configuration stay, the old token ends at once.", replace, true) : null,
      administers ? act("Revoke", "It is kept out at once; its data stays.", async () => {
        if (await confirmed(`${name} is kept out from now on. Its data stays; a new token lets it in again.`, "Revoke")) await page.attempt(() => request("DELETE", at`/v1/devices/${name}`), `${name} is kept out.`);
      }, true) : null,
      administers ? act("Delete", "It is kept out and off the lists; what it sent is kept under its name.", () => remove(false), true) : null,
      administers ? act("Delete with its data", "What it sent goes, too; only what it wrote for a group stays.", () => remove(true), true) : null),
    secret);
}

// A small line of values over time; what it shows is said in words too.
function spark(name, unit, values, digits) {
  const known = values.filter(v => v !== null && v !== undefined);
  if (known.length === 0) return null;
  const low = Math.min(...known), high = Math.max(...known), W = 160, H = 36;
  const x = i => values.length < 2 ? W / 2 : 2 + i * (W - 4) / (values.length - 1), y = v => high === low ? H / 2 : H - 3 - (v - low) * (H - 6) / (high - low);
  let path = "", pen = false;
  values.forEach((v, i) => {
    if (v === null || v === undefined) { pen = false; return; }
    path += `${pen ? "L" : "M"}${x(i).toFixed(1)} ${y(v).toFixed(1)}`;
    pen = true;
  });
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", `0 0 ${W} ${H}`);
  svg.setAttribute("class", "spark");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", `${name} by the hour: ${low.toFixed(digits)} to ${high.toFixed(digits)} ${unit}, last ${known.at(-1).toFixed(digits)}, ${known.length} values`);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  line.setAttribute("d", known.length === 1 ? `M${x(values.findIndex(v => v !== null)) - 2} ${H / 2}h4` : path);
  svg.append(line);
  return h("figure", {}, h("figcaption", {}, `${name}: `, h("b", {}, `${known.at(-1).toFixed(digits)} ${unit}`), low === high ? "" : h("small", {}, ` ${low.toFixed(digits)} to ${high.toFixed(digits)}`)), svg);
}
