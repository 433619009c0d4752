// The page: who is signed in, which view the address names, and whether the server answers.

import { h, fill, setClock } from "./dom.js";
import { get, post, request, hooks, follow, Gone, Refused } from "./api.js";
import * as fleet from "./fleet.js";
import * as device from "./device.js";
import * as decode from "./decode.js";
import * as enrol from "./enrol.js";
import * as access from "./access.js";
import * as groups from "./groups.js";

const VIEWS = { fleet, device, decode, enrol, groups, tokens: { open: access.tokens }, audit: { open: access.audit } };
const ROLES = ["read", "configure", "administer"];
const main = document.getElementById("main");
const state = { session: null, view: null, stop: null, lost: null };

/** What views know of the page. */
const page = {
  /** True when who signed in may do this. */
  name: () => state.session?.name,
  may: role => ROLES.indexOf(state.session?.role) >= ROLES.indexOf(role),
  /** Goes to another address of the page. */
  go(address, replace) {
    history[replace ? "replaceState" : "pushState"](null, "", address);
    show();
  },
  /** Changes the address without showing anything anew. */
  note(address) { history.replaceState(null, "", address); },
  /** Says something to everyone, those who listen included. */
  say,
  /** Does something that the server may refuse, and says how it ended. */
  async attempt(work, done) {
    try {
      const result = await work();
      say(typeof done === "function" ? done(result) : done);
      state.view?.refresh?.();
      return result;
    } catch (e) {
      if (!(e instanceof Refused || e instanceof Gone)) throw e;
      say(e.message, true);
      return undefined;
    }
  },
};

let quiet = 0;
function say(text, bad) {
  const notice = document.getElementById("notice");
  fill(notice, text ? h("p", { class: bad ? "bad" : "good" }, text, h("button", { class: "plain", "aria-label": "Close this message", onclick: () => say("") }, "×")) : null);
  clearTimeout(quiet);
  if (text && !bad) quiet = setTimeout(() => say(""), 12000);
}

hooks.reached = answered => {
  const gone = document.getElementById("gone");
  if (answered === (state.lost === null)) return;
  state.lost = answered ? null : new Date();
  document.body.classList.toggle("lost", !answered);
  fill(gone, answered ? null : h("p", {}, `The server has not answered since ${state.lost.toLocaleTimeString()}. What is shown is from before; it is asked again every few seconds.`));
};

hooks.signedOut = () => {
  if (state.session) {
    state.session = null;
    close();
    signIn("You are signed out: the token or the sign-in has ended.");
  }
};

function close() {
  state.view?.close?.();
  state.view = null;
  state.stop?.();
  state.stop = null;
}

function signIn(why) {
  head();
  document.title = "Sign in - NanoSync";
  const token = h("input", { type: "password", autocomplete: "current-password", required: true, id: "token" });
  const wrong = h("p", { class: "bad", role: "alert" });
  const form = h("form", {
    class: "card narrow",
    onsubmit: async event => {
      event.preventDefault();
      try {
        await enter({ token: token.value.trim() });
      } catch (e) {
        fill(wrong, e.message);
        token.focus();
      }
    },
  }, h("h1", {}, "Sign in"), why ? h("p", {}, why) : null,
  h("label", { for: "token" }, "Token"), token,
  h("small", {}, "The admin token, or one made by: token add NAME"), wrong,
  h("button", { class: "main" }, "Sign in"));
  fill(main, form);
  token.focus();
}

async function enter(given) {
  state.session = await post("/v1/session", given);
  await show();
}

function head() {
  const here = new URLSearchParams(location.search);
  const current = here.get("device") ? "device" : here.get("view") ?? "fleet";
  const link = (view, text, href) => h("a", { href, "aria-current": current === view ? "page" : null }, text);
  fill(document.getElementById("nav"), state.session ? [
    link("fleet", "Fleet", "/"),
    link("groups", "Groups", "/?view=groups"),
    page.may("administer") ? link("enrol", "Enrol", "/?view=enrol") : null,
    link("decode", "Decode", "/?view=decode"),
    page.may("administer") ? link("tokens", "Tokens", "/?view=tokens") : null,
    page.may("administer") ? link("audit", "Audit log", "/?view=audit") : null,
    h("a", { href: "/reference" }, "REST"),
  ] : null);
  fill(document.getElementById("who"), state.session ? [
    h("span", {}, `${state.session.name}, ${state.session.role}`),
    h("button", {
      class: "plain",
      onclick: async () => {
        await request("DELETE", "/v1/session").catch(() => {});
        state.session = null;
        close();
        signIn("You are signed out.");
      },
    }, "Sign out"),
  ] : null);
}

/** Shows what the address names. */
async function show() {
  if (!state.session) return signIn();
  const address = new URLSearchParams(location.search);
  const name = address.get("device") ? "device" : VIEWS[address.get("view")] ? address.get("view") : "fleet";
  if (state.view?.takes?.(address)) {
    head();
    return;
  }
  close();
  head();
  window.scrollTo(0, 0);
  const root = h("div", {});
  fill(main, root);
  const view = await VIEWS[name].open(root, address, page);
  state.view = view;
  if (view?.refresh) {
    let busy = false;
    state.stop = follow(async () => {
      if (busy) return;
      busy = true;
      try {
        await view.refresh();
      } catch (e) {
        if (!(e instanceof Gone || e instanceof Refused || e.name === "AbortError")) throw e;
      } finally {
        busy = false;
      }
    }, view.follows);
  }
}

/** Follows links within the page without loading it anew. */
document.addEventListener("click", event => {
  const link = event.target.closest?.("a[href^='/']");
  if (!link || link.hasAttribute("download") || link.target || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const url = new URL(link.href);
  if (url.pathname !== "/") return;
  event.preventDefault();
  say("");
  page.go(url.pathname + url.search);
  if (!link.closest(".stay")) main.focus({ preventScroll: true });
});
window.addEventListener("popstate", () => { if (!location.hash.startsWith("#main")) show(); });

async function begin() {
  const link = /^#link=([\w-]+)$/.exec(location.hash)?.[1];
  if (link) {
    history.replaceState(null, "", location.pathname + location.search); // it is used up, and is not to be kept
    try {
      await enter({ link });
      return;
    } catch (e) {
      if (!(e instanceof Refused)) throw e;
      state.session = null;
      signIn(e.message);
      return;
    }
  }
  try {
    state.session = await get("/v1/session");
    setClock((await get("/v1/fleet")).time);
  } catch (e) {
    if (e instanceof Gone) setTimeout(begin, 3000);
    else signIn();
    return;
  }
  await show();
}

begin();
