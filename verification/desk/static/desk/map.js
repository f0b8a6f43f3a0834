// The map of a media item: places, found points, sun and shadow over land, drawn from files of our own, without internet.
"use strict";
(() => {
  const { $, $$, isShown } = stet;
  const LAND = new URL("../vendor/world-atlas@2.0.2/", document.currentScript.src);
  const COARSE = "land-110m.json";
  const FINE = "land-50m.json";
  const FINE_FROM_ZOOM = 5;
  const NO_LAND_FROM_ZOOM = 9;
  const read = new Map();

  const colour = (name) => {
    // A canvas does not resolve light-dark(); an element does.
    const probe = document.createElement("i");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };

  /** Land as rings of [latitude, longitude], from TopoJSON: arcs are chains of differences in a grid. */
  function land(file) {
    if (!read.has(file)) {
      read.set(file, fetch(new URL(file, LAND)).then((answer) => answer.json()).then((topology) => {
        const { scale, translate } = topology.transform;
        const arcs = topology.arcs.map((arc) => {
          let x = 0, y = 0;
          return arc.map(([dx, dy]) => { x += dx; y += dy; return [y * scale[1] + translate[1], x * scale[0] + translate[0]]; });
        });
        const ring = (indices) => indices.flatMap((index, at) => {
          const points = index < 0 ? arcs[~index].slice().reverse() : arcs[index];
          return at ? points.slice(1) : points;
        });
        return topology.objects.land.geometries.flatMap((shape) =>
          (shape.type === "MultiPolygon" ? shape.arcs : [shape.arcs]).map((polygon) => polygon.map(ring)));
      }));
    }
    return read.get(file);
  }

  function mapIn(box, name, options) {
    const holder = document.createElement("div");
    holder.className = name;
    box.append(holder);
    return L.map(holder, { preferCanvas: true, attributionControl: false, worldCopyJump: true, minZoom: 1, maxZoom: 17, scrollWheelZoom: false, zoomAnimation: false, ...options });
  }
  function landLayer(map, polygons) {
    if (!map.getPane("land")) map.createPane("land").style.zIndex = 200;
    const renderer = L.canvas({ pane: "land", padding: 0.5 });
    return L.polygon(polygons, { renderer, pane: "land", interactive: false, fillColor: colour("--land"), fillOpacity: 1, color: colour("--line-2"), weight: 1 }).addTo(map);
  }

  /** The same longitude as near to another as it can be: beyond 180 where the two lie on either side of the date line. */
  const beside = (longitude, other) => longitude - 360 * Math.round((longitude - other) / 360);

  const dataOf = (id) => document.getElementById(id)?.textContent ?? "";

  // A camera is the smallest of the marks and lies above the others, which may be at the same point.
  const SIZES = { "is-claimed": 20, "is-established": 16, "is-camera": 12 };
  function mark(at, name, said, layers) {
    const icon = L.divIcon({ className: `mark ${name}`, iconSize: [SIZES[name], SIZES[name]] });
    L.marker(at, { icon, keyboard: false, zIndexOffset: -1000 * SIZES[name] }).bindTooltip(said).addTo(layers);
  }

  /** Places and points as layers; gives the bounds that show them. */
  function lay({ places, points, standpoint }, layers) {
    const bounds = L.latLngBounds([]);
    const latLng = (one) => L.latLng(one.latitude, beside(one.longitude, standpoint.longitude));
    // The claimed area lies below what is known better.
    for (const place of [...places].reverse()) {
      const at = latLng(place);
      const [name, ink, said] = place.established_by
        ? ["is-established", "--verified", `Established by ${place.established_by}: ${place.name}`]
        : ["is-claimed", "--blue", `Claimed: ${place.name}`];
      L.circle(at, { radius: place.radius_m, color: colour(ink), weight: 2, fillOpacity: 0.12 }).bindTooltip(said).addTo(layers);
      mark(at, name, said, layers);
      bounds.extend(at.toBounds(Math.max(place.radius_m * 2, 1000)));
    }
    for (const point of points) {
      const at = latLng(point);
      L.circle(at, { radius: point.uncertainty_m, color: colour("--contradicted"), weight: 1, dashArray: "4 3", fillOpacity: 0.1, interactive: false }).addTo(layers);
      mark(at, "is-camera", point.reason, layers);
      bounds.extend(at.toBounds(Math.max(point.uncertainty_m * 2, 1000)));
    }
    return bounds;
  }

  /** A line on the screen from a point towards a bearing: as long at every scale, for no length is known. */
  function ray(map, from, bearing, pixels, style) {
    const start = map.latLngToContainerPoint(from);
    const turn = (bearing * Math.PI) / 180;
    const end = start.add([pixels * Math.sin(turn), -pixels * Math.cos(turn)]);
    return L.polyline([from, map.containerPointToLatLng(end)], { interactive: false, ...style });
  }
  function drawSun(map, from, lines, layers) {
    layers.clearLayers();
    const size = map.getSize();
    const pixels = Math.min(size.x, size.y) * 0.42;
    if (lines.bearing_deg !== null) {
      const sun = ray(map, from, lines.bearing_deg, pixels, { color: colour("--sun"), weight: 3 }).addTo(layers);
      L.circleMarker(sun.getLatLngs()[1], { radius: 7, color: colour("--surface"), weight: 2, fillColor: colour("--sun"), fillOpacity: 1, interactive: false }).addTo(layers);
    }
    if (lines.shadow_bearing_deg !== null) {
      ray(map, from, lines.shadow_bearing_deg, pixels, { color: colour("--ink"), weight: 4, dashArray: "2 7" }).addTo(layers);
    }
  }

  function tellLegend(box, { places, points }, lines) {
    const there = {
      camera: points.length, claimed: places.some((one) => !one.established_by), established: places.some((one) => one.established_by),
      sun: lines.bearing_deg !== null, shadow: lines.shadow_bearing_deg !== null,
    };
    const legend = box.nextElementSibling;
    legend.hidden = false;
    for (const key of $$("[data-key]", legend)) key.hidden = !there[key.dataset.key];
  }

  // The places by themselves with a scale, and in a corner where in the world that is.
  async function draw(box) {
    const said = dataOf(box.dataset.map);
    const lines = JSON.parse(dataOf(box.dataset.lines) || '{"bearing_deg": null, "shadow_bearing_deg": null}');
    const data = said && JSON.parse(said);
    if (!window.L || !data?.standpoint) return;
    box.hidden = false;
    if (!isShown(box)) return;
    box.stet ??= base(box);
    const { map, layers, sun, far } = box.stet;
    const from = L.latLng(data.standpoint.latitude, data.standpoint.longitude);
    if (box.stet.said !== said) {
      box.stet.said = said;
      layers.clearLayers();
      const bounds = lay(data, layers);
      map.fitBounds(bounds.pad(0.15), { maxZoom: 15, animate: false });
      far.setView(bounds.getCenter(), 2, { animate: false });
      box.stet.here.setLatLng(bounds.getCenter());
      if (!box.stet.land) { box.stet.land = true; landBelow(box, map, far); }
    }
    box.stet.again = () => drawSun(map, from, lines, sun);
    box.stet.again();
    tellLegend(box, data, lines);
  }

  /** Where somebody decides on the location, a point on the map can be taken over into their form. */
  function offerPin(map, latlng) {
    if (!$("#dimension-location form.verdict-form")) return;
    const { lat, lng } = latlng.wrap();
    const point = `${lat.toFixed(5)}, ${lng.toFixed(5)}`;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "small";
    button.textContent = `Pin the place at ${point}`;
    button.addEventListener("click", () => {
      map.closePopup();
      document.dispatchEvent(new CustomEvent("stet:pinned", { detail: point }));
    });
    L.popup({ autoPanPadding: [60, 10] }).setLatLng(latlng).setContent(button).openOn(map);
  }

  function base(box) {
    const map = mapIn(box, "map-close", { zoomControl: true });
    map.setView([0, 0], 2, { animate: false });
    map.attributionControl = L.control.attribution({ prefix: false }).addTo(map);
    if (!box.dataset.tiles) map.attributionControl.addAttribution("Land: Natural Earth");
    L.control.scale({ imperial: false }).addTo(map);
    const { tiles, attribution } = box.dataset;
    if (tiles) {
      L.tileLayer(tiles, { maxZoom: 19 }).addTo(map);
      const said = document.createElement("span");
      said.textContent = attribution ?? "";
      map.attributionControl.addAttribution(said.innerHTML);
    }
    map.on("focus", () => map.scrollWheelZoom.enable());
    map.on("blur", () => map.scrollWheelZoom.disable());
    map.on("zoomend resize", () => box.stet?.again?.());
    map.on("click", ({ latlng }) => offerPin(map, latlng));
    const far = mapIn(box, "map-far", { zoomControl: false, dragging: false, keyboard: false, doubleClickZoom: false, boxZoom: false, touchZoom: false });
    far.setView([0, 0], 2, { animate: false });
    const here = L.circleMarker([0, 0], { radius: 5, color: colour("--surface"), weight: 2, fillColor: colour("--blue"), fillOpacity: 1, interactive: false }).addTo(far);
    return { map, far, here, layers: L.layerGroup().addTo(map), sun: L.layerGroup().addTo(map) };
  }

  async function landBelow(box, map, far) {
    const { tiles } = box.dataset;
    let shown = "";
    let layer;
    async function change(wanted) {
      map.getContainer().classList.toggle("is-close", !wanted);
      if (wanted === shown) return;
      shown = wanted;
      layer?.remove();
      layer = undefined;
      if (!wanted) return;
      const polygons = await land(wanted);
      if (wanted === shown) layer = landLayer(map, polygons);
    }
    // The coastline that we have says nothing of a town; finer land is fetched when somebody looks for it.
    const fit = (near) => (tiles || map.getZoom() >= NO_LAND_FROM_ZOOM ? "" : map.getZoom() < FINE_FROM_ZOOM ? COARSE : near);
    change(fit(""));
    map.on("zoomend", () => change(fit(FINE)));
    landLayer(far, await land(COARSE));
  }

  const drawAll = () => $$("[data-map]").forEach(draw);
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("stet:shown", drawAll);
  document.addEventListener("htmx:after:swap", drawAll);

  // --- choosing the time: the field and the slider are one, and the address keeps what was chosen ----------------

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-sun]");
    if (!form) return;
    const [field, minute] = [form.elements.at, $("[data-minute]", form)];
    if (event.target === minute && field.value) {
      const clock = [Math.floor(minute.value / 60), minute.value % 60].map((part) => String(part).padStart(2, "0")).join(":");
      field.value = `${field.value.slice(0, 10)}T${clock}`;
    } else if (field.value) {
      minute.value = Number(field.value.slice(11, 13)) * 60 + Number(field.value.slice(14, 16));
    }
    tellHour(form);
    const address = new URL(form.action);
    address.search = new URLSearchParams(new FormData(form));
    history.replaceState(history.state, "", address);
  });
  function tellHour(form) {
    const { at } = form.elements;
    const minute = $("[data-minute]", form);
    minute.disabled = !at.value;
    minute.setAttribute("aria-valuetext", at.value.slice(11, 16));
  }
  $$("form[data-sun]").forEach(tellHour);
})();
