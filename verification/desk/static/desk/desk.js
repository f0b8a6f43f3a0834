// Keys, live parts, toasts and small conveniences of every page. All of it does without: forms and links work alone.
"use strict";
document.documentElement.classList.add("js");

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const isShown = (element) => !!element && element.offsetParent !== null && !element.disabled;

// --- keys -------------------------------------------------------------------------------------------------

const keys = new Map();
const chords = new Map();
let chord = "";
// The key whose act is done and that is still down: most act once, however long they are held.
let held = "";
const REPEATING = new Set(["j", "k", ",", ".", "+", "=", "-", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]);
const LATIN = { Comma: ",", Period: ".", BracketLeft: "[", BracketRight: "]" };

/** The key as a Latin keyboard has it: shortcuts stay where they are when another alphabet is switched on. */
function keyOf(event) {
  if (event.key.length !== 1 || event.key < "\u0080") return event.key;
  return /^Key[A-Z]$/.test(event.code) ? event.code.slice(3).toLowerCase() : LATIN[event.code] ?? event.key;
}

/** Listens to a single key; `act` returns false where it does not apply. */
function onKey(key, act) {
  keys.set(key, [...(keys.get(key) ?? []), act]);
}

const isTyping = (target) =>
  target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox], [type=button], [type=submit])");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const key = keyOf(event);
  if (event.repeat && event.code === held && !REPEATING.has(key)) return event.preventDefault();
  const target = event.target instanceof Element ? event.target : document.body;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    return run(keys.get("Ctrl-Enter"), event, target);
  }
  if (event.key === "Escape") return run(keys.get("Escape"), event, target);
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(target) || $("dialog[open]")) return;
  if (document.body.dataset.shortcuts === "off") return;
  if (chord) {
    const act = chords.get(`${chord} ${key}`);
    chord = "";
    if (act) return run([act], event, target);
  }
  if (key === "g") {
    chord = "g";
    setTimeout(() => { chord = ""; }, 1500);
    return;
  }
  run(keys.get(key), event, target);
});
document.addEventListener("keyup", () => { held = ""; });

function run(acts, event, target) {
  // The page's own keys stand before those of every page.
  for (const act of [...(acts ?? [])].reverse()) {
    if (act(event, target) !== false) {
      held = event.code;
      event.preventDefault();
      return;
    }
  }
}

for (const link of $$("[data-go]")) chords.set(`g ${link.dataset.go}`, () => link.click());
onKey("?", () => $("#help").showModal());
onKey("/", () => { const field = $("[data-search]"); if (!field) return false; field.focus(); field.select(); });
onKey("Escape", (event, target) => {
  if ($("dialog[open]")) return false;
  const open = target.closest("details.menu[open]");
  if (open) { open.open = false; return; }
  if (isTyping(target)) { target.blur(); return; }
  const back = $("[data-back]");
  if (!back) return false;
  back.click();
});
$("[data-help]")?.addEventListener("click", (event) => { event.preventDefault(); $("#help").showModal(); });

// A list is walked with j and k; Enter opens what its row links to.
function walk(step) {
  const rows = $$("[data-row]").filter(isShown);
  if (!rows.length) return false;
  const at = rows.findIndex((row) => row.classList.contains("is-here"));
  const next = rows[Math.min(Math.max(at + step, 0), rows.length - 1)] ?? rows[0];
  for (const row of rows) row.classList.toggle("is-here", row === next);
  ($("a[href], button", next) ?? next).focus();
  next.scrollIntoView({ block: "nearest" });
}
onKey("j", () => walk(1));
onKey("k", () => walk(-1));
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (row) for (const each of $$("[data-row].is-here")) each.classList.toggle("is-here", each === row);
});

// --- live parts -------------------------------------------------------------------------------------------

