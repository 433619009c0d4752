// Readings over time: the numeric fields of one device or several, summed up by the server where there are many, gaps as gaps.

import { h, fill, table, time, now } from "./dom.js";
import { get, query, Gone, Refused } from "./api.js";
import { nameOf } from "./form.js";

const RANGES = { 600: "10 min", 3600: "Hour", 86400: "Day", 604800: "Week", 2592000: "30 days", 31536000: "Year" };
const DAY = 86400;
const SPANS = 500; // that a plot is wide
const GAP = 3; // times the usual distance between readings
const COLOURS = ["--line1", "--line2", "--line3", "--line4", "--line5", "--line6"];

export async function open(root, { name, full, page, address }) {
  const devices = [...new Set([name, ...(address.get("with") ?? "").split(",").map(d => d.trim()).filter(d => d)])].slice(0, 6);
  const end = Date.parse(address.get("to") ?? "") || null; // null = now
  const age = (now() - Date.parse(full.summary.created)) / 1000;
  const width = Number(address.get("span")) || Math.min(DAY, Object.keys(RANGES).map(Number).find(r => r > age) ?? DAY); // seconds
  const classes = await plottable(name);
  if (classes.length === 0) {
    fill(root, h("p", { class: "empty" }, "It has sent no readings with numbers yet."));
    return { refresh: async () => { if ((await plottable(name)).length > 0) page.go(location.pathname + location.search, true); } };
  }
  const chosen = classes.find(c => c.collection + "/" + c.wireName === address.get("class")) ?? classes[0];
  const numbers = chosen.fields.filter(f => f.number && f.type !== "time");
  const asked = (address.get("fields") ?? "").split(",").filter(f => numbers.some(n => n.name === f));
  const fields = asked.length ? asked : numbers.slice(0, 4).map(f => f.name);
  const titleOf = name => { const f = numbers.find(n => n.name === name); return nameOf(f) + (f.unit ? ` (${f.unit})` : ""); };
  const go = change => {
    const next = { span: width, to: end ? new Date(end).toISOString() : "", class: classes.length > 1 ? chosen.collection + "/" + chosen.wireName : "", fields: asked.join(","), with: devices.slice(1).join(","), ...change };
    page.go("/" + query({ device: name, tab: "readings", ...next }));
  };

  const move = (share, factor = 1) => {
    const last = (end ?? now()) + share * width * 1000;
    go({ span: Math.max(10, Math.round(width * factor)), to: last >= now() ? "" : new Date(last).toISOString() });
  };
  const which = h("select", { id: "class", onchange: () => go({ class: which.value, fields: "" }) }, classes.map(c => h("option", { value: c.collection + "/" + c.wireName, selected: c === chosen }, `${c.collection}: ${c.name}`)));
  const others = h("input", { type: "text", id: "with", value: devices.slice(1).join(","), autocomplete: "off", placeholder: "names, with commas" });
  const boxes = numbers.map(f => h("span", { class: "check" }, h("input", {
    type: "checkbox", id: "field-" + f.name, checked: fields.includes(f.name), onchange: () => {
      const now = numbers.map(n => n.name).filter(n => document.getElementById("field-" + n).checked);
      go({ fields: now.join(",") });
    },
  }), h("label", { for: "field-" + f.name }, titleOf(f.name))));
  const plots = h("div", { class: "plots" }), said = h("p", { role: "status" }), latest = h("div", {});
  const exports = devices.flatMap(device => [["csv", "CSV"], ["ndjson", "NDJSON"]].map(([format, text]) => ({ device, format, link: h("a", { class: "button", download: `${device}.${format}` }, `${text} of ${device}`) })));
  fill(root, h("div", { class: "row" },
    classes.length > 1 ? [h("label", { for: "class" }, "Class"), which] : null,
    h("fieldset", { class: "row" }, h("legend", { class: "sr" }, "Fields"), boxes)),
  h("form", { class: "row", onsubmit: e => { e.preventDefault(); go({ with: others.value.trim() }); } }, h("label", { for: "with" }, "Beside"), others, h("button", {}, "Compare")),
  h("div", { class: "row", role: "group", "aria-label": "Time" },
    Object.entries(RANGES).map(([s, text]) => h("button", { "aria-pressed": String(Number(s) === width && !end), onclick: () => go({ span: s, to: "" }) }, text)),
    h("button", { "aria-label": "Earlier", onclick: () => move(-0.5) }, "←"), h("button", { "aria-label": "Later", onclick: () => move(0.5) }, "→"),
    h("button", { "aria-label": "Zoom in", onclick: () => move(end ? -0.25 : 0, 0.5) }, "+"), h("button", { "aria-label": "Zoom out", onclick: () => move(end ? 0.5 : 0, 2) }, "−")),
  said, plots, h("div", { class: "row", role: "group", "aria-label": "Export what is shown" }, "Export what is shown:", exports.map(e => e.link)), latest);
  await script();
  const drawn = [];

  async function refresh() {
    const last = end ?? now(), first = last - width * 1000;
    const bucket = Math.max(1, Math.floor(width / SPANS));
    const wanted = { collection: chosen.collection, class: chosen.wireName, from: new Date(first).toISOString(), to: end ? new Date(end).toISOString() : "", fields: fields.join(","), bucket };
    for (const e of exports) e.link.href = "/v1/readings" + query({ ...wanted, device: e.device, format: e.format, units: e.format === "csv" && numbers.some(n => n.unit) ? "true" : "" });
    const series = await Promise.all(devices.map(async d => {
      try {
        return await get("/v1/readings" + query({ ...wanted, device: d }));
      } catch (e) {
        if (e instanceof Gone) throw e;
        if (d !== name && e instanceof Refused) page.say(`${d}: ${e.message}`, true);
        return [];
      }
    }));
    const count = series.reduce((n, s) => n + s.reduce((m, r) => m + (r.count ?? 1), 0), 0);
    fill(said, count === 0 ? "No readings in this time: choose a longer one, or another." : `${count} readings from ${time(new Date(first).toISOString())} to ${time(new Date(last).toISOString())}${bucket > 1 ? `; each point sums up ${bucket} s, the band is from least to most` : ""}.`);
    plots.hidden = count === 0;
    draw(series, first / 1000, last / 1000, bucket);
    const newest = series[0].slice(-10).reverse();
    fill(latest, newest.length === 0 ? null : table(`The newest of ${name}${bucket > 1 ? ", means" : ""}`, ["Time", ...fields.map(titleOf)],
      newest.map(r => [time(r.at), ...fields.map(f => { const v = r.value?.[f]; return v === null || v === undefined ? "" : String(round(typeof v === "object" ? v.mean : v)); })])));
  }

  function draw(series, first, last, bucket) {
    while (drawn.length) drawn.pop().destroy();
    fill(plots);
    for (const field of fields) {
      const lines = series.map(s => gaps(s, field, bucket));
      const xs = [...new Set(lines.flatMap(l => l.map(p => p[0])))].sort((a, b) => a - b);
      const place = new Map(xs.map((x, i) => [x, i]));
      const data = [xs];
      const style = getComputedStyle(document.documentElement);
      const ink = style.getPropertyValue("--ink").trim(), grid = style.getPropertyValue("--rule").trim();
      const drawnSeries = [{ label: "Time", value: (_, v) => v === null || v === undefined ? "" : time(v * 1000) }], bands = [];
      const clock = seconds => {
        const date = new Date(seconds * 1000);
        return last - first > 2 * DAY ? date.toLocaleDateString(undefined, { day: "numeric", month: "short" })
          : date.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit", second: last - first < 600 ? "2-digit" : undefined, hour12: false });
      };
      lines.forEach((line, i) => {
        const colour = style.getPropertyValue(COLOURS[i]).trim();
        const column = k => { const values = new Array(xs.length).fill(undefined); for (const p of line) values[place.get(p[0])] = p[k]; return values; };
        data.push(column(1));
        drawnSeries.push({ label: devices.length > 1 ? devices[i] : titleOf(field), stroke: colour, width: 1.5, value: (_, v) => v === null || v === undefined ? "" : String(round(v)) });
        if (bucket > 1) {
          data.push(column(2), column(3));
          for (const label of ["most", "least"]) drawnSeries.push({ label, stroke: "transparent", points: { show: false }, value: (_, v) => v === null || v === undefined ? "" : String(round(v)) });
          bands.push({ series: [data.length - 2, data.length - 1], fill: colour + "33" });
        }
      });
      const said = lines.map((line, i) => {
        const values = line.map(p => p[1]).filter(v => v !== null);
        return values.length ? `${devices[i]}: ${round(Math.min(...values))} to ${round(Math.max(...values))}, last ${round(values.at(-1))}` : `${devices[i]}: none`;
      }).join("; ");
      const box = h("section", { class: "plot", "aria-label": `${titleOf(field)}. ${said}` }, h("h2", {}, titleOf(field)));
      plots.append(box);
      drawn.push(new window.uPlot({
        width: Math.max(260, plots.clientWidth - 2), height: 190,
        scales: { x: { min: first, max: last } },
        cursor: { sync: { key: "readings" }, drag: { x: true, y: false, setScale: false } },
        legend: { live: true },
        axes: [
          { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, space: 90, values: (_, times) => times.map(clock) },
          { stroke: ink, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid }, size: (_, values) => 24 + 7 * Math.max(4, ...(values ?? []).map(v => String(v).length)) },
        ],
        series: drawnSeries, bands,
        hooks: {
          setSelect: [u => {
            if (u.select.width < 8) return;
            const from = u.posToVal(u.select.left, "x"), to = u.posToVal(u.select.left + u.select.width, "x");
            go({ span: Math.max(10, Math.round(to - from)), to: new Date(to * 1000).toISOString() });
          }],
        },
      }, data, box));
    }
  }

  const again = () => refresh().catch(() => {});
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let resizing = 0;
  const resized = () => { clearTimeout(resizing); resizing = setTimeout(again, 200); };
  dark.addEventListener("change", again);
  addEventListener("resize", resized);
  await refresh().catch(e => page.say(e.message, true));
  return { refresh, close() { dark.removeEventListener("change", again); removeEventListener("resize", resized); clearTimeout(resizing); while (drawn.length) drawn.pop().destroy(); } };
}

