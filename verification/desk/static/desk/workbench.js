// Deciding by keyboard: 1-4, f, s, o, Ctrl-Enter, z, m; drafts that keep themselves; the skip form.
"use strict";
(() => {
  const { $, $$, onKey, isShown, isTyping, toast } = stet;
  const DRAFT_MS = 1200;
  const dimensions = () => $$("details.dimension");
  const formOf = (dimension) => $("form.verdict-form", dimension);
  const mayDecide = () => !!$("form.verdict-form");

  /** What a digit is for: the dimension that is open, else the next one needed. */
  function current() {
    return dimensions().find((each) => each.open && formOf(each)) ?? nextOpen();
  }
  function nextOpen() {
    const waiting = dimensions().filter((each) => each.dataset.status === "not_checked" && formOf(each));
    return waiting.find((each) => "needed" in each.dataset);
  }
  function open(dimension) {
    dimension.open = true;
    dimension.scrollIntoView({ block: "nearest" });
  }

  function decide(status) {
    const dimension = current() ?? dimensions().find(formOf);
    if (!dimension || !mayDecide()) return false;
    open(dimension);
    const form = formOf(dimension);
    $(`input[name=status][value=${status}]`, form).click();
    const first = ["verified", "contradicted"].includes(status) ? "[name=feature_0]" : "[name=reason]";
    $(first, form).focus();
  }
  ["verified", "unverified", "contradicted", "not_applicable"].forEach((status, index) => {
    onKey(String(index + 1), () => decide(status));
  });

  /** Takes one side of a disagreement over: at once where the reason is written, else once it is. */
  function takeOver(side) {
    const form = $("form.dispute", current() ?? document);
    if (!form) return false;
    for (const button of $$("[data-take-over]", form)) button.classList.toggle("primary", button.dataset.takeOver === side);
    const reason = $("[name=reason]", form);
    if (reason.value.trim()) form.requestSubmit($("button.primary", form)); else reason.focus();
  }
  onKey("f", () => takeOver("0"));
  onKey("s", () => takeOver("1"));

  onKey("o", () => {
    const offer = $("[data-fills] button[name=offer]", current() ?? dimensions().find((each) => $("[data-fills]", each)) ?? document);
    if (!offer) return false;
    open(offer.closest(".dimension"));
    offer.click();
  });

  /** The form that somebody is at: open, and not decided yet or being decided anew. */
  const underWay = () => dimensions().filter((each) => each.open && formOf(each))
    .filter((each) => each.dataset.status === "not_checked" || $("input[name=status]:checked", each)).map(formOf)[0];

  onKey("Ctrl-Enter", (event, target) => {
    const form = target.closest("form.verdict-form, form[data-note]") ?? (isTyping(target) ? target.form : null)
      ?? (target.closest("#submit-form") ? null : underWay());
    if (form?.matches(".dispute") && !$("button.primary", form)) {
      toast("Choose whose verdict to take over.", "error");
      return;
    }
    if (form) { form.requestSubmit($("button[type=submit], button.primary", form) ?? undefined); return; }
    const button = $("#submit-next");
    if (!isShown(button)) {
      if (button) toast("Decide at least one dimension before you submit.", "error");
      return false;
    }
    button.click();
  });
  onKey("z", () => { const button = $("#undo"); if (!isShown(button)) return false; button.click(); });
  onKey("m", () => { const field = $("#note-body"); if (!field) return false; field.focus(); });
  onKey("d", () => { const merge = $("[data-merge]"); if (!isShown(merge)) return false; merge.focus(); });
  onKey("n", () => { const take = $("[data-take]"); if (!take) return false; take.click(); });

  // A recorded verdict offers its undo and moves on to what is needed next, or to the submit button.
  function goOn() {
    const undo = document.createElement("button");
    undo.type = "button";
    undo.textContent = "Undo";
    undo.addEventListener("click", () => { undo.closest(".toast").remove(); $("#undo")?.click(); });
    toast("Recorded.", "info", undo);
    const next = nextOpen();
    if (next) return goTo(next);
    for (const each of dimensions()) each.open = false;
    $("#submit-next")?.focus();
  }
  function goTo(dimension) {
    open(dimension);
    $("summary", dimension).focus();
  }
  /** To what was filled in: its status where it has none yet, else the button that records it. */
  function lookAt(dimension) {
    open(dimension);
    const form = formOf(dimension);
    ($("input[name=status]:checked", form) ? $("button[type=submit]", form) : $("input[name=status]", form)).focus();
  }
  function afterDecision(event) {
    const outcome = $("#outcome[data-then]");
    if (!outcome) return;
    const { then } = outcome.dataset;
    delete outcome.dataset.then;
    if (then === "go-on") goOn();
    const where = event.detail?.ctx?.hx?.retarget;
    if (then === "decide-again" && where) goTo($(where));
    if (then === "filled-in" && where) lookAt($(where));
  }
  document.addEventListener("htmx:after:swap", (event) => {
    afterDecision(event);
    if (event.detail?.ctx?.sourceElement?.matches?.("form[data-note]")) $("#note-body")?.focus();
    // Only who was just refused is led to why; a live part that is drawn anew is no reason to move anybody.
    if (!event.detail?.ctx?.sourceElement?.matches?.("form.verdict-form")) return;
    const wrong = $(".dimension .errors");
    if (wrong) {
      const dimension = wrong.closest(".dimension");
      open(dimension);
      wrong.parentElement.querySelector("input:not([type=hidden]), textarea, select")?.focus();
    }
  });

  // --- drafts: saved while typing, whether the lease still holds or not -------------------------------------

  const timers = new Map();
  const going = new Set();
  /** Whether the draft is kept; at once, and known of until it is. */
  function save(form) {
    clearTimeout(timers.get(form));
    timers.delete(form);
    const sent = send(form).finally(() => going.delete(sent));
    going.add(sent);
    return sent;
  }
  async function send(form) {
    const said = $("[data-saved]", form);
    try {
      const response = await fetch(form.dataset.draft, {
        method: "POST", body: new FormData(form), headers: { Accept: "application/json" }, keepalive: true,
      });
      if (!response.ok || response.redirected) throw new Error(response.status);
      const { lease } = await response.json();
      if (said) said.textContent = lease ? "Draft saved." : "Draft saved. The review is not yours at the moment.";
      const countdown = $("#lease time[data-countdown]");
      if (lease && countdown) countdown.dateTime = lease;
      return true;
    } catch {
      if (said) said.textContent = "The draft could not be saved. Copy it before you leave.";
      return false;
    }
  }
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form.verdict-form");
    if (!form) return;
    clearTimeout(timers.get(form));
    timers.set(form, setTimeout(() => save(form), DRAFT_MS));
  });
  function flush() {
    for (const form of [...timers.keys()]) save(form);
  }
  addEventListener("pagehide", flush);
  document.addEventListener("visibilitychange", () => { if (document.hidden) flush(); });
  function leave(form) { clearTimeout(timers.get(form)); timers.delete(form); }
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.matches("form.verdict-form")) { leave(form); return; }
    if (form.dataset.discards) leave(formOf($(`#dimension-${form.dataset.discards}`)));
    if (!form.matches("#submit-form, [data-discards], [data-fills]")) { flush(); return; }
    if (!timers.size && !going.size) return;
    // What is typed is at the desk before anything is asked of it that depends on it.
    event.preventDefault();
    const { submitter } = event;
    if (await stet.flushDrafts()) form.requestSubmit(submitter);
    else if (form.matches("[data-fills]")) toast("What you typed could not be kept, so nothing is filled in. Copy it, then try again.", "error");
    else toast("What you typed could not be kept, so nothing is submitted. Record it or clear it, then try again.", "error");
  }, true);
  /** Sends what is typed; whether all of it is kept. */
  stet.flushDrafts = async () => { flush(); return (await Promise.all(going)).every(Boolean); };

  // --- a finding as a basis, a place from the map, the skip form -------------------------------------------

  /** To a field that was filled in; to the status where only a chosen one shows it. */
  function lookFor(field, said) {
    if (isShown(field)) { field.focus(); return; }
    toast(said);
    $("input[name=status]", field.form).focus();
  }
  document.addEventListener("stet:pinned", ({ detail }) => {
    const dimension = $("#dimension-location");
    const form = formOf(dimension);
    open(dimension);
    const point = $("[name=place_point]", form);
    point.value = detail;
    point.dispatchEvent(new Event("input", { bubbles: true }));
    const next = ["place_name", "place_radius_km"].map((name) => $(`[name=${name}]`, form)).find((each) => !each.value);
    lookFor(next ?? point, "The place is pinned. Choose a status: then say its name and how large it is.");
  });
  document.addEventListener("click", (event) => {
    const use = event.target.closest("[data-use-finding]");
    if (use) {
      const dimension = $(`#dimension-${use.dataset.dimension}`);
      const form = formOf(dimension);
      open(dimension);
      const free = $$("select[name^=finding_]", form).find((each) => !each.value) ?? $("select[name^=finding_]", form);
      free.value = use.dataset.useFinding;
      free.closest("details").open = true;
      const feature = $("[name^=feature_]", free.closest(".basis-row"));
      if (!feature.value) feature.value = use.closest(".finding").querySelector("p").lastChild.textContent.trim();
      free.dispatchEvent(new Event("input", { bubbles: true }));
      lookFor(feature, "It is in the basis. Choose a status: verified or contradicted shows it.");
    }
    const opener = event.target.closest("[data-open]");
    if (opener) {
      const panel = document.getElementById(opener.dataset.open);
      panel.hidden = false;
      $("input:not([type=hidden]), textarea", panel).focus();
    }
    const closer = event.target.closest("[data-close]");
    if (closer) document.getElementById(closer.dataset.close).hidden = true;
  });

  // --- one media item at a time -----------------------------------------------------------------------------

  const items = () => $$("[data-item]");
  function show(item) {
    for (const each of items()) each.hidden = each !== item;
    for (const tab of $$(".item-tabs a")) {
      if (tab.hash === `#${item.id}`) tab.setAttribute("aria-current", "true"); else tab.removeAttribute("aria-current");
    }
    for (const film of $$("video, audio")) if (!item.contains(film)) film.pause();
    item.dispatchEvent(new CustomEvent("stet:shown", { bubbles: true }));
  }
  function byHash() {
    const named = location.hash.startsWith("#item-") ? document.getElementById(location.hash.slice(1)) : null;
    if (named) show(named);
    if (location.hash.startsWith("#dimension-")) {
      const dimension = document.getElementById(location.hash.slice(1));
      if (dimension) open(dimension);
    }
    if (location.hash === "#add-media") $("#add-media").open = true;
  }
  addEventListener("hashchange", byHash);
  function step(by) {
    const all = items();
    if (all.length < 2) return false;
    const at = all.findIndex((each) => !each.hidden);
    show(all[(at + by + all.length) % all.length]);
  }
  onKey("[", () => step(-1));
  onKey("]", () => step(1));

  document.addEventListener("DOMContentLoaded", () => {
    if (items().length > 1) show(items().find((item) => $(".errors", item)) ?? items()[0]);
    byHash();
    const first = $("details.dimension[open]") ?? nextOpen();
    if (first && !location.hash && !$("details.dimension[open]")) first.open = true;
    // Somebody comes here to decide: the keys apply at once.
    if (mayDecide() && document.activeElement === document.body && first) $("summary", first).focus({ preventScroll: true });
  });
})();
