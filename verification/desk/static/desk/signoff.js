// The sign-off page: says in words when an embargo ends, and keeps its fields away while none is wanted.
"use strict";
{
  const form = document.querySelector("#act-publish form");
  const words = form?.querySelector("[data-embargo-words]");

  const left = (milliseconds) => {
    const minutes = Math.round(milliseconds / 60000);
    const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
    const parts = [[days, "day"], [hours, "hour"], [days ? 0 : minutes % 60, "minute"]];
    return parts.filter(([number]) => number).map(([number, unit]) => `${number} ${unit}${number === 1 ? "" : "s"}`).join(" and ") || "less than a minute";
  };

  const tell = () => {
    const later = form.elements.when.value === "later";
    for (const field of form.querySelectorAll(".embargo")) field.classList.toggle("is-idle", !later);
    // A time that is out of sight must not be sent.
    if (!later) for (const field of form.querySelectorAll(".embargo input")) field.value = "";
    const at = new Date(`${form.elements.embargo_date.value}T${form.elements.embargo_time.value}:00Z`);
    if (!later || Number.isNaN(at.getTime())) { words.textContent = ""; return; }
    const style = { weekday: "long", day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
    const there = new Intl.DateTimeFormat("en-GB", { ...style, timeZone: "UTC" }).format(at);
    const here = new Intl.DateTimeFormat("en-GB", { weekday: "long", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
    const away = at - Date.now();
    words.textContent = `${there} UTC; on your clock ${here}. ${away > 0 ? `That is in ${left(away)}.` : "That has passed."}`;
  };

  if (words) {
    form.addEventListener("input", tell);
    form.addEventListener("change", tell);
    tell();
  }
  // A link to an act opens it.
  const open = () => {
    const act = document.getElementById(location.hash.slice(1));
    if (act?.matches("details.act")) { act.open = true; act.querySelector("summary").focus(); }
  };
  addEventListener("hashchange", open);
  open();
}