// Classes that have numbers; those that say their time, where there are such: others are rather configuration.
async function plottable(name) {
  const classes = (await get("/v1/classes?device=" + encodeURIComponent(name))).filter(c => c.fields.some(f => f.number && f.type !== "time"));
  const timed = classes.filter(c => c.fields.some(f => f.type === "time"));
  return timed.length ? timed : classes;
}

// [time, mean, most, least] of a field, with a null where more than the usual distance lies between two.
function gaps(readings, field, bucket) {
  const points = [];
  for (const r of readings) {
    const v = r.value?.[field];
    if (v === null || v === undefined || v === "NaN") continue;
    points.push(typeof v === "object" ? [Date.parse(r.at) / 1000, v.mean, v.max, v.min] : [Date.parse(r.at) / 1000, v, v, v]);
  }
  points.sort((a, b) => a[0] - b[0]);
  const steps = points.slice(1).map((p, i) => p[0] - points[i][0]).sort((a, b) => a - b);
  const usual = Math.max(bucket, steps[Math.floor(steps.length / 2)] ?? 0);
  const line = [];
  points.forEach((p, i) => {
    if (i > 0 && p[0] - points[i - 1][0] > GAP * usual) line.push([(p[0] + points[i - 1][0]) / 2, null, null, null]);
    line.push(p);
  });
  return line;
}

const round = v => Math.abs(v) >= 1000 ? Math.round(v) : Number(v.toPrecision(6));

let loading = null;
function script() {
  loading ??= new Promise((done, failed) => {
    const element = h("script", { src: "page/vendor/uPlot.iife.min.js", onload: () => done(), onerror: () => { loading = null; failed(new Gone()); } });
    document.head.append(element);
  });
  return loading;
}
