// Filing: more rows of media without asking the server, and marks that follow what is typed.
"use strict";
{
  const { $, $$ } = window.stet;
  const count = $("[data-rows]");

  function add() {
    const number = Number(count.value);
    if (number >= Number(count.dataset.max)) return;
    const row = document.createRange().createContextualFragment($("#another").innerHTML.replaceAll("__n__", number)).firstElementChild;
    $("#media").append(row);
    count.value = number + 1;
    window.htmx?.process(row);
    $("input", row).focus();
    $("[data-add]").hidden = number + 1 >= Number(count.dataset.max);
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-add]")) {
      event.preventDefault();
      add();
    } else if (event.target.closest("[data-remove]")) {
      event.target.closest("[data-media-row]").remove();
      ($("#media input") ?? $("[data-add]")).focus();
    }
  });

  // What was wrong is marked so for as long as it is wrong.
  document.addEventListener("htmx:after:swap", () => {
    for (const part of $$("[data-checked]")) {
      if (!$(".errors", part)) for (const field of $$("[aria-invalid]", part)) field.removeAttribute("aria-invalid");
    }
    $(".filing-alike").toggleAttribute("data-quiet", !$("#alike .match"));
  });
}
