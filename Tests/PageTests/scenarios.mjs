// What a person does with the page, in Debian's Chromium driven by Playwright. One scenario a run:
//   node scenarios.mjs NAME '{"url": ..., "admin": ..., "modules": ..., "pictures": ..., "given": ...}'
// A line "? NAME" asks the test to do something and waits for its answer. The last line is "well".
// In each scenario the console stays without errors but those it names, and no request goes elsewhere.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";

const [name, text] = process.argv.slice(2);
const settings = JSON.parse(text);
const require = createRequire(settings.modules + "/");
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const program = execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const ask = async what => { console.log("? " + what); await input.next(); };
const WAIT = 30000; // a busy machine

let browser, faults = [], allowed = [], elsewhere = [], asked = new Set(), described = null;
/** Console errors of failed requests that the scenario brings about: statuses, or "refused" for a server that is away. */
const allow = (...what) => { allowed = what; };

async function open({ dark = false, phone = false, token = settings.admin, path = "/" } = {}) {
  const context = await browser.newContext({ colorScheme: dark ? "dark" : "light", viewport: phone ? { width: 390, height: 780 } : { width: 1280, height: 800 }, isMobile: phone, locale: "en-GB", reducedMotion: "reduce" });
  context.setDefaultTimeout(WAIT);
  const page = await context.newPage();
  page.on("console", message => { if (message.type() === "error" || message.type() === "warning") note(message.text()); });
  page.on("pageerror", error => faults.push("thrown: " + error.stack));
  page.on("request", request => { if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== settings.url) elsewhere.push(request.url()); });
  page.on("request", request => { const { pathname, origin } = new URL(request.url()); if (origin === settings.url && !/^\/(page\/.*)?$/.test(pathname)) asked.add(`${request.method()} ${pathname}`); });
  if (token) {
    const answer = await context.request.post(settings.url + "/v1/session", { data: { token }, headers: { "X-NanoSync": "1" } });
    assert.equal(answer.status(), 200);
    if (!described && token === settings.admin) described = await (await context.request.get(settings.url + "/openapi/v1.json")).json();
  }
  await page.goto(settings.url + path);
  return page;
}

function note(message) {
  const failed = /^Failed to load resource: (?:the server responded with a status of (\d+)|net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE|INCOMPLETE_CHUNKED_ENCODING))/.exec(message);
  if (failed && (failed[1] ? allowed.includes(Number(failed[1])) : allowed.includes("refused"))) return;
  faults.push(message);
}

/** What the page asked for that the OpenAPI document does not have. */
function undocumented() {
  const ways = Object.entries(described?.paths ?? {}).flatMap(([path, operations]) => Object.keys(operations).map(method => [method.toUpperCase(), new RegExp("^" + path.replace(/\{[^}]*\}/g, "[^/]+") + "$")]));
  return [...asked].filter(request => !ways.some(([method, path]) => request.startsWith(method + " ") && path.test(request.slice(method.length + 1))));
}

/** A dialog: it keeps the rules, Escape closes it, and the focus is where it was before. */
async function dismissed(page, button, what) {
  await button.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await accessible(page, what);
  assert.ok(await page.evaluate(() => document.querySelector("dialog").contains(document.activeElement)), `${what}: the focus is in it`);
  await page.keyboard.press("Escape");
  await until(`${what} is closed`, async () => await page.getByRole("dialog").count() === 0);
  assert.ok(await button.evaluate(b => b === document.activeElement), `${what}: the focus is where it was`);
}

const main = page => page.locator("#main");
const see = (page, text, where) => (where ?? page.locator("body")).getByText(text).first().waitFor({ timeout: WAIT });
const count = (page, name) => page.getByRole("navigation", { name: /^Counts/ }).getByRole("link", { name });
const rows = page => page.locator(".rows .line .name a");
/** Each count's link leads to as many devices as it says. */
async function agree(page, what) {
  const links = page.getByRole("navigation", { name: /^Counts/ }).getByRole("link");
  const here = page.url(), told = (await links.allTextContents()).map(t => t.split(" "));
  for (const [number, ...name] of told) {
    await page.locator(".found").evaluate(e => e.replaceChildren());
    await links.filter({ hasText: name.join(" ") }).first().click();
    await until(`${what}: ${number} ${name.join(" ")}`, async () => (await page.locator(".found").textContent()) === `${number} device${number === "1" ? "" : "s"}`);
  }
  await page.goto(here);
  await page.locator(".counts a").first().waitFor();
}

/** Two devices beside each other: values under the cursor, and what is shown as files of each. */
async function twoDevices(page) {
  await page.goto(settings.url + "/?device=gappy&tab=readings&span=21600&with=hill");
  await page.locator(".uplot canvas").first().waitFor();
  await see(page, /^120 readings from .*each point sums up 43 s/);
  const over = await page.locator(".u-over").first().boundingBox();
  const under = share => until("values in the legend", async () => { // the plot is drawn anew when something came
    await page.mouse.move(over.x + over.width * share + 1, over.y + 60);
    await page.mouse.move(over.x + over.width * share, over.y + 60);
    await settled(page);
    const said = await page.locator(".u-legend").first().locator(".u-series").evaluateAll(all => all.map(s => s.textContent));
    const values = Object.fromEntries(said.map(s => /^(Time|gappy|hill):? *(.*)$/.exec(s)).filter(m => m).map(m => [m[1], m[2]]));
    return /\d\d:\d\d:\d\d/.test(values.Time) && values.gappy && values.hill ? values : false;
  });
  const early = await under(0.2), late = await under(0.7);
  for (const values of [early, late]) {
    assert.ok(Number(values.gappy) >= 17 && Number(values.gappy) <= 23 && Math.abs(Number(values.hill) - Number(values.gappy) - 10) < 0.02, JSON.stringify(values));
  }
  assert.notEqual(early.Time, late.Time);
  assert.deepEqual(await page.getByRole("group", { name: "Export what is shown" }).getByRole("link").allTextContents(), ["CSV of gappy", "NDJSON of gappy", "CSV of hill", "NDJSON of hill"]);
  for (const [device, least] of [["gappy", 17], ["hill", 27]]) {
    const saved = async form => {
      const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: `${form} of ${device}`, exact: true }).click()]);
      assert.equal(file.suggestedFilename(), `${device}.${form.toLowerCase()}`);
      return readFileSync(await file.path(), "utf8").trim().split("\n");
    };
    const rows = (await saved("NDJSON")).map(line => JSON.parse(line));
    assert.ok(rows.every(r => r.value.temperature.min >= least && r.value.temperature.max <= least + 6), JSON.stringify(rows[0]));
    assert.equal(rows.reduce((sum, r) => sum + r.count, 0), 60);
    const lines = await saved("CSV");
    assert.equal(lines[0].trim(), "device,collection,time,count,temperature.min,temperature.mean,temperature.max");
    assert.equal(lines.length, rows.length + 1);
  }
}

