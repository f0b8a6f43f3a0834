// A box drawn on a still by mouse, finger or pen, for the numbers of an exhibit; these stay what is sent.
"use strict";
(() => {
  const { $, $$, onKey } = stet;
  const NEAR_PX = { mouse: 10, pen: 14, touch: 22 };
  const LEAST_PX = 4;
  const CORNERS = [[0, 0], [1, 0], [0, 1], [1, 1]];
  const pictures = JSON.parse($("#pictures")?.textContent ?? "{}");
  const fieldOf = (pad, name) => document.getElementById(pad.dataset[name]);
  const within = (number) => Math.min(Math.max(number, 0), 1);

  /** The box that a field names, in parts of the picture; null where it names none that lies within it. */
  function read(text) {
    const numbers = text.trim().split(/[\s,;%]+/).filter(Boolean).map((part) => Number(part) / 100);
    if (numbers.length !== 4 || numbers.some(Number.isNaN)) return null;
    const [x, y, width, height] = numbers;
    const fits = x >= 0 && y >= 0 && width > 0 && height > 0 && x + width <= 1 + 1e-9 && y + height <= 1 + 1e-9;
    return fits ? { x, y, width, height } : null;
  }
  /** In hundredths of a percent, whose sums stay within the picture. */
  function write({ x, y, width, height }) {
    const side = (start, length) => {
      const from = Math.round(start * 10000);
      return [from, Math.max(Math.round((start + length) * 10000) - from, 1)];
    };
    const [left, wide] = side(x, width), [top, high] = side(y, height);
    return [left, top, wide, high].map((number) => number / 100).join(", ");
  }
  function draw(pad, box) {
    const svg = $("svg", pad);
    svg.toggleAttribute("hidden", !box);
    $("[data-clear-box]", pad).hidden = !box;
    if (!box) return;
    for (const rect of $$("rect:not(.handle)", svg)) {
      for (const name of ["x", "y", "width", "height"]) rect.setAttribute(name, `${100 * box[name]}%`);
    }
    $$(".handle", svg).forEach((handle, index) => {
      handle.setAttribute("x", `${100 * (box.x + CORNERS[index][0] * box.width)}%`);
      handle.setAttribute("y", `${100 * (box.y + CORNERS[index][1] * box.height)}%`);
    });
  }

  /** Shows what is chosen: the still nearest to the moment, with the box that is typed. */
  function show(pad) {
    const still = nearest(pad);
    pad.hidden = !still;
    if (!still) return;
    const image = $("img", pad);
    if (image.getAttribute("src") !== still.url) image.src = still.url;
    const asked = fieldOf(pad, "at")?.value.trim();
    const isOther = asked && still.at_ms !== null && Math.abs(still.at_ms - 1000 * Number(asked)) > 1;
    $("[data-still]", pad).textContent = isOther ? `This is the nearest still, at ${still.at_ms / 1000} s.` : "";
    draw(pad, read(fieldOf(pad, "box").value));
  }
  function nearest(pad) {
    const stills = pictures[fieldOf(pad, "media").value] ?? [];
    const at = 1000 * (Number(fieldOf(pad, "at")?.value) || 0);
    const away = (still) => Math.abs((still.at_ms ?? 0) - at);
    return stills.reduce((best, still) => (best && away(best) <= away(still) ? best : still), null);
  }
  const padsIn = (root) => $$(".box-pad", root).filter((pad) => pad.closest("details")?.open);
  for (const name of ["input", "change"]) {
    document.addEventListener(name, (event) => {
      const fields = event.target.closest(".exhibit-fields");
      if (fields && !drag) padsIn(fields).forEach(show);
    });
  }
  document.addEventListener("toggle", (event) => {
    if (event.target.matches(".basis-more[open]")) padsIn(event.target).forEach(show);
  }, true);
  for (const name of ["DOMContentLoaded", "htmx:after:swap"]) {
    document.addEventListener(name, () => padsIn(document).forEach(show));
  }

  // --- dragging -----------------------------------------------------------------------------------------------

  let drag = null;
  function place(image, event) {
    const { left, top, width, height } = image.getBoundingClientRect();
    return { x: within((event.clientX - left) / width), y: within((event.clientY - top) / height), width, height };
  }
  /** The corner that stays where it is: that opposite the one that is seized, or the point where a new box begins. */
  function anchorOf(box, at, near) {
    if (!box) return at;
    for (const [right, bottom] of CORNERS) {
      const away = Math.hypot((box.x + right * box.width - at.x) * at.width, (box.y + bottom * box.height - at.y) * at.height);
      if (away <= near) return { x: box.x + (1 - right) * box.width, y: box.y + (1 - bottom) * box.height };
    }
    const isInside = at.x > box.x && at.x < box.x + box.width && at.y > box.y && at.y < box.y + box.height;
    return isInside ? null : at;
  }
  function boxAt(at) {
    const { anchor, from, before } = drag;
    if (!anchor) {
      const moved = (start, length, by) => Math.min(Math.max(start + by, 0), 1 - length);
      return { ...before, x: moved(before.x, before.width, at.x - from.x), y: moved(before.y, before.height, at.y - from.y) };
    }
    const [x, y] = [Math.min(anchor.x, at.x), Math.min(anchor.y, at.y)];
    return { x, y, width: Math.abs(anchor.x - at.x), height: Math.abs(anchor.y - at.y) };
  }
  document.addEventListener("pointerdown", (event) => {
    const canvas = event.target.closest(".box-pad .boxed");
    if (!canvas || drag || !event.isPrimary || event.button !== 0) return;
    event.preventDefault();
    canvas.setPointerCapture(event.pointerId);
    const pad = canvas.closest(".box-pad");
    const from = place($("img", pad), event);
    const before = read(fieldOf(pad, "box").value);
    drag = { pad, canvas, from, before, pointer: event.pointerId, anchor: anchorOf(before, from, NEAR_PX[event.pointerType] ?? NEAR_PX.mouse) };
  });
  document.addEventListener("pointermove", (event) => {
    if (event.pointerId === drag?.pointer) draw(drag.pad, boxAt(place($("img", drag.pad), event)));
  });
  document.addEventListener("pointerup", (event) => {
    if (event.pointerId !== drag?.pointer) return;
    const { pad } = drag;
    const at = place($("img", pad), event);
    const box = boxAt(at);
    const isOne = box.width * at.width >= LEAST_PX && box.height * at.height >= LEAST_PX;
    end();
    if (isOne) say(pad, write(box));
  });
  document.addEventListener("pointercancel", (event) => { if (event.pointerId === drag?.pointer) end(); });
  onKey("Escape", () => { if (!drag) return false; end(); });
  /** Ends the drag with the box as it was. */
  function end() {
    const { pad, canvas, before, pointer } = drag;
    drag = null;
    if (canvas.hasPointerCapture(pointer)) canvas.releasePointerCapture(pointer);
    draw(pad, before);
  }
  function say(pad, text) {
    const field = fieldOf(pad, "box");
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  document.addEventListener("click", (event) => {
    const clear = event.target.closest("[data-clear-box]");
    if (!clear) return;
    const pad = clear.closest(".box-pad");
    say(pad, "");
    fieldOf(pad, "box").focus();
  });
})();
