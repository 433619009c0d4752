// Elements, and numbers and times as a person reads them.

/** An element: h("a", { href: "/", class: "x", onclick: f }, "text", child, [more]). null and false are left out. */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else if (name === "checked") element.checked = true;
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** Replaces what an element holds. */
export function fill(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

const FOCUSABLE = "a[href], button, input, select, textarea, [tabindex]";

/** Replaces what an element holds when the data is another than last time; true when it did. The focus stays where it was. */
export function fillIfNew(element, data, make) {
  const text = JSON.stringify(data);
  if (element.shownData === text) return false;
  element.shownData = text;
  const place = element.contains(document.activeElement) ? [...element.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement) : -1;
  fill(element, make());
  if (place >= 0) element.querySelectorAll(FOCUSABLE)[place]?.focus({ preventScroll: true });
  return true;
}

/** A table with a caption; rows are arrays of cells. */
export function table(caption, heads, rows, attributes) {
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", attributes ?? {},
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, heads.map(x => h("th", { scope: "col" }, x)))),
      h("tbody", {}, rows.map(r => h("tr", {}, r.map((c, i) => i === 0 ? h("th", { scope: "row" }, c) : h("td", {}, c)))))));
}

/** Names and values one below the other; pairs without a value are left out. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(p => p[1] !== null && p[1] !== undefined && p[1] !== "").map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}

/** A field of a form with its label. */
export function labelled(text, control, hint) {
  const id = control.id || "f" + Math.random().toString(36).slice(2);
  control.id = id;
  const note = hint ? h("small", { id: id + "-hint" }, hint) : null;
  if (note) control.setAttribute("aria-describedby", note.id);
  return h("div", { class: "field" }, h("label", { for: id }, text), control, note);
}

/** Asks before something that cannot be taken back; true when it is to be done. */
export function confirmed(question, verb) {
  return new Promise(resolve => {
    const dialog = h("dialog", { "aria-label": verb },
      h("p", {}, question),
      h("form", { method: "dialog", class: "row" },
        h("button", { value: "no" }, "Cancel"),
        h("button", { value: "yes", class: "danger" }, verb)));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Offers text, or several blobs, as a file. */
export function download(name, text, type = "text/plain") {
  const url = URL.createObjectURL(new Blob([text].flat(), { type }));
  const link = h("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

let offset = 0; // the server's clock before this one's, milliseconds

/** Sets the server's time. */
export function setClock(iso) { offset = Date.parse(iso) - Date.now(); }

/** The server's time, milliseconds since 1970. */
export const now = () => Date.now() + offset;

/** Seconds as the largest unit that is whole enough. */
export function span(seconds) {
  const s = Math.abs(seconds);
  return s < 100 ? Math.round(s) + " s"
    : s < 6000 ? Math.round(s / 60) + " min"
    : s < 172800 ? Math.round(s / 3600) + " h"
    : Math.round(s / 86400) + " days";
}

/** How long ago a time was. */
export const ago = iso => iso ? span(Math.max(0, now() - Date.parse(iso)) / 1000) + " ago" : "never";

/** When something is due. */
export function due(iso) {
  if (!iso) return "";
  const left = (Date.parse(iso) - now()) / 1000;
  return left >= 0 ? "due in " + span(left) : "due " + span(left) + " ago";
}

/** A time in this place, with seconds. */
export const time = iso => iso ? new Date(iso).toLocaleString(undefined, { dateStyle: "short", timeStyle: "medium" }) : "";

/** A time element: how long ago, and exactly when one points at it. */
export const when = iso => iso ? h("time", { datetime: iso, title: time(iso) }, ago(iso)) : "never";

/** Bytes. */
export const bytes = n => n === null || n === undefined ? "" : n < 10000 ? n + " B" : n < 10240000 ? Math.round(n / 1024) + " KB" : Math.round(n / 1048576) + " MB";

export const PROBLEMS = {
  overdue: "Overdue", forked: "Two stores", dropping: "Dropping", refusing: "Refusing", configRefused: "Configuration refused",
  damaged: "Flash damaged", flashLow: "Flash full", batteryLow: "Battery low", flashWorn: "Flash wearing out", clockOff: "Clock off", neverSeen: "Never seen",
};

/** A device's problems, or that it is well, as marks. */
export function marks(device) {
  if (device.revoked) return [h("span", { class: "mark off" }, "Revoked")];
  if (device.problems.length === 0) return [h("span", { class: "mark good" }, "In step")];
  return device.problems.map(p => h("span", { class: "mark " + (BAD.has(p) ? "bad" : "warn") }, PROBLEMS[p] ?? p));
}

const BAD = new Set(["overdue", "forked", "dropping", "refusing", "configRefused", "damaged"]);