async function until(what, test) {
  const end = Date.now() + WAIT;
  let last;
  while (Date.now() < end) {
    last = await test();
    if (last) return last;
    await new Promise(r => setTimeout(r, 100));
  }
  assert.fail(`not within ${WAIT / 1000} s: ${what}; last ${JSON.stringify(last)}`);
}

async function accessible(page, where) {
  await page.evaluate(axe); // by the debugger's way: the page's policy lets no other script in
  const found = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ["violations"] });
    return result.violations.map(v => `${v.id}: ${v.help}: ${v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + (n.any[0]?.message ?? "")).join(" | ")}`);
  });
  assert.deepEqual(found, [], where);
}

/** What a device's row says is seen whole: a column each, on a phone waiting, lost, battery, signal and firmware in one line. */
async function seenInRow(page, device, cells) {
  const row = page.locator(".rows .line").filter({ has: page.getByRole("link", { name: device, exact: true }) });
  const whole = await row.boundingBox(), tops = [];
  for (const [cell, text] of Object.entries(cells)) {
    const at = row.locator("." + cell), box = await at.boundingBox();
    assert.equal(await at.textContent(), text);
    assert.ok(box && box.width > 10 && box.y >= whole.y && box.y + box.height <= whole.y + whole.height && await at.evaluate(e => e.scrollWidth <= e.clientWidth), `${cell} of ${device} at ${page.viewportSize().width}: ${JSON.stringify(box)} in ${JSON.stringify(whole)}`);
    if (cell !== "error") tops.push(Math.round(box.y + box.height / 2));
  }
  assert.ok(Math.max(...tops) - Math.min(...tops) < 2, "in one line: " + tops);
}

const settled = page => page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))));
const picture = async (page, file) => { mkdirSync(settings.pictures, { recursive: true }); await page.screenshot({ path: `${settings.pictures}/${file}.png` }); };

