// Looking closely: frames of a film one by one, a photo enlarged and moved.
"use strict";
(() => {
  const { $, $$, onKey, isShown } = stet;
  const shownFilm = () => $$("video").find(isShown);

  function stepFrame(film, by) {
    film.pause();
    const frame = 1 / (Number(film.dataset.fps) || 25);
    // To the middle of the frame: its very edge may still draw the one before.
    const at = Math.floor(film.currentTime / frame + 1e-4) + by;
    film.currentTime = Math.min(Math.max((at + 0.5) * frame, 0), film.duration || Infinity);
  }
  function clock(film) {
    const shown = $("[data-clock]", film.closest(".player"));
    if (!shown) return;
    const frame = Math.floor(film.currentTime * (Number(film.dataset.fps) || 25) + 1e-4);
    shown.textContent = `${film.currentTime.toFixed(2)} s, frame ${frame}`;
  }
  for (const [key, by] of [[",", -1], [".", 1]]) {
    onKey(key, () => { const film = shownFilm(); if (!film) return false; stepFrame(film, by); });
  }
  onKey(" ", (event, target) => {
    const film = shownFilm();
    if (!film || target.closest("button, summary, a, input, video, audio")) return false;
    if (film.paused) film.play(); else film.pause();
  });
  for (const name of ["timeupdate", "seeked", "loadedmetadata"]) {
    document.addEventListener(name, (event) => { if (event.target.matches("video")) clock(event.target); }, true);
  }

  const views = new WeakMap();
  const viewOf = (photo) => views.get(photo) ?? { scale: 1, x: 0, y: 0 };
  function draw(photo, view) {
    view.scale = Math.min(Math.max(view.scale, 1), 16);
    const reach = (size) => (size * (view.scale - 1)) / 2;
    view.x = Math.min(Math.max(view.x, -reach(photo.clientWidth)), reach(photo.clientWidth));
    view.y = Math.min(Math.max(view.y, -reach(photo.clientHeight)), reach(photo.clientHeight));
    views.set(photo, view);
    $("img", photo).style.transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
    photo.classList.toggle("is-zoomed", view.scale > 1);
  }
  function zoom(photo, by) {
    const view = viewOf(photo);
    draw(photo, by ? { scale: view.scale * by, x: view.x * by, y: view.y * by } : { scale: 1, x: 0, y: 0 });
  }
  const shownPhoto = () => $$("[data-zoom]").find(isShown);
  for (const [key, by] of [["+", 1.5], ["=", 1.5], ["-", 1 / 1.5], ["0", 0]]) {
    onKey(key, () => { const photo = shownPhoto(); if (!photo) return false; zoom(photo, by); });
  }
  for (const [key, x, y] of [["ArrowLeft", 60, 0], ["ArrowRight", -60, 0], ["ArrowUp", 0, 60], ["ArrowDown", 0, -60]]) {
    onKey(key, (event, target) => {
      const photo = target.closest("[data-zoom].is-zoomed");
      if (!photo) return false;
      const view = viewOf(photo);
      draw(photo, { ...view, x: view.x + x, y: view.y + y });
    });
  }
  document.addEventListener("wheel", (event) => {
    const photo = event.target.closest("[data-zoom]");
    if (!photo || !(event.ctrlKey || photo.classList.contains("is-zoomed"))) return;
    event.preventDefault();
    zoom(photo, event.deltaY < 0 ? 1.15 : 1 / 1.15);
  }, { passive: false });
  document.addEventListener("dblclick", (event) => {
    const photo = event.target.closest("[data-zoom]");
    if (photo) zoom(photo, viewOf(photo).scale > 1 ? 0 : 3);
  });
  document.addEventListener("pointerdown", (event) => {
    const photo = event.target.closest("[data-zoom].is-zoomed");
    if (!photo) return;
    event.preventDefault();
    photo.setPointerCapture(event.pointerId);
    const from = { ...viewOf(photo), px: event.clientX, py: event.clientY };
    const move = (moved) => draw(photo, { scale: from.scale, x: from.x + moved.clientX - from.px, y: from.y + moved.clientY - from.py });
    photo.addEventListener("pointermove", move);
    photo.addEventListener("pointerup", () => photo.removeEventListener("pointermove", move), { once: true });
  });

  document.addEventListener("click", (event) => {
    const stepper = event.target.closest("[data-step]");
    if (stepper) stepFrame($("video", stepper.closest(".player")), Number(stepper.dataset.step));
    const zoomer = event.target.closest("[data-zoom-by]");
    if (zoomer) zoom($("[data-zoom]", zoomer.closest(".player")), Number(zoomer.dataset.zoomBy));
  });
})();
