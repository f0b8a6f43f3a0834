// Files by choosing, dropping or pasting, each with its progress; links by pasting.
"use strict";
(() => {
  const { $, $$, toast, isTyping } = stet;
  const form = $("form[data-upload]");
  if (!form) return;
  const list = $("[data-uploads]", form);

  function send(file) {
    return new Promise((resolve) => {
      const row = document.createElement("li");
      const bar = document.createElement("progress");
      const said = document.createElement("span");
      bar.max = 1;
      bar.value = 0;
      bar.setAttribute("aria-label", `Upload of ${file.name}`);
      said.textContent = file.name;
      row.append(said, bar);
      list.append(row);
      const data = new FormData();
      data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
      for (const flag of form.querySelectorAll("[name=content_flags]:checked")) data.append("content_flags", flag.value);
      data.append("file", file, file.name);
      const request = new XMLHttpRequest();
      request.open("POST", form.action);
      request.setRequestHeader("Accept", "application/json");
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) bar.value = event.loaded / event.total; });
      const end = (position, why) => {
        bar.remove();
        said.textContent = why ? why : `${file.name}: taken in.`;
        row.classList.toggle("is-late", !!why);
        resolve(position);
      };
      request.addEventListener("load", () => {
        const answer = request.response ?? {};
        end(answer.added?.[0], answer.failed?.[0] ?? (answer.added ? "" : `${file.name}: refused (${request.status}).`));
      });
      request.addEventListener("error", () => end(undefined, `${file.name}: the connection broke off. Try again.`));
      request.send(data);
    });
  }

  async function sendAll(files) {
    $("#add-media").open = true;
    $("#add-media").scrollIntoView({ block: "nearest" });
    const taken = [];
    for (const file of files) taken.push(await send(file));
    const last = taken.filter(Boolean).at(-1);
    if (!last) return;
    await stet.flushDrafts?.();
    // With the page would go what was refused and why, and a note or a reason that is half written.
    if (taken.every(Boolean) && !$$("#note-body, #skip-reason").some((field) => field.value)) return show(last);
    const row = document.createElement("li");
    const link = document.createElement("a");
    link.href = `#item-${last}`;
    link.textContent = "Show what was taken in";
    link.addEventListener("click", (event) => { event.preventDefault(); show(last); });
    row.append(link);
    list.append(row);
  }
  function show(position) {
    location.hash = `#item-${position}`;
    location.reload();
  }

  form.addEventListener("submit", (event) => {
    const files = [...form.elements.file.files];
    if (!files.length || form.elements.url.value.trim()) return;
    event.preventDefault();
    form.elements.file.value = "";
    sendAll(files);
  });
  const drop = $("[data-drop]", form);
  for (const name of ["dragenter", "dragover"]) {
    document.addEventListener(name, (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      $("#add-media").open = true;
      drop.classList.add("is-over");
    });
  }
  document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) drop.classList.remove("is-over"); });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    drop.classList.remove("is-over");
    sendAll([...event.dataTransfer.files]);
  });
  document.addEventListener("paste", (event) => {
    if (isTyping(event.target) && event.target.name !== "url") return;
    const files = [...event.clipboardData.files];
    if (files.length) {
      event.preventDefault();
      sendAll(files);
      return;
    }
    const text = event.clipboardData.getData("text/plain").trim();
    if (isTyping(event.target) || !/^https?:\/\/\S+$/.test(text)) return;
    event.preventDefault();
    $("#add-media").open = true;
    form.elements.url.value = text;
    form.elements.url.focus();
    toast("Press Add to fetch this link into the claim.");
  });
})();
