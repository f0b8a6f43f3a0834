// Choosing several claims of the board: x, all that are shown, and what may be done to them.
"use strict";
(() => {
  const { $, $$, onKey, isShown } = window.stet;
  const form = $("#bulk");
  if (!form) return;
  const all = $("[data-choose-all]", form);
  const everything = $("[name=everything]", form);
  const boxes = () => $$("#board [name=claim]");
  // What is chosen outlives the list's being drawn anew, as long as the claim is still shown.
  let chosen = new Set();

  function tell() {
    const number = chosen.size;
    const shown = boxes().length;
    all.checked = shown > 0 && number === shown;
    all.indeterminate = number > 0 && number < shown;
    const isAll = !!everything?.checked;
    $("[data-bulk-acts]", form).hidden = !number && !isAll;
    const told = $("[data-chosen]", form);
    const text = isAll ? "All that the filters let pass are chosen." : number ? `${number} chosen.` : "Tick claims to act on several at once.";
    if (told.textContent !== text) told.textContent = text;
  }
  function read() {
    chosen = new Set(boxes().filter((box) => box.checked).map((box) => box.value));
    tell();
  }
  form.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    read();
  });
  $("#board").addEventListener("change", read);
  document.addEventListener("htmx:after:swap", () => {
    for (const box of boxes()) box.checked = chosen.has(box.value);
    read();
  });
  addEventListener("pageshow", read);

  onKey("x", () => {
    const row = document.activeElement?.closest("[data-row]") ?? $("[data-row].is-here");
    const box = row && $("[name=claim]", row);
    if (!box) return false;
    box.checked = !box.checked;
    read();
  });
  onKey("b", () => {
    const act = $("[data-bulk-acts] button", form);
    if (!isShown(act)) return false;
    act.focus();
  });
})();
