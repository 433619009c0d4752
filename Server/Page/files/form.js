// The fields of a class as a form, two values beside each other, and the history of a value with its way back.

import { h, fill, labelled, confirmed, when, table } from "./dom.js";
import { get, request, at } from "./api.js";

const RANGES = { int: "a whole number", uint: "a whole number from 0", fixed: "a number", float: "a number", double: "a number", text: "text", time: "a time in UTC, such as 2026-11-29T12:00:00Z", bytes: "bytes in base64", bool: "" };
const NUMBERS = ["int", "uint", "fixed", "float", "double"];
const EXACT = Number.MAX_SAFE_INTEGER; // a whole number beyond it is another one by the time it is sent

/** The fields by which a value is edited: those of its class, else as they look; null when it has none. */
export function fieldsOf(classes, wireName, value) {
  return classes.find(c => c.wireName === wireName)?.fields
    ?? (value ? Object.keys(value).map(f => ({ name: f, type: typeof value[f] === "number" ? "double" : typeof value[f] === "boolean" ? "bool" : "text", digits: null })) : null);
}

/**
 * What devices said of fields when they refused them: "interval: 1 to 86400 seconds, not -1", "interval below 5". A class names
 * types alone, so what a device takes is known from there. { field: { min, max, text } }
 */
export function learn(reasons) {
  const said = {};
  for (const reason of reasons) {
    const range = /^(\w+): (-?\d+(?:\.\d+)?) to (-?\d+(?:\.\d+)?)( [^,]{1,20})?, not /.exec(reason ?? ""), bound = /^(\w+) (below|above) (-?\d+(?:\.\d+)?)$/.exec(reason ?? "");
    if (range) said[range[1]] ??= { min: range[2], max: range[3], text: `${range[2]} to ${range[3]}${range[4] ?? ""}` };
    else if (bound) said[bound[1]] ??= { [bound[2] === "below" ? "min" : "max"]: bound[3], text: `${bound[2] === "below" ? "from" : "up to"} ${bound[3]}` };
  }
  return said;
}

/** Inputs for fields: { rows, put(value), read(value before), tell(what devices said, the newest first), sound() }. */
export function inputsOf(fields, may) {
  const inputs = fields.map(field => ({ field, input: control(field), hint: h("span", {}), said: null }));
  const type = (field, said) => RANGES[field.type].replace(said || isSet(field.least) ? " from 0" : "", "") + (field.type === "fixed" && field.digits ? `, ${field.digits} digits behind the point` : "");
  for (const { input, hint, field } of inputs) {
    input.disabled = !may;
    fill(hint, type(field), rangeOf(field) ? [", ", h("b", {}, rangeOf(field))] : field.unit ? ", in " + field.unit : null, field.label ? `; ${field.name} of the class` : null);
  }
  return {
    names: fields.map(f => f.name).join(),
    rows: inputs.map(({ field, input, hint }) => labelled(nameOf(field), input, hint)),
    tell(said) {
      for (const one of inputs) {
        if (isSet(one.field.least) || isSet(one.field.most)) continue; // an operator said so, and the server refuses what is beyond
        if (!NUMBERS.includes(one.field.type) || !said[one.field.name] || one.said?.text === said[one.field.name].text) continue;
        one.said = said[one.field.name];
        Object.assign(one.input, boundsOf(one.field), one.said.min === undefined ? {} : { min: one.said.min }, one.said.max === undefined ? {} : { max: one.said.max });
        fill(one.hint, type(one.field, true), ", ", h("b", {}, one.said.text), ", as the device said");
      }
    },
    /** True when what stands in the inputs can be sent. What a device said may be of an older firmware: one may send it all the same. */
    async sound(wrong) {
      const beyond = [];
      for (const { field, input, said } of inputs) {
        if (input.checkValidity()) continue;
        if (rangeOf(field) && (input.validity.rangeUnderflow || input.validity.rangeOverflow)) {
          wrong(`${nameOf(field)} is ${rangeOf(field)}, not ${input.value}: so it is said of its class. Nothing was sent.`);
          input.focus();
          return false;
        }
        const range = input.validity.rangeUnderflow || input.validity.rangeOverflow;
        if (!said || !range) { input.reportValidity(); return false; }
        beyond.push(`${field.name} is ${said.text}, not ${input.value}`);
      }
      return beyond.length === 0 || confirmed(`The device said: ${beyond.join("; ")}. It will refuse this, unless its firmware is another by now.`, "Save all the same");
    },
    put(value) {
      for (const { input, field } of inputs) {
        const v = value[field.name];
        input.value = field.type === "bool" ? (v === null || v === undefined ? "" : String(v)) : v ?? "";
      }
    },
    read(before) {
      return Object.fromEntries(inputs.map(({ input, field }) => {
        const text = input.value;
        if (text === "" && !(field.type === "text" && before?.[field.name] !== null)) return [field.name, null];
        return [field.name, NUMBERS.includes(field.type) ? (Number.isFinite(Number(text)) ? Number(text) : text) : field.type === "bool" ? text === "true" : text];
      }));
    },
  };
}