const scenarios = {
  async signIn() {
    allow(401, 403);
    const page = await open({ token: null });
    await see(page, "Sign in");
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await see(page, "There is no such token.");
    await page.getByLabel("Token").fill(settings.given.reader);
    await page.keyboard.press("Enter");
    await see(page, "anna, read");
    assert.equal(await page.getByRole("link", { name: "Enrol" }).count(), 0, "a reader enrols nobody");
    const cookie = (await page.context().cookies()).find(c => c.name === "nanosync");
    assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, "Strict"]);
    assert.equal(await page.evaluate(() => document.cookie + JSON.stringify({ ...localStorage })), "{}", "no script can read it");
    assert.equal(await page.evaluate(async () => (await fetch("/v1/session", { method: "DELETE" })).status), 403, "a change without the header is refused");
    await page.getByRole("link", { name: "d1" }).click();
    await see(page, "It was enrolled and never came");
    assert.equal(await page.getByRole("button", { name: "Restart" }).count(), 0, "nor does a reader restart a device");
    const second = await open({ token: settings.given.reader });
    await see(second, "anna, read");
    const configurer = await open({ token: settings.given.configurer, path: "/?device=d1" });
    await see(configurer, "otto, configure");
    await configurer.getByRole("button", { name: "Restart" }).waitFor();
    assert.equal(await configurer.getByRole("button", { name: "Revoke" }).count() + await configurer.getByRole("link", { name: "Enrol" }).count(), 0, "who configures keeps nobody out and enrols nobody");
    await ask("revoke");
    await see(page, "You are signed out");
    await see(second, "You are signed out"); // another browser: everywhere
    await see(configurer, "otto, configure");
    await page.getByLabel("Token").fill(settings.admin);
    await page.keyboard.press("Enter");
    await see(page, "admin, administer");
    await page.getByRole("button", { name: "Sign out" }).click();
    await see(page, "You are signed out.");
    await page.reload();
    await page.getByLabel("Token").waitFor();

    const linked = await open({ token: null, path: settings.given.link });
    await see(linked, "admin, administer");
    assert.ok(!linked.url().includes("link="), "the code does not stay in the address");
    const again = await open({ token: null, path: settings.given.link });
    await see(again, "This link was used");
  },

  /** The first command of the README: what it prints, opened. */
  async first() {
    const began = Date.now();
    const page = await open({ token: null, path: settings.given.link });
    await page.locator(".uplot canvas").first().waitFor();
    await see(page, /^[1-9]\d* readings from/);
    assert.match(await page.locator(".plot").first().getAttribute("aria-label"), /virtual: .* to .*, last/);
    const took = Date.now() - began;
    console.log(`figures: this machine's readings are seen ${took} ms after the first command's link was opened`);
    assert.ok(took < 15000, `${took} ms`);
    await see(page, "admin, administer");
    assert.equal(new URL(page.url()).search + new URL(page.url()).hash, "?device=virtual&tab=readings", "signed in, and where the link leads");
  },

  async fleet() {
    const page = await open();
    await until("the worst first", async () => (await rows(page).first().textContent()) === "late");
    await see(page, "Overdue", page.locator(".rows .line").first());
    await picture(page, "fleet");
    await count(page, "1 Overdue").waitFor();
    await count(page, "1 Dropping").waitFor();
    await count(page, "1 Two stores").waitFor();
    await count(page, "6 all").waitFor();
    await count(page, "1 Dropping").click();
    await until("one device", async () => await rows(page).count() === 1 && await rows(page).first().textContent() === "dropper");
    assert.ok(page.url().endsWith("?problem=dropping"));
    await see(page, "7 dropped");
    await page.reload();
    await until("the address keeps the filter", async () => await rows(page).count() === 1 && await rows(page).first().textContent() === "dropper");
    await page.goBack();
    await until("the way back", async () => await rows(page).count() === 6);
    await page.getByLabel("Search").fill("2.7");
    await until("found by firmware", async () => await rows(page).count() === 1 && await rows(page).first().textContent() === "well");
    assert.ok(page.url().endsWith("?text=2.7"));
    await page.getByLabel("Search").fill("nothing like this");
    await see(page, "No device is like this.");
    await page.getByLabel("Search").fill("");
    await until("all again", async () => await rows(page).count() === 6);
    await count(page, "1 revoked").click();
    await until("the one kept out", async () => await rows(page).count() === 1 && await rows(page).first().textContent() === "out");
    await count(page, "6 all").click();
    await until("all once more", async () => await rows(page).count() === 6);
    await ask("sync late");
    await until("what came is no longer overdue, unasked", async () => await count(page, /Overdue/).count() === 0 && await rows(page).first().textContent() === "twin");
    await page.getByLabel("Configuration").selectOption("refused");
    await until("those that refuse what they are to have", async () => await rows(page).count() === 1 && await rows(page).first().textContent() === "dropper");
    assert.ok(page.url().endsWith("?configuration=refused"));
    assert.equal(await page.locator(".rows .line .error").textContent(), "interval below 5 - config/a refused by the device (6)", "the reason is not what is cut");
    await agree(page, "those that refuse");
    await page.getByLabel("Configuration").selectOption("");
    await page.getByLabel("Search").fill("2.6");
    await count(page, "2 all").waitFor();
    await count(page, "1 in step").waitFor();
    await agree(page, "found by a text");
    await page.getByLabel("Configuration").getByRole("option", { name: "None (1)" }).waitFor({ state: "attached" }); // one of the two is kept out
    await page.getByLabel("Group").getByRole("option", { name: "north (0)" }).waitFor({ state: "attached" });
    await page.getByLabel("Search").fill("");
    await until("all without the text", async () => await rows(page).count() === 6);
    await page.getByLabel("Configuration").selectOption("");
    await page.getByLabel("Group").selectOption("north");
    await until("one group", async () => await rows(page).count() === 1);

    // by the keyboard alone
    await page.goto(settings.url + "/");
    await until("rows", async () => await rows(page).count() === 6);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "Skip to the content");
    for (let i = 0; i < 40 && !(await page.evaluate(() => document.activeElement.closest(".name"))); i++) await page.keyboard.press("Tab");
    const before = await page.locator(".rows .line").first().textContent();
    await ask("sync late");
    await until("the row is drawn anew", async () => await page.locator(".rows .line").first().textContent() !== before);
    assert.equal(await page.evaluate(() => document.activeElement.textContent), "twin", "the focus stays where it was");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "twin" }).waitFor();
    await see(page, "Two stores sync with one token");
  },

  /** A fleet as one has it, for the pictures of the README. */
  async pictures() {
    const page = await open();
    await until("the worst first", async () => (await rows(page).count()) > 8);
    await see(page, "200 devices");
    await count(page, "3 Overdue").waitFor();
    await page.getByLabel("Configuration").getByRole("option", { name: "Refused (4)" }).waitFor({ state: "attached" });
    await settled(page);
    await picture(page, "readme/fleet");
    const first = [];
    while (first.length < 5 || (first.length < 20 && Math.min(...first) >= 1000)) { // nothing of it is in a cache; the least, as others may have the machine meanwhile
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      assert.equal((await context.request.post(settings.url + "/v1/session", { data: { token: settings.admin }, headers: { "X-NanoSync": "1" } })).status(), 200);
      const fresh = await context.newPage(), began = Date.now();
      await fresh.goto(settings.url + "/");
      await fresh.locator(".rows .line .name a").first().waitFor();
      first.push(Date.now() - began);
      await context.close();
    }
    console.log(`figures: the fleet is seen ${Math.min(...first)} ms after its address was given, the least of ${first.length}`);
    assert.ok(Math.min(...first) < 1000, `first view after ${first.join(", ")} ms`);
    await page.goto(settings.url + "/?device=weir-07&tab=readings&span=86400");
    await page.locator(".uplot canvas").nth(1).waitFor();
    await see(page, /^\d+ readings from/);
    await settled(page);
    await picture(page, "readme/readings");
    await page.goto(settings.url + "/?device=ridge-03&tab=config");
    await see(page, "interval below 10", page.getByRole("region", { name: "Object sampling" }));
    await see(page, "from 10, as the device said");
    await settled(page);
    await picture(page, "readme/configuration");
    await page.goto(settings.url + "/?device=ridge-03");
    await page.locator(".timeline li").first().waitFor();
    await page.getByRole("img", { name: /^Battery by the hour/ }).waitFor();
    await settled(page);
    await page.screenshot({ path: `${settings.pictures}/readme/device.png`, fullPage: true });
    const dark = await open({ dark: true, path: "/?view=groups&group=north" });
    await see(dark, "107 applied, 9 waiting, 4 refused: interval below 10.");
    await dark.getByText("Devices", { exact: true }).click();
    await dark.getByRole("row", { name: /refused interval below 10/ }).first().waitFor({ state: "attached" });
    await settled(dark);
    await picture(dark, "readme/group");
  },

  /** What no other scenario presses: a new object, units and ranges, fetch, send again, delete, group, expected every. */
  async buttons() {
    const page = await open({ path: "/?device=d1&tab=config" });
    const card = id => page.getByRole("region", { name: `Object ${id}`, exact: true });
    await see(page, "Refused by the device: interval below 5.", card("a"));
    await card("a").getByRole("button", { name: "Send it again" }).click();
    await see(page, "It is sent again.");
    await ask("a is sent again");

    await page.getByText("New object").click();
    const form = page.locator("details.card form").filter({ has: page.getByLabel("Fields as JSON") });
    await form.getByLabel("Id").fill("b");
    await form.getByLabel("Class").fill("sampling(interval:u,sensors:t)");
    await form.getByLabel("Fields as JSON").fill('{"interval":30,"sensors":null}');
    await form.getByRole("button", { name: "Make" }).click();
    await card("b").waitFor();
    await card("b").getByRole("button", { name: "Fetch the device's copy" }).click();
    await see(page, "The device is asked for its copy");
    await ask("b is fetched");

    await page.getByText("Names, units and ranges of sampling").click();
    const note = page.getByRole("form", { name: "interval of sampling" });
    await note.getByLabel("Label").fill("Interval");
    await note.getByLabel("Unit").fill("s");
    await note.getByLabel("Least").fill("10");
    await note.getByLabel("Most").fill("3600");
    await note.getByRole("button", { name: "Keep" }).click();
    await see(page, "10 to 3600 s", card("b"));
    let writes = 0;
    page.on("request", r => { if (r.method() === "PUT") writes++; });
    await card("b").getByLabel("Interval").fill("9");
    await card("b").getByRole("button", { name: "Save" }).click();
    await see(page, "Interval is 10 to 3600 s, not 9: so it is said of its class. Nothing was sent.", card("b"));
    assert.equal(writes, 0, "it is refused before it is sent");
    await accessible(page, "units and ranges");
    await card("b").getByLabel("Interval").fill("10");
    await card("b").getByRole("button", { name: "Save" }).click();
    await see(page, /^Saved\./);
    assert.equal(writes, 1);

    const remove = card("b").getByRole("button", { name: "Delete" });
    await dismissed(page, remove, "Delete an object");
    assert.equal(await card("b").count(), 1, "Escape is no");
    await remove.click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await until("it is gone", async () => await card("b").count() === 0);

    await page.goto(settings.url + "/?device=d1");
    await page.getByLabel("Group", { exact: true }).fill("north");
    await page.locator("form.act").filter({ has: page.getByLabel("Group", { exact: true }) }).getByRole("button", { name: "Set" }).click();
    await see(page, /^Group north\./);
    await page.getByLabel(/^Expected every/).fill("600");
    await page.locator("form.act").filter({ has: page.getByLabel(/^Expected every/) }).getByRole("button", { name: "Set" }).click();
    await see(page, "Set, from now on.");
    for (const name of ["Restart", "Start over", "New token", "Replace board", "Delete"]) await dismissed(page, page.getByRole("button", { name, exact: true }), name);

    // several numbers of several devices
    await page.goto(settings.url + "/?device=d1&tab=readings&span=86400");
    await page.locator(".uplot canvas").nth(1).waitFor();
    assert.deepEqual(await page.locator(".plot h2").allTextContents(), ["temperature (\u00b0C)", "Humidity"]);
    await page.getByRole("checkbox", { name: "Humidity" }).click();
    await until("one of them", async () => await page.locator(".plot").count() === 1 && page.url().includes("fields=temperature"));
    await page.getByRole("checkbox", { name: "Humidity" }).click();
    await until("both again", async () => await page.locator(".plot").count() === 2);
    await page.getByLabel("Beside").fill("d2");
    await page.getByRole("button", { name: "Compare" }).click();
    await until("both devices", async () => page.url().includes("with=d2") && /^.*d1: .*; d2: /.test(await page.locator(".plot").first().getAttribute("aria-label").catch(() => "")));
  },

  async many() {
    const page = await open();
    const pages = [];
    page.on("request", r => { const u = new URL(r.url()); if (u.pathname === "/v1/devices") pages.push(u.searchParams.get("skip") ?? "0"); });
    await until("the list", async () => await rows(page).count() > 5);
    await see(page, "20000 devices");
    assert.ok(await page.locator(".rows .line").count() < 60, "only what is seen is there");
    const began = Date.now();
    await page.goto(settings.url + "/");
    await until("the list", async () => await rows(page).count() > 5);
    console.log(`figures: 20,000 devices shown ${Date.now() - began} ms after the address was given`);
    await page.locator(".list").evaluate(l => { l.scrollTop = l.scrollHeight; });
    await until("the last one", async () => (await rows(page).allTextContents()).includes("device19999"));
    assert.ok(await page.locator(".rows .line").count() < 60);
    // frames while one scrolls through it, beside those of a page on which nothing is: what this machine makes slow is slow there, too
    const scroll = list => list.evaluate(async list => {
      let longest = 0, most = 0, tasks = 0, last = performance.now();
      const observer = new PerformanceObserver(l => { tasks += l.getEntries().length; });
      observer.observe({ entryTypes: ["longtask"] });
      for (let i = 0; i < 60; i++) {
        list.scrollTop -= 14000;
        await new Promise(requestAnimationFrame);
        most = Math.max(most, list.querySelectorAll(".line").length);
        longest = Math.max(longest, performance.now() - last);
        last = performance.now();
      }
      await new Promise(r => setTimeout(r, 100));
      observer.disconnect();
      return { longest: Math.round(longest), most, tasks };
    });
    pages.length = 0;
    const own = await scroll(page.locator(".list"));
    await until("what is seen is there", async () => !(await page.locator(".rows .line .name").allTextContents()).includes(""));
    const bare = await browser.newPage();
    await bare.setContent('<div id="list" style="height:700px;overflow:auto"><div style="height:960000px"></div></div>');
    await bare.locator("#list").evaluate(l => { l.scrollTop = l.scrollHeight; });
    const other = await scroll(bare.locator("#list"));
    console.log(`figures: while scrolling through 20,000 devices the longest of 60 frames took ${own.longest} ms (of a bare page ${other.longest}), ${own.tasks} tasks were long (${other.tasks}), ${own.most} rows were there at most, ${pages.length} pages were asked for`);
    assert.ok(own.most > 10 && own.most < 80, `${own.most} rows`);
    // each page once, but those in view, which are asked for anew when the stream tells of something
    assert.ok(pages.length - new Set(pages).size <= 4, "no page is asked for again and again: " + pages);
    assert.ok(pages.length <= 2 * 60 + 4, `${pages.length} requests`);
    const cells = await page.locator(".rows .line .firmware").allTextContents(), names = await rows(page).allTextContents();
    assert.equal(new Set(names).size, names.length, "each row is another device");
    assert.ok(names.every((n, i) => cells[i] === "" || cells[i] === "1." + Number(n.slice(6))), "with what is its own: " + names[0] + " " + cells[0]);
    assert.ok(cells.filter(c => c).length > 5);
    await page.getByLabel("Search").fill("device12345");
    await until("found", async () => (await rows(page).allTextContents()).join() === "device12345");
  },

  async device() {
    const page = await open({ path: "/?device=d1" });
    await page.locator(".charts svg").first().waitFor();
    await picture(page, "device");
    await see(page, "It does not take one object as it is now");
    await see(page, "interval below 5 (status 6)");
    await page.getByRole("button", { name: "Retry a" }).click();
    await see(page, "a: sent again");
    await page.getByRole("button", { name: "Drop a" }).click();
    await see(page, "a: the device is asked to drop it");
    await page.getByRole("button", { name: "Ask for its status" }).click();
    await see(page, /It is asked for its status\. It is command \d+, carried out with its next sync/);
    await see(page, "waits", page.getByRole("region", { name: "Commands, newest first" }));
    await page.getByRole("button", { name: "Restart" }).click();
    await see(page, /d1 restarts with its next sync/);
    await page.getByRole("button", { name: "Cancel" }).click();
    assert.equal(await page.getByRole("region", { name: "Commands, newest first" }).getByText("restart").count(), 0, "nothing is done when one cancels");
    await page.getByLabel("Seconds between syncs").fill("900");
    await page.getByLabel("Seconds between syncs").press("Enter");
    await see(page, "It is told to sync every 900 s.");
    for (const said of [/^Battery by the hour: 3\.10 to 3\.70 V, last 3\.10, 2 values/, /^Signal by the hour: -80 to -67 dBm, last -80/, /^Heap free by the hour: 59 to 60 KB, last 59/, /^Flash free by the hour: 107 to 117 KB, last 107/, /^Clock off by the hour: -1 to 3 s, last 3/]) {
      const line = page.getByRole("img", { name: said });
      await line.waitFor();
      const box = await line.locator("path").boundingBox();
      assert.ok(box.width > 100 && box.height > 10, `${said} is drawn: ${JSON.stringify(box)}`);
    }
    const syncs = await page.getByRole("region", { name: /^The last syncs/ }).locator("tbody tr").evaluateAll(all => all.map(r => [...r.cells].map(c => c.textContent)));
    const fetched = syncs.find(r => r[2] === "1"); // the object went down to it
    assert.match(fetched?.join("|") ?? "none of " + JSON.stringify(syncs), /^[\d.]+ (s|min|h) ago\|0\|1\|0\|[1-9]\d*\|[1-9]\d*\|\d+ ms\|well$/);
    await page.getByRole("region", { name: /^Stores/ }).getByText("AAAA").waitFor();
    await page.getByRole("button", { name: "Revoke" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await see(page, "d1 is kept out.");
    await see(page, "Revoked", page.locator(".devicehead"));
    await page.locator(".acts").getByRole("button", { name: "New token" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "New token" }).click();
    await see(page, "New token of d1, shown this once");
    await until("let in again", async () => await page.locator(".devicehead .mark.off").count() === 0);
  },

  async virtual() {
    const page = await open({ path: "/?device=virtual" });
    await see(page, "Nothing is wrong: nothing to do.");
    await page.getByRole("button", { name: "Ask for its status" }).click();
    await page.getByRole("region", { name: "Commands, newest first" }).getByText("done").first().waitFor({ timeout: WAIT });
    await page.getByRole("button", { name: "Ask for its diary" }).click();
    await page.locator(".timeline li").first().waitFor({ timeout: WAIT });
    await page.getByRole("region", { name: /^The last syncs/ }).getByText("well").first().waitFor();
    const done = command => page.getByRole("region", { name: "Commands, newest first" }).getByRole("row", { name: new RegExp(`^\\d+ ${command} .* done `) }).waitFor({ timeout: WAIT });
    await page.getByRole("button", { name: "Restart" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
    await see(page, /It is told to restart\. It is command \d+/);
    await done("restart");
    await ask("it restarted");
    await page.getByLabel("Collection").selectOption("readings");
    await page.getByRole("button", { name: "Start over" }).click();
    await see(page, /virtual begins readings anew/, page.getByRole("dialog"));
    await page.getByRole("dialog").getByRole("button", { name: "Start over" }).click();
    await see(page, /It is told to start over with readings\./);
    await done("start-over");
    await see(page, "Nothing is wrong: nothing to do.");
  },

  async waiting() {
    const page = await open({ path: "/?device=d1&tab=config" });
    const card = page.getByRole("region", { name: "Object a" });
    await see(page, /^waiting Waiting: it goes to the device with its next sync, due in 1\d min\./, card);
    await ask("fetch");
    await see(page, /^sent Sent: the device has not yet said that it took it\./, card);
    await ask("take");
    await see(page, /^applied Applied: the device has it\./, card);
  },

  async config() {
    allow(400, 412);
    const page = await open({ path: "/?device=virtual&tab=config" });
    const card = page.getByRole("region", { name: "Object sampling" });
    await see(page, "It came from the device.", card);
    await card.getByLabel("interval").fill("2");
    await card.getByRole("button", { name: "Save" }).click();
    await see(page, "Saved. It goes to the device");
    await picture(page, "configuration");
    await until("applied by the device", async () => (await card.locator(".objstate").textContent()).includes("applied") && await card.getByLabel("interval").inputValue() === "2");
    await ask("device has 2");

    await card.getByLabel("interval").fill("-1"); // the class lets it; the device does not
    await card.getByRole("button", { name: "Save" }).click();
    await see(page, /Refused by the device: .*interval/, card);
    await card.getByRole("columnheader", { name: "The device has" }).waitFor();
    await card.getByRole("row", { name: "interval 2 -1" }).waitFor();
    const interval = card.getByLabel("interval"); // what the device said is the field's range from now on
    await see(page, "1 to 86400 seconds, as the device said", card);
    assert.deepEqual([await interval.getAttribute("min"), await interval.getAttribute("max")], ["1", "86400"]);
    await picture(page, "refused");
    await page.reload();
    await see(page, "1 to 86400 seconds, as the device said", card);
    await interval.fill("86401");
    await card.getByRole("button", { name: "Save" }).click();
    await see(page, "The device said: interval is 1 to 86400 seconds, not 86401.", page.getByRole("dialog"));
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await ask("still -1");
    await interval.fill("1.5"); // its type is a whole number: that is no question of what a device takes
    await card.getByRole("button", { name: "Save" }).click();
    assert.deepEqual([await page.getByRole("dialog").count(), await interval.evaluate(i => i.validity.stepMismatch)], [0, true]);
    await ask("still -1");

    await card.getByLabel("interval").fill("7");
    await ask("edit elsewhere");
    await card.getByRole("button", { name: "Save" }).click();
    await see(page, "Not saved:", card);
    await card.getByRole("row", { name: "interval 7 3" }).waitFor();
    await picture(page, "stale");
    await accessible(page, "a stale edit");
    await ask("still 3");
    await card.getByRole("button", { name: "Write mine over it" }).click();
    await until("applied", async () => (await card.locator(".objstate").textContent()).includes("applied") && await card.getByLabel("interval").inputValue() === "7");
  },

  async group() {
    allow(400, 412);
    const page = await open({ path: "/?view=groups" });
    await page.getByRole("link", { name: "north" }).click();
    await see(page, "Nothing is set for it.");
    await page.getByText("New value").click();
    await page.getByLabel("Id", { exact: true }).fill("sampling");
    await page.getByLabel("Fields as JSON").fill('{"interval":"3","sensors":""}');
    await page.getByRole("button", { name: "Make" }).click();
    await see(page, "interval is a number, without quotes.");
    await page.getByLabel("Fields as JSON").fill('{"interval":3,"sensors":""}');
    await page.getByRole("button", { name: "Make" }).click();
    const card = page.getByRole("region", { name: "Object config/sampling" });
    const tally = async () => card.locator(".tally").textContent();
    await until("the virtual device applied it", async () => await tally() === "1 applied, 2 waiting.");
    await ask("b1 takes it and b2 does not");
    await until("counted", async () => await tally() === "2 applied, 1 refused: interval below 5.");
    await see(page, "1 refuse it: interval below 5", card);
    await see(page, "from 5, as the device said", card);
    await card.getByText("Devices", { exact: true }).click();
    await card.getByRole("row", { name: /^b2 refused interval below 5/ }).waitFor();
    await picture(page, "group");

    await card.getByLabel("interval").fill("7");
    await ask("edit elsewhere");
    await card.getByRole("button", { name: "Save" }).click();
    await see(page, "Not saved:", card);
    await card.getByRole("row", { name: "interval 7 4" }).waitFor();
    await ask("still 4");
    await card.getByRole("button", { name: "Take that of the server" }).click();
    await until("theirs", async () => await card.getByLabel("interval").inputValue() === "4");

    await card.getByLabel("interval").fill("-1"); // the class lets it; the virtual device, which was there last, does not
    await card.getByLabel("First to so many devices").fill("1");
    await card.getByRole("button", { name: "Save" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Save all the same" }).click();
    await see(page, "It goes to virtual first.");
    await see(page, "virtual refused it:", card);
    await card.getByRole("columnheader", { name: "The others have" }).waitFor();
    await card.getByRole("button", { name: "Abort" }).click();
    await see(page, "Taken back");
    await until("as before", async () => await card.getByRole("button", { name: "Abort" }).count() === 0 && await card.getByLabel("interval").inputValue() === "4");
    await card.getByText("History", { exact: true }).click();
    await card.getByRole("row", { name: /anna.*"interval":3.*"interval":4/ }).waitFor();
    await card.getByRole("button", { name: "Restore version 1 of config/sampling" }).click();
    await see(page, "Version 1 of config/sampling is set again.");
    await until("restored and applied", async () => await card.getByLabel("interval").inputValue() === "3" && (await tally()).startsWith("1 applied"));
    await card.getByRole("row", { name: /restored 1/ }).waitFor();

    // a device's own value, and back
    await page.goto(settings.url + "/?device=b1&tab=config");
    const own = page.getByRole("region", { name: "Object sampling" });
    await see(page, "It is what group north is to have", own);
    await own.getByLabel("interval").fill("11");
    await own.getByRole("button", { name: "Save" }).click();
    await see(page, "It has a value of its own instead of that of group north", own);
    await own.getByRole("button", { name: "Follow the group" }).click();
    await until("the group's", async () => await own.getByLabel("interval").inputValue() === "3");
    await own.getByText("History", { exact: true }).click();
    await own.getByRole("row", { name: /group north/ }).first().waitFor();
    await own.getByRole("button", { name: /^Restore version \d+ of sampling/ }).first().click();
    await until("its own once more", async () => await own.getByLabel("interval").inputValue() === "11");
  },

  async readings() {
    const page = await open({ path: "/?device=virtual&tab=readings" });
    await page.locator(".uplot canvas").first().waitFor({ timeout: WAIT });
    await see(page, /\d+ readings from/);
    assert.equal(await page.getByRole("button", { name: "10 min" }).getAttribute("aria-pressed"), "true", "a device of a minute is not shown over a day");
    const plots = await page.locator(".plot").count();
    assert.ok(plots >= 1);
    assert.match(await page.locator(".plot").first().getAttribute("aria-label"), /virtual: .* to .*, last/);
    const drawn = await page.locator(".uplot canvas").first().evaluate(c => [...c.getContext("2d").getImageData(0, 0, c.width, c.height).data].some((v, i) => i % 4 === 3 && v > 0));
    assert.ok(drawn, "something is drawn");
    const href = await page.getByRole("link", { name: "CSV of virtual", exact: true }).getAttribute("href");
    const csv = await (await page.context().request.get(settings.url + href)).text();
    assert.ok(csv.split("\n").length > 2, csv.slice(0, 300));
    await page.getByRole("button", { name: "Zoom in" }).click();
    await until("the span is in the address", async () => page.url().includes("span=300"));
    await page.locator(".uplot canvas").first().waitFor();
    await page.getByRole("button", { name: "Day", exact: true }).click();
    await until("a day", async () => page.url().includes("span=86400"));
    await see(page, "each point sums up");
    const box = await page.locator(".u-over").first().boundingBox();
    await page.mouse.move(box.x + box.width * 0.6, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await until("zoomed by dragging", async () => /span=\d+/.test(page.url()) && page.url().includes("to="));
    await twoDevices(page);
    // gaps: a device that was silent for an hour is no line over that hour
    await page.goto(settings.url + "/?device=gappy&tab=readings&span=21600");
    await page.locator(".uplot canvas").first().waitFor();
    await see(page, /^60 readings from/);
    await picture(page, "readings");
    const holes = await page.locator(".uplot canvas").first().evaluate(c => {
      // columns of the drawing between the first and the last with ink that have none: the gap is one run of them
      const area = c.getContext("2d").getImageData(0, 0, c.width, c.height);
      const plot = c.closest(".uplot").querySelector(".u-over").getBoundingClientRect(), whole = c.getBoundingClientRect(), scale = c.width / whole.width;
      const [left, right, top, bottom] = [plot.left - whole.left, plot.right - whole.left, plot.top - whole.top, plot.bottom - whole.top].map(v => Math.round(v * scale));
      const probe = document.createElement("div");
      probe.style.color = getComputedStyle(document.documentElement).getPropertyValue("--line1");
      document.body.append(probe);
      const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
      probe.remove();
      const ink = x => { for (let y = top; y < bottom; y++) { const i = (y * c.width + x) * 4; if (area.data[i + 3] > 100 && Math.abs(area.data[i] - r) + Math.abs(area.data[i + 1] - g) + Math.abs(area.data[i + 2] - b) < 60) return true; } return false; };
      let first = -1, last = -1, run = 0, longest = 0;
      for (let x = left; x < right; x++) {
        if (ink(x)) { if (first < 0) first = x; last = x; longest = Math.max(longest, run); run = 0; } else if (first >= 0) run++;
      }
      return { share: longest / (right - left), width: (last - first) / (right - left) };
    });
    assert.ok(holes.share > 0.1 && holes.share < 0.6, JSON.stringify(holes));
  },

  async objects() {
    const page = await open({ path: "/?device=d1&tab=objects&collection=config" });
    await see(page, '{"interval":1,"sensors":null}');
    await page.getByRole("button", { name: "Show a in full" }).click();
    const card = page.getByRole("region", { name: "Object a" });
    await see(page, "Raw", card);
    await see(page, /^0000 {2}/, card);
    await page.getByRole("link", { name: "Decode" }).click();
    await page.getByLabel("Message").fill(settings.given.hex);
    await page.getByRole("button", { name: "Decode" }).click();
    await see(page, `A message of ${settings.given.length} bytes, wbxml.`);
    const part = page.getByRole("row", { name: /<SyncKey>/ });
    await part.first().waitFor();
    const offset = Number(await part.first().getByRole("rowheader").textContent());
    assert.ok(offset > 3 && offset < settings.given.length, `offset ${offset}`);
    await page.getByLabel("Message").fill(settings.given.xml);
    await page.getByRole("button", { name: "Decode" }).click();
    await see(page, `A message of ${settings.given.letters} bytes, xml.`);
    await page.getByRole("row", { name: /<SyncKey>/ }).first().waitFor();
    await page.getByLabel("Message").fill(settings.given.hex.slice(0, -6));
    await page.getByRole("button", { name: "Decode" }).click();
    await see(page, /It is no whole message: error NS\d+/);
    allow(400);
    await page.getByLabel("Message").fill("xyz");
    await page.getByRole("button", { name: "Decode" }).click();
    await see(page, "hex is pairs of 0-9 and a-f");
  },

  async enrol() {
    allow(400);
    const page = await open({ path: "/?view=enrol" });
    await page.getByRole("button", { name: "Enrol" }).click();
    await see(page, "Give names, or a table: one of them.");
    await page.getByLabel("Names").fill("board1\nboard2 d1");
    await page.getByLabel("Group in the fleet's list").fill("north");
    await page.getByLabel("What the boards are given").selectOption("token");
    await page.getByRole("button", { name: "Enrol" }).click();
    await see(page, /Nobody was enrolled\.\s+device 3: There is a device d1 already/);
    await ask("nobody");
    await page.getByLabel("Names").fill("board1\nboard2");
    await page.getByRole("button", { name: "Enrol" }).click();
    await see(page, "waiting for its first contact");
    assert.equal(await page.locator(".made li").count(), 2);
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download board1.env" }).click()]);
    assert.match(readFileSync(await file.path(), "utf8"), /^NANOSYNC_TOKEN=[\w-]{43}\nNANOSYNC_SERVER=http:\/\/127\.0\.0\.1:\d+\/sync\n$/m);
    await ask("board1 comes");
    await see(page, /came/, page.locator(".made li").first());

    const table = (name, text) => page.getByLabel("Or a table (CSV)").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(text) });
    await page.getByLabel("What the boards are given").selectOption("claim");
    await table("bad.csv", "name,group\nboard3,north\nno name,\nboard1,\n");
    await page.getByRole("button", { name: "Enrol" }).click();
    await see(page, /line 3: A device's name is/);
    await see(page, /line 4: There is a device board1 already/);
    await table("good.csv", "name;group;board\nboard3;;ESP32_C3\nboard4;north;\n");
    await page.getByRole("button", { name: "Enrol" }).click();
    await page.getByRole("img", { name: "QR code of the claim code of board4" }).waitFor();
    assert.equal(await page.locator(".made li").count(), 4);
    await see(page, "NANOSYNC_DEVICE=board3.env board-configs/flash.sh ESP32_C3 /dev/ttyUSB0");
    await accessible(page, "enrolled");
    const [tar] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "All files (tar)" }).click()]);
    const path = await tar.path();
    assert.deepEqual(execFileSync("tar", ["tf", path], { encoding: "utf8" }).trim().split("\n").sort(), ["boards/board1.env", "boards/board2.env", "boards/board3.env", "boards/board4.env"]);
    assert.match(execFileSync("tar", ["xOf", path, "boards/board3.env"], { encoding: "utf8" }), /^NANOSYNC_CLAIM=[\w-]{19}\nNANOSYNC_SERVER=/m);
    const [all] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "All as CSV" }).click()]);
    assert.equal(readFileSync(await all.path(), "utf8").split("\n").length, 6);
  },

  /** What a reader of QR codes sees on the screen is the code that the server takes. */
  async scan() {
    const page = await open({ path: "/?view=enrol" });
    await page.getByLabel("Names").fill("scanned");
    await page.getByRole("button", { name: "Enrol" }).click();
    const code = page.getByRole("img", { name: "QR code of the claim code of scanned" });
    await code.waitFor();
    const shot = await code.screenshot();
    const pixels = await page.evaluate(async png => {
      const image = new Image();
      image.src = "data:image/png;base64," + png;
      await image.decode();
      const canvas = document.createElement("canvas");
      [canvas.width, canvas.height] = [image.width, image.height];
      const context = canvas.getContext("2d");
      context.drawImage(image, 0, 0);
      return { width: image.width, height: image.height, data: [...context.getImageData(0, 0, image.width, image.height).data] };
    }, shot.toString("base64"));
    const read = require("jsqr")(new Uint8ClampedArray(pixels.data), pixels.width, pixels.height);
    assert.match(read?.data ?? "nothing was read", /^([0-9A-Z]{4}-){3}[0-9A-Z]{4}$/);
    const answer = await page.context().request.post(settings.url + "/sync", { headers: { "Content-Type": "application/vnd.nanosync.claim" }, data: read.data });
    assert.match(await answer.text(), /^scanned\n[\w-]{43}\n$/);
  },

  async replace() {
    allow(404, 410); // asked for while it was deleted
    const page = await open({ path: "/?device=d1" });
    await page.getByLabel("The old token ends").selectOption("24");
    await page.getByRole("button", { name: "New token" }).click();
    await see(page, /the old one ends when the new one is used, or after a day/);
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Claim code" }).click();
    await page.getByRole("img", { name: "QR code of the claim code of d1" }).waitFor();
    await see(page, /waits until/);
    await page.getByRole("button", { name: "Replace board" }).click();
    await see(page, /its readings and its configuration stay/);
    await page.getByRole("dialog").getByRole("button", { name: "Replace board" }).click();
    await see(page, "Claim code for the new board of d1, shown this once");
    await page.getByRole("button", { name: "Download d1.env" }).waitFor();
    await see(page, "None has told its name.");
    for (const [device, verb] of [["d2", "Delete"], ["d3", "Delete with its data"]]) {
      await page.goto(settings.url + "/?device=" + device);
      await page.getByRole("button", { name: verb, exact: true }).click();
      await page.getByRole("dialog").getByRole("button", { name: verb }).click();
      await see(page, `${device} is deleted.`);
      await until("the fleet without it", async () => new URL(page.url()).search === "" && await rows(page).count() > 0 && !(await rows(page).allTextContents()).includes(device));
    }
    await page.goto(settings.url + "/?device=d2");
    await see(page, /d2 was deleted; what it sent is kept/);
  },

  async access() {
    allow(409);
    const page = await open({ path: "/?view=tokens" });
    const row = name => page.getByRole("row", { name: new RegExp("^" + name + " ") });
    await see(page, "revoked", row("gone"));
    await page.getByLabel("Name").fill("plotter");
    await page.getByLabel("Role").selectOption("configure");
    await page.getByLabel("Days").fill("30");
    await page.getByRole("button", { name: "Make token" }).click();
    await see(page, "Token plotter, shown this once");
    const token = await page.locator("code.secret").textContent();
    const session = () => page.context().request.get(settings.url + "/v1/session", { headers: { Authorization: "Bearer " + token } });
    assert.equal((await (await session()).json()).role, "configure");
    await page.getByLabel("Name").fill("plotter");
    await page.getByRole("button", { name: "Make token" }).click();
    await see(page, /There is a token plotter already/);
    await accessible(page, "tokens");
    await page.getByRole("button", { name: "Revoke plotter" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
    await see(page, "revoked", row("plotter"));
    assert.equal((await session()).status(), 401);
    await page.getByRole("link", { name: "Audit log" }).click();
    await see(page, "DELETE tokens");
    await see(page, "/v1/tokens/plotter");
    await accessible(page, "audit log");
    await page.getByRole("link", { name: "Older" }).click();
    await see(page, "old 0");
    await page.getByRole("link", { name: "Newest" }).click();
    await see(page, "DELETE tokens");
  },

  async alerts() {
    const page = await open();
    const said = page.locator(".alerts summary");
    await see(page, "1 open alert", said);
    await see(page, "1 that nobody acknowledged", said);
    await see(page, "<img src=/x onerror=alert(1)>"); // a device's text is text
    assert.equal(await page.locator("#main img").count(), 0);
    await said.click();
    await see(page, /Its battery is low \(3\.00 V\)/, page.locator(".alerts"));
    await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))));
    await accessible(page, "alerts");
    await page.getByRole("button", { name: "Acknowledge: d1, Battery low" }).click();
    await see(page, "admin knows of it", page.locator(".alerts"));
    await see(page, "all acknowledged", said);
    await page.locator(".alerts").getByRole("link", { name: "d1" }).click();
    await page.getByRole("heading", { name: "d1" }).waitFor();
  },

  /** By the stream where there is one, by asking where it is cut. */
  async live() {
    allow("refused");
    const page = await open();
    await until("rows", async () => await rows(page).count() === 1);
    await new Promise(r => setTimeout(r, 3000)); // the stream is open, and asking every 20 s
    let began = Date.now();
    await ask("sync");
    await until("told by the stream", async () => (await page.locator(".rows .line").first().textContent()).includes("In step"));
    const stream = Date.now() - began;
    const context = page.context();
    await context.route("**/v1/changes**", route => route.abort("connectionrefused"));
    await page.reload();
    await until("rows", async () => await rows(page).count() === 1);
    began = Date.now();
    await ask("lower");
    await until("asked", async () => (await page.locator(".rows .line").first().textContent()).includes("Battery low"));
    console.log(`figures: a change is shown after ${stream} ms by the stream, ${Date.now() - began} ms where that is cut`);
    assert.ok(stream < 15000, `${stream} ms is asking, not the stream`);
  },

  async gone() {
    allow("refused");
    const page = await open();
    await until("rows", async () => await rows(page).count() === 1);
    await ask("stop");
    await see(page, "The server has not answered since");
    assert.equal(await rows(page).count(), 1, "what was there is still shown");
    await ask("start");
    await until("back", async () => await page.locator("#gone p").count() === 0);
    await ask("sync");
    await until("live again", async () => (await page.locator(".rows .line").first().textContent()).includes("In step"));
  },

  async looks() {
    const views = { fleet: "/", device: "/?device=d1", config: "/?device=d1&tab=config", readings: "/?device=gappy&tab=readings&span=21600", objects: "/?device=d1&tab=objects&collection=config", decode: "/?view=decode", enrol: "/?view=enrol", tokens: "/?view=tokens", audit: "/?view=audit", groups: "/?view=groups", group: "/?view=groups&group=north" };
    for (const dark of [false, true]) {
      for (const phone of [false, true]) {
        const page = await open({ dark, phone });
        for (const [view, path] of Object.entries(views)) {
          await page.goto(settings.url + path);
          await page.locator("#main h1, #main .devicehead h1").first().waitFor({ state: "attached" });
          await page.waitForFunction(() => !document.querySelector("#main") || document.querySelectorAll(".rows .line .mark, .tabs, form.card, #main p, .card form, #main tbody tr").length > 0);
          if (view === "readings") await page.locator(".uplot canvas").first().waitFor();
          if (view === "config") await page.locator(".card form").first().waitFor();
          if (view === "config" || view === "group") {
            await page.getByText("History", { exact: true }).first().click();
            await page.getByRole("region", { name: /^History of/ }).first().waitFor();
          }
          if (view === "group") {
            await page.getByText("Devices", { exact: true }).first().click();
            await page.getByRole("region", { name: /^Devices of/ }).waitFor();
          }
          await page.evaluate(() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r))));
          if (view === "fleet") {
            await seenInRow(page, "d1", { waiting: "1 down", battery: "3.10 V", signal: "-80 dBm", firmware: "1.2", error: "interval below 5 - config/a refused by the device (6)" });
            await seenInRow(page, "gappy", { lost: "7 dropped", battery: "3.95 V", error: "dropped 7" });
          }
          await accessible(page, `${view}, ${dark ? "dark" : "light"}, ${phone ? "phone" : "desk"}`);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          assert.ok(wide <= 0, `${view} on a ${phone ? "phone" : "desk"} is ${wide} px too wide`);
          if (dark === phone || view === "fleet") await picture(page, `${view}-${dark ? "dark" : "light"}${phone ? "-phone" : ""}`);
        }
        await page.context().close();
      }
    }
    allow(401);
    const page = await open({ token: null });
    await page.getByLabel("Token").waitFor();
    await accessible(page, "sign-in");
  },
};

try {
  browser = await chromium.launch({ executablePath: program, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });
  await scenarios[name]();
  await browser.close();
  assert.deepEqual(elsewhere, [], "requests elsewhere");
  assert.deepEqual(faults, [], "console");
  if (described) {
    assert.ok(asked.size > 0);
    assert.deepEqual(undocumented(), [], "requests that the OpenAPI document does not have");
  }
  console.log("well");
  process.exit(0);
} catch (e) {
  console.error(e.stack);
  for (const context of browser?.contexts() ?? []) {
    for (const page of context.pages()) console.error("---- " + page.url() + "\n" + (await page.locator("body").innerText().catch(() => "")).slice(0, 3000));
  }
  console.error("console: " + faults.join("\n"));
  await browser?.close();
  process.exit(1);
}
