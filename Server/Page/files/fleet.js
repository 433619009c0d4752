// The fleet: worst first, with counts that are filters, and a list of which only what is seen is there.

import { h, fill, fillIfNew, marks, when, ago, due, time, setClock, PROBLEMS } from "./dom.js";
import { get, post, query, at } from "./api.js";

const PAGE = 100; // devices asked for at once
const ALERTS = 50; // shown at most
const MORE = 12; // rows beyond what is seen
const SORTS = { worst: "Worst first", name: "Name", lastSync: "Longest away", battery: "Lowest battery", signal: "Weakest signal", flashLeft: "Fullest flash", dropped: "Most dropped", pendingDown: "Most waiting", pendingUp: "Most waiting there", flashLife: "Shortest flash life" };
const CONFIGURATION = { applied: "Applied", waiting: "Waiting", refused: "Refused", none: "None" };
const FILTERS = ["text", "problem", "state", "configuration", "group", "sort"];
const COLUMNS = ["Device", "State", "Last sync", "Waiting", "Lost", "Battery", "Signal", "Firmware", "Last error"];

export async function open(root, address, page) {
  document.title = "Fleet - NanoSync";
  let filter = read(address);
  let pages = new Map(); // number of a page -> its devices, or a promise of them
  let total = 0;
  let era = 0; // of the filter: answers of an earlier one are left aside
  const rows = new Map();
  const small = matchMedia("(max-width: 760px)");

  const counts = h("nav", { class: "counts stay", "aria-label": "Counts; each is a filter" });
  const text = h("input", { type: "search", id: "search", placeholder: "Name, group, firmware, error", value: filter.text ?? "", oninput: () => later(() => set({ text: text.value }, true)) });
  const group = h("select", { id: "group", onchange: () => set({ group: group.value }) });
  const configuration = h("select", { id: "configuration", onchange: () => set({ configuration: configuration.value }) });
  const sort = h("select", { id: "sort", onchange: () => set({ sort: sort.value === "worst" ? "" : sort.value }) }, Object.entries(SORTS).map(([value, name]) => h("option", { value, selected: value === (filter.sort ?? "worst") }, name)));
  const found = h("p", { role: "status", class: "found" });
  const body = h("div", { role: "rowgroup", class: "rows" });
  const grid = h("div", { class: "fleet", role: "table", "aria-label": "Devices" },
    h("div", { role: "rowgroup" }, h("div", { role: "row", class: "line head", "aria-rowindex": "1" }, COLUMNS.map(c => h("div", { role: "columnheader" }, c)))),
    body);
  const list = h("div", { class: "list", tabindex: "0", role: "region", "aria-label": "Devices, a list that scrolls", onscroll: () => requestAnimationFrame(draw) }, grid);
  const empty = h("p", { class: "empty" });
  const alertsSaid = h("summary", {}), alertsList = h("ul", {}), alerts = h("details", { class: "alerts", hidden: true }, alertsSaid, alertsList);
  fill(root, h("h1", { class: "sr" }, "Fleet"), counts, alerts,
    h("form", { class: "row filters", role: "search", onsubmit: e => e.preventDefault() },
      h("label", { for: "search" }, "Search"), text, h("label", { for: "group" }, "Group"), group, h("label", { for: "configuration" }, "Configuration"), configuration, h("label", { for: "sort" }, "Order"), sort, found),
    list, empty);

  let delay = 0;
  const later = work => { clearTimeout(delay); delay = setTimeout(work, 200); };
  const height = () => small.matches ? 104 : 48;
  const resize = () => draw();
  addEventListener("resize", resize);
  small.addEventListener("change", resize);

  function read(from) { return Object.fromEntries(FILTERS.filter(f => from.get(f)).map(f => [f, from.get(f)])); }

  function set(change, typing) {
    const next = "/" + query({ ...filter, ...change });
    if (typing) { page.note(next); takes(new URLSearchParams(location.search)); } else page.go(next);
  }

  function takes(next) {
    if (next.get("device") || next.get("view")) return false;
    filter = read(next);
    if (document.activeElement !== text) text.value = filter.text ?? "";
    sort.value = filter.sort ?? "worst";
    era++;
    pages = new Map();
    list.scrollTop = 0;
    refresh().catch(() => {});
    return true;
  }

  function load(number) {
    const mine = era;
    const promise = get("/v1/devices" + query({ ...filter, skip: number * PAGE, limit: PAGE })).then(answer => {
      if (mine !== era) return;
      total = answer.total;
      pages.set(number, answer.devices);
      draw();
    }, e => {
      if (mine === era && pages.get(number) === promise) pages.delete(number);
      throw e;
    });
    return promise;
  }

  function range() {
    const top = list.scrollTop, seen = list.clientHeight || innerHeight;
    return [Math.max(0, Math.floor(top / height()) - MORE), Math.min(total, Math.ceil((top + seen) / height()) + MORE)];
  }

  function draw() {
    const [first, end] = range();
    body.style.height = total * height() + "px";
    grid.setAttribute("aria-rowcount", total + 1);
    for (const [index, row] of rows) {
      if ((index < first || index >= end) && !row.contains(document.activeElement)) { row.remove(); rows.delete(index); }
    }
    let before = null;
    for (let index = first; index < end; index++) {
      const number = Math.floor(index / PAGE);
      if (!pages.has(number)) { const p = load(number); p.catch(() => {}); pages.set(number, p); }
      const devices = pages.get(number);
      const device = Array.isArray(devices) ? devices[index % PAGE] : null;
      let row = rows.get(index);
      if (!row) {
        row = h("div", { role: "row", class: "line", "aria-rowindex": index + 2 });
        rows.set(index, row);
        if (before) before.after(row); else body.prepend(row);
      }
      before = row;
      row.style.transform = `translateY(${index * height()}px)`;
      if (device) show(row, device);
      else if (!row.firstChild) fill(row, COLUMNS.map((_, i) => h("div", { role: "cell" }, i ? "" : "...")));
    }
    list.hidden = total === 0;
  }

  function show(row, d) {
    fillIfNew(row, [d, ago(d.lastSync), due(d.dueAt)], () => [
      h("div", { role: "cell", class: "name" }, h("a", { href: "/" + query({ device: d.name }) }, d.name), d.group ? h("small", {}, d.group) : null),
      h("div", { role: "cell", class: "state" }, marks(d)),
      h("div", { role: "cell", title: d.lastSync ? time(d.lastSync) : null }, ago(d.lastSync), d.revoked ? null : h("small", { class: d.overdue ? "bad" : null }, due(d.dueAt))),
      h("div", { role: "presentation", class: "few" }, // columns on a desk, one line on a phone
        h("div", { role: "cell", class: "waiting" }, [d.pendingUp ? `${d.pendingUp} up` : d.moreUp ? "more up" : null, d.pendingDown ? `${d.pendingDown >= 1000 ? "1000+" : d.pendingDown} down` : null, d.commands ? `${d.commands} command${d.commands > 1 ? "s" : ""}` : null].filter(x => x).join(", ")),
        h("div", { role: "cell", class: "lost" }, [d.dropped ? `${d.dropped} dropped` : null, d.refused ? `${d.refused} refused` : null].filter(x => x).join(", ")),
        h("div", { role: "cell", class: "battery" }, d.battery === null ? "" : d.battery.toFixed(2) + " V"),
        h("div", { role: "cell", class: "signal" }, d.signal === null ? "" : d.signal + " dBm"),
        h("div", { role: "cell", class: "firmware" }, d.firmware ?? "")),
      h("div", { role: "cell", class: "error", title: d.lastError }, d.lastError ?? ""),
    ]);
  }

  function showCounts(fleet) {
    fillIfNew(counts, [fleet.all, fleet.ok, fleet.revoked, fleet.problems, filter], () => {
      const link = (name, count, change, kind) => {
        const is = ["problem", "state"].every(f => (filter[f] ?? "") === (change[f] ?? ""));
        return h("a", { class: "count " + kind, href: "/" + query({ ...filter, problem: "", state: "", ...change }), "aria-current": is ? "true" : null }, h("b", {}, String(count)), " ", name);
      };
      return [
        link("all", fleet.all, {}, ""),
        link("in step", fleet.ok, { state: "ok" }, "good"),
        Object.entries(fleet.problems).filter(([p, n]) => n > 0 || filter.problem === p).map(([p, n]) => link(PROBLEMS[p] ?? p, n, { problem: p }, "bad")),
        fleet.revoked || filter.state === "revoked" ? link("revoked", fleet.revoked, { state: "revoked" }, "off") : null,
      ];
    });
    fillIfNew(group, [fleet.groups, filter.group], () => [h("option", { value: "" }, "All"),
      Object.entries(fleet.groups).filter(([g]) => g).map(([g, n]) => h("option", { value: g, selected: g === filter.group }, `${g} (${n})`))]);
    group.value = filter.group ?? "";
    fillIfNew(configuration, [fleet.configuration, filter.configuration], () => [h("option", { value: "" }, "Any"),
      Object.entries(CONFIGURATION).map(([value, name]) => h("option", { value, selected: value === filter.configuration }, `${name} (${fleet.configuration[value]})`))]);
    configuration.value = filter.configuration ?? "";
  }

  function showAlerts(open) {
    alerts.hidden = open.length === 0;
    const fresh = open.filter(a => !a.acknowledged).length;
    fillIfNew(alertsSaid, [open.length, fresh], () => [h("b", {}, `${open.length}${open.length === ALERTS ? " or more" : ""} open alert${open.length === 1 ? "" : "s"}`), fresh ? `, ${fresh} that nobody acknowledged` : ", all acknowledged"]);
    fillIfNew(alertsList, [open, ago(open[0]?.began)], () => open.map(a => h("li", {},
      a.device ? h("a", { href: "/" + query({ device: a.device }) }, a.device) : h("b", {}, a.subject), " ", h("span", { class: "mark bad" }, PROBLEMS[a.kind] ?? a.kind), " since ", when(a.began), ": ", a.text, " ",
      a.acknowledged ? h("small", {}, `${a.acknowledgedBy} knows of it`, a.note ? `: ${a.note}` : "")
        : page.may("configure") ? h("button", { "aria-label": `Acknowledge: ${a.subject}, ${PROBLEMS[a.kind] ?? a.kind}`, onclick: () => page.attempt(() => post(at`/v1/alerts/${a.id}/acknowledge`, {}), `Acknowledged: ${a.subject}.`) }, "Acknowledge") : null)));
  }

  async function refresh() {
    const mine = era;
    const [fleet, open] = await Promise.all([get("/v1/fleet" + query({ ...filter, sort: "" })), get("/v1/alerts" + query({ group: filter.group, limit: ALERTS }))]);
    if (mine !== era) return;
    setClock(fleet.time);
    showAlerts(open.alerts);
    showCounts(fleet);
    const [first, end] = range();
    const wanted = new Set([Math.floor(first / PAGE), Math.floor(Math.max(first, end - 1) / PAGE)]);
    const began = performance.now();
    for (const number of pages.keys()) if (!wanted.has(number)) pages.delete(number);
    await Promise.all([...wanted].map(load));
    if (mine !== era) return;
    draw();
    const narrowed = filter.text || filter.problem || filter.state || filter.configuration || filter.group;
    fill(found, `${total} device${total === 1 ? "" : "s"}`);
    fill(empty, total > 0 ? null : narrowed ? "No device is like this." : ["There is no device yet. ", page.may("administer") ? h("a", { href: "/?view=enrol" }, "Enrol one") : null]);
    list.dataset.took = Math.round(performance.now() - began);
  }

  await refresh().catch(e => page.say(e.message, true));
  // lines of devices, and objects of no collection
  return { refresh, takes, follows: { collection: "-" }, close() { removeEventListener("resize", resize); small.removeEventListener("change", resize); clearTimeout(delay); era++; } };
}