function control(field) {
  switch (field.type) {
    case "bool": return h("select", {}, h("option", { value: "" }, "(none)"), h("option", { value: "true" }, "true"), h("option", { value: "false" }, "false"));
    case "int": case "uint": case "fixed": return h("input", { type: "number", step: field.digits ? (1 / 10 ** field.digits).toFixed(field.digits) : "1", ...boundsOf(field) });
    case "float": case "double": return h("input", { type: "number", step: "any", ...boundsOf(field) });
    default: return h("input", { type: "text", autocomplete: "off", spellcheck: "false" });
  }
}

function boundsOf(field) {
  const whole = field.type === "int" || field.type === "uint" || field.type === "fixed", most = EXACT / 10 ** (field.digits ?? 0);
  const least = field.type === "uint" ? "0" : whole ? String(-most) : "";
  return { min: isSet(field.least) ? String(field.least) : least, max: isSet(field.most) ? String(field.most) : whole ? String(most) : "" };
}

const isSet = v => v !== null && v !== undefined;

/** What a field is called: as an operator said, else by its name. */
export const nameOf = field => field.label ?? field.name;

/** The range that an operator said, in words; "" = none. */
export const rangeOf = f => (isSet(f.least) && isSet(f.most) ? `${f.least} to ${f.most}` : isSet(f.least) ? `from ${f.least}` : isSet(f.most) ? `up to ${f.most}` : "") + (f.unit && (isSet(f.least) || isSet(f.most)) ? " " + f.unit : "");

/** What is said of the fields of a class, to be changed: label, unit, least, most. done() when something was. */
export function notesOf(type, page, done) {
  const name = type.name, rows = h("div", { class: "cards" });
  const root = h("details", { class: "card" }, h("summary", {}, `Names, units and ranges of ${name}`), h("p", {}, "They count for every device and group, here and in exports; a value beyond its range is refused before it is sent. The class on the device has names and types alone."), rows);
  fill(rows, type.fields.map(field => {
    const text = (value, more) => h("input", { type: "text", autocomplete: "off", value: value ?? "", ...more }), number = value => h("input", { type: "number", step: "any", value: isSet(value) ? value : "" });
    const label = text(field.label, { maxlength: "64" }), unit = text(field.unit, { maxlength: "16" }), least = number(field.least), most = number(field.most);
    const path = at`/v1/classes/${name}/fields/${field.name}`, given = input => input.value.trim() === "" ? null : input.type === "number" ? Number(input.value) : input.value.trim();
    return h("form", {
      class: "row", "aria-label": `${field.name} of ${name}`, onsubmit: async event => {
        event.preventDefault();
        const json = { label: given(label), unit: given(unit), least: given(least), most: given(most) };
        const empty = Object.values(json).every(v => v === null);
        if (await page.attempt(() => empty ? request("DELETE", path) : request("PUT", path, { json }), empty ? `Nothing is said of ${field.name} any more.` : `${field.name}: kept.`)) await done();
      },
    }, h("b", {}, field.name), labelled("Label", label), labelled("Unit", unit), field.number ? [labelled("Least", least), labelled("Most", most)] : null, h("button", { "aria-label": `Keep what is said of ${field.name}` }, "Keep"));
  }));
  return root;
}

const words = v => v === null || v === undefined ? "(none)" : v === "" ? "(empty)" : String(v);

/** Two values beside each other, field by field. */
export function compare(left, a, right, b) {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${left} and ${right}` }, h("table", { class: "both" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Field"), h("th", { scope: "col" }, left), h("th", { scope: "col" }, right))),
    h("tbody", {}, names.map(n => h("tr", { class: JSON.stringify(a[n]) === JSON.stringify(b[n]) ? null : "differs" }, h("th", { scope: "row" }, n), h("td", {}, words(a[n])), h("td", {}, words(b[n])))))));
}

/** What stands between a stale edit and the value that somebody else wrote meanwhile. */
export function staleness(mine, theirs, who, changed, take, write) {
  return h("div", { class: "stale" },
    h("p", {}, h("b", {}, "Not saved: "), `it was changed by ${who} `, when(changed), ", after this form was filled."),
    compare("Yours", mine, "Now on the server", theirs),
    h("div", { class: "row" }, h("button", { type: "button", onclick: take }, "Take that of the server"), h("button", { type: "button", class: "danger", onclick: write }, "Write mine over it")));
}

/** The history of a value, loaded when it is opened; restore(version) writes an earlier one again. */
export function historyOf(what, path, restore) {
  const list = h("div", {});
  const shown = (value, data, size) => size === null ? "-" : value ? JSON.stringify(value) : data ?? `${size} bytes`;
  async function load() {
    const edits = await get(path + "/history");
    fill(list, edits.length === 0 ? h("p", {}, "Nobody has edited it.") : table(`History of ${what}, newest first`, ["Version", "When", "Who", "Before", "Then", "Way back"],
      edits.map((e, i) => [String(e.version), when(e.time), [e.who, e.note ? h("small", {}, " " + e.note) : ""], h("code", {}, shown(e.oldValue, e.oldData, e.oldSize)), h("code", {}, shown(e.value, e.data, e.size)),
        restore && i > 0 && (e.value || e.data) ? h("button", { type: "button", "aria-label": `Restore version ${e.version} of ${what}`, onclick: () => restore(e.version) }, "Restore") : ""])));
  }
  const root = h("details", { ontoggle: () => { if (root.open) load().catch(e => fill(list, h("p", { class: "bad" }, e.message))); } }, h("summary", {}, "History"), list);
  return { root, refresh: () => root.open ? load() : null };
}