// They ask with the tag of what they show; 304 swaps nothing. Nobody asks for what is out of sight.
document.addEventListener("htmx:config:request", (event) => {
  const { ctx } = event.detail;
  const element = ctx.sourceElement;
  if (!element?.matches?.("[data-live]")) return;
  if (document.hidden || element.closest("[hidden]")) { event.preventDefault(); return; }
  ctx.request.cache = "no-store";
  const tag = element.dataset.tag;
  if (tag) ctx.request.headers["If-None-Match"] = tag;
});
document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  const element = ctx.sourceElement;
  if (!element?.matches?.("[data-live]")) return;
  const tag = ctx.response?.headers.get("ETag");
  if (tag && ctx.response.status === 200) element.dataset.tag = tag;
});
// A refusal or a fault replaces nothing, unless it is sent for a part of this page: what is typed stays there.
document.addEventListener("htmx:before:response", async (event) => {
  const { response, hx, sourceElement } = event.detail.ctx;
  if (response.status < 400) $("#logged-out")?.remove();
  if (response.status < 400 || hx.retarget) return;
  event.preventDefault();
  if (response.status === 401) { loggedOut(); return; }
  if (sourceElement?.matches?.("[data-live]")) return;
  const isSaid = response.headers.get("Content-Type")?.startsWith("text/plain");
  toast(isSaid ? await response.raw.text() : `The desk could not do that (${response.status}). What you typed is still here.`, "error");
});
/** Says so and stays: what is typed is on this page, and goes on when somebody has logged in beside it. */
function loggedOut() {
  if ($("#logged-out")) return;
  const link = document.createElement("a");
  link.href = document.body.dataset.login;
  link.target = "_blank";
  link.textContent = "Log in in another window";
  const note = document.createElement("p");
  note.id = "logged-out";
  note.className = "toast is-error";
  note.dataset.fading = "never";
  note.append("You are logged out. What you typed is still here. ", link, ", then go on.");
  $("#toasts").append(note);
}
// A new login brings a new token: the forms that were there before take it over.
const tokenNow = () => /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1];
let token = tokenNow();
function takeToken() {
  const fresh = tokenNow();
  if (!fresh || fresh === token) return;
  token = fresh;
  for (const input of $$("input[name=csrfmiddlewaretoken]")) input.value = fresh;
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": fresh }));
}
document.addEventListener("htmx:error", (event) => {
  // A poll that fails is repeated; whoever pressed a button is told.
  if (event.detail.ctx?.sourceElement?.matches?.("[data-live]")) return;
  toast("The desk did not answer. What you typed is still here; try again.", "error");
});

// --- toasts -----------------------------------------------------------------------------------------------

const TOAST_MS = 9000;

function toast(text, kind = "info", button = null) {
  const note = document.createElement("p");
  note.className = `toast is-${kind}`;
  note.append(text);
  if (button) note.append(button);
  $("#toasts").append(note);
  fade(note);
}
function fade(note) {
  note.dataset.fading = "";
  const leave = () => (note.matches(":hover, :focus-within") ? setTimeout(leave, 2000) : note.remove());
  setTimeout(leave, TOAST_MS);
}

// --- conveniences, also in what is swapped in later ---------------------------------------------------------

const SENT_MS = 10_000;

function pad(number) { return String(number).padStart(2, "0"); }

function tick() {
  takeToken();
  for (const time of $$("time[data-countdown]")) {
    const left = Math.floor((new Date(time.dateTime) - Date.now()) / 1000);
    const hours = Math.floor(left / 3600);
    time.textContent = left < 0 ? "run out" : `${hours ? `${hours}:` : ""}${pad(Math.floor((left % 3600) / 60))}:${pad(left % 60)}`;
    time.classList.toggle("is-short", left < 300);
  }
}
setInterval(tick, 1000);

// A form that is on its way is not sent again: a second press would take a second claim.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, SENT_MS);
});
addEventListener("pageshow", () => { for (const form of $$("form[data-sent]")) delete form.dataset.sent; });

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-autosubmit]")) event.target.form.requestSubmit();
});

/** Copies a text exactly; where HTML may be pasted, with where it is from. */
async function copy(button) {
  const { copy: text, copyCite: cite, copyVersion: version } = button.dataset;
  try {
    const parts = { "text/plain": new Blob([text], { type: "text/plain" }) };
    if (cite) {
      const quote = document.createElement("span");
      quote.dataset.stetPublication = cite;
      quote.dataset.stetVersion = version;
      quote.textContent = text;
      parts["text/html"] = new Blob([quote.outerHTML], { type: "text/html" });
    }
    await navigator.clipboard.write([new ClipboardItem(parts)]);
    toast("Copied.", "success");
  } catch {
    const shown = document.getElementById(button.dataset.copyFrom ?? "");
    if (shown) getSelection().selectAllChildren(shown);
    toast("Your browser keeps the clipboard to itself. The text is selected: press Ctrl-C.", "error");
  }
}
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) copy(button);
  for (const menu of $$("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

function settle(root = document) {
  tick();
  for (const note of $$("#toasts .toast:not([data-fading])")) fade(note);
  for (const field of $$(".errors[id^='error-']", root)) {
    const input = field.parentElement.querySelector("input, select, textarea");
    input?.setAttribute("aria-invalid", "true");
    const described = new Set((input?.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)).add(field.id);
    input?.setAttribute("aria-describedby", [...described].join(" "));
  }
}
document.addEventListener("DOMContentLoaded", () => {
  settle();
  // What only scripts show has no focus to take when the page is drawn before they run.
  if (document.activeElement === document.body) $("[autofocus]")?.focus();
  // A form that comes back with errors is taken up at the first of them.
  if (document.activeElement === document.body) $$("[aria-invalid=true]").find(isShown)?.focus();
});
document.addEventListener("htmx:after:swap", () => settle());

window.stet = { $, $$, onKey, isShown, isTyping, toast, settle };
