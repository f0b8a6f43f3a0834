// The map of a media item: claimed area and found points over land, drawn from files of our own, without internet.
"use strict";
(() => {
  const { $$, isShown } = stet;
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

  // The places by themselves with a scale, and in a corner where in the world that is.
  async function draw(box) {
    if (box.dataset.drawn || !isShown(box) || !window.L) return;
    box.dataset.drawn = "yes";
    const { claimed, points } = JSON.parse(document.getElementById(box.dataset.map).textContent);
    const map = mapIn(box, "map-close", { zoomControl: true });
    map.attributionControl = L.control.attribution({ prefix: false }).addTo(map);
    if (!box.dataset.tiles) map.attributionControl.addAttribution("Land: Natural Earth");
    L.control.scale({ imperial: false }).addTo(map);
    const bounds = L.latLngBounds([]);
    if (claimed) {
      const at = [claimed.latitude, claimed.longitude];
      L.circle(at, { radius: claimed.radius_m, color: colour("--blue"), weight: 2, fillOpacity: 0.12 }).bindTooltip(`Claimed: ${claimed.name}`).addTo(map);
      L.circleMarker(at, { radius: 2, color: colour("--blue"), fillOpacity: 1, interactive: false }).addTo(map);
      bounds.extend(L.latLng(at).toBounds(Math.max(claimed.radius_m * 2, 1000)));
    }
    for (const point of points) {
      const at = [point.latitude, point.longitude];
      L.circle(at, { radius: point.uncertainty_m, color: colour("--contradicted"), weight: 1, dashArray: "4 3", fillOpacity: 0.1, interactive: false }).addTo(map);
      L.circleMarker(at, { radius: 6, color: colour("--surface"), weight: 2, fillColor: colour("--contradicted"), fillOpacity: 1 }).bindTooltip(point.reason).addTo(map);
      bounds.extend(L.latLng(at).toBounds(Math.max(point.uncertainty_m * 2, 1000)));
    }
    map.fitBounds(bounds.pad(0.15), { maxZoom: 15, animate: false });

    const { tiles, attribution } = box.dataset;
    if (tiles) {
      L.tileLayer(tiles, { maxZoom: 19 }).addTo(map);
      const said = document.createElement("span");
      said.textContent = attribution ?? "";
      map.attributionControl.addAttribution(said.innerHTML);
    }
    let shown = "";
    let layer;
    async function lay(wanted) {
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
    lay(fit(""));
    map.on("zoomend", () => lay(fit(FINE)));
    map.on("focus", () => map.scrollWheelZoom.enable());
    map.on("blur", () => map.scrollWheelZoom.disable());

    const far = mapIn(box, "map-far", { zoomControl: false, dragging: false, keyboard: false, doubleClickZoom: false, boxZoom: false, touchZoom: false });
    far.setView(bounds.getCenter(), 2, { animate: false });
    L.circleMarker(bounds.getCenter(), { radius: 5, color: colour("--surface"), weight: 2, fillColor: colour("--blue"), fillOpacity: 1, interactive: false }).addTo(far);
    landLayer(far, await land(COARSE));
  }
  const drawAll = () => $$("[data-map]").forEach(draw);
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("stet:shown", drawAll);
})();
