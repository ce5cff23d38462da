// A run on the map: our own style over the road tiles, or a plain ground where there are none.
const LIGHT = {
  ground: "#e4e8e5", minor: "#ffffff", middle: "#fdf6e0", major: "#f5df9f", words: "#475467", halo: "#ffffff",
  way: "#0b5c3b", under: "#ffffff",
};
const DARK = {
  ground: "#1a212b", minor: "#28313d", middle: "#343d48", major: "#4a4737", words: "#a9b4c2", halo: "#1a212b",
  way: "#45b881", under: "#0c1117",
};
const CREDIT = '<a href="https://www.openstreetmap.org/copyright" rel="noopener">© OpenStreetMap contributors</a>';
const WAYS = ["#0b5c3b", "#1849a9", "#a1460a", "#7a1fa2", "#0e7490", "#a11a10", "#5b6b00", "#8a1a5c"];

export async function draw(place) {
  const drawing = JSON.parse(document.getElementById(place.dataset.drawing).textContent);
  const maplibre = await import(place.dataset.maplibre);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  if (place.dataset.tiles) await serveTiles(maplibre, place);
  const map = open(maplibre, place, drawing, dark.matches ? DARK : LIGHT);
  if (!map) return;
  map.on("load", () => {
    lay(map, drawing, dark.matches ? DARK : LIGHT);
    place.dataset.drawn = "yes";
  });
  for (const depot of drawing.depots) pin(maplibre, map, place, depot, "depot");
  for (const stop of drawing.stops) pin(maplibre, map, place, stop, stop.look);
}

// One position, picked: a click or the marker's drag writes the two fields, and the fields move the marker.
export async function pick(place) {
  const lat = document.getElementById(place.dataset.lat);
  const lon = document.getElementById(place.dataset.lon);
  const maplibre = await import(place.dataset.maplibre);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  if (place.dataset.tiles) await serveTiles(maplibre, place);
  const known = () => [number(lon), number(lat)];
  const there = known().every(Number.isFinite);
  const stops = there ? [{ at: known() }] : [];
  const map = open(maplibre, place, { stops, depots: [], lines: [] }, dark.matches ? DARK : LIGHT);
  if (!map) return;
  const marker = new maplibre.Marker({ draggable: true, color: "#0b5c3b" });
  const put = ([x, y]) => {
    marker.setLngLat([x, y]).addTo(map);
    lon.value = x.toFixed(7);
    lat.value = y.toFixed(7);
  };
  if (there) marker.setLngLat(known()).addTo(map);
  map.on("click", (event) => put(event.lngLat.toArray()));
  marker.on("dragend", () => put(marker.getLngLat().toArray()));
  for (const field of [lat, lon]) {
    field.addEventListener("change", () => {
      if (!known().every(Number.isFinite)) return;
      marker.setLngLat(known()).addTo(map);
      map.easeTo({ center: known() });
    });
  }
  map.on("load", () => { place.dataset.drawn = "yes"; });
}

function number(field) {
  return field.value.trim() ? Number(field.value.replace(",", ".")) : NaN;
}

function open(maplibre, place, drawing, colours) {
  try {
    const map = new maplibre.Map({
      container: place,
      style: style(place, colours),
      bounds: bounds(drawing),
      fitBoundsOptions: { padding: 46, maxZoom: 15 },
      attributionControl: false,
      cooperativeGestures: matchMedia("(pointer: coarse)").matches,
      maxZoom: 18,
    });
    map.addControl(new maplibre.AttributionControl({ compact: false, customAttribution: CREDIT }));
    map.addControl(new maplibre.NavigationControl({ showCompass: false }), "top-right");
    map.getCanvas().setAttribute("aria-label", place.dataset.label);
    map.once("load", () => map.resize()); // its own observer skips the first size, which may come after it began
    return map;
  } catch {
    place.textContent = place.dataset.refused;
    place.classList.add("empty");
    return null;
  }
}

async function serveTiles(maplibre, place) {
  await new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = place.dataset.pmtiles;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
  maplibre.addProtocol("pmtiles", new window.pmtiles.Protocol().tile);
}

function style(place, colours) {
  const ground = { id: "ground", type: "background", paint: { "background-color": colours.ground } };
  if (!place.dataset.tiles) return { version: 8, sources: {}, layers: [ground] };
  const url = new URL(place.dataset.tiles, location.href).href;
  return {
    version: 8,
    sources: { roads: { type: "vector", url: `pmtiles://${url}` } },
    layers: [
      ground,
      road("minor", ["minor", "service"], colours.minor, 0.7, 7, 12),
      road("middle", ["tertiary", "secondary"], colours.middle, 0.9, 10, 9),
      road("major", ["primary", "trunk", "motorway"], colours.major, 1.2, 13, 5),
      {
        id: "names", type: "symbol", source: "roads", "source-layer": "roads", minzoom: 13,
        layout: {
          "symbol-placement": "line", "text-field": ["get", "name"], "text-size": 11.5, "text-font": ["sans-serif"],
        },
        paint: { "text-color": colours.words, "text-halo-color": colours.halo, "text-halo-width": 1.4 },
      },
    ],
  };
}

function road(id, classes, colour, thin, wide, minzoom) {
  return {
    id, type: "line", source: "roads", "source-layer": "roads", minzoom,
    filter: ["in", ["get", "class"], ["literal", classes]],
    layout: { "line-cap": "round", "line-join": "round" },
    paint: { "line-color": colour, "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 8, thin, 17, wide] },
  };
}

function lay(map, drawing, colours) {
  const many = drawing.lines.length > 1;
  const features = drawing.lines.map(({ name, line }, at) => ({
    type: "Feature", properties: { name, colour: many ? WAYS[at % WAYS.length] : colours.way },
    geometry: { type: "LineString", coordinates: line },
  }));
  map.addSource("ways", { type: "geojson", data: { type: "FeatureCollection", features } });
  const shape = { "line-cap": "round", "line-join": "round" };
  map.addLayer({
    id: "under", type: "line", source: "ways", layout: shape,
    paint: { "line-color": colours.under, "line-width": 7, "line-opacity": 0.85 },
  });
  map.addLayer({
    id: "ways", type: "line", source: "ways", layout: shape,
    paint: { "line-color": ["get", "colour"], "line-width": 3.5 },
  });
}

function pin(maplibre, map, place, spot, look) {
  const mark = document.createElement("button");
  mark.type = "button";
  mark.className = `pin ${look}`.trim();
  mark.textContent = spot.number ?? "D";
  const what = spot.number ? `${place.dataset.stop} ${spot.number}` : place.dataset.depot;
  mark.setAttribute("aria-label", [what, spot.name, spot.when].filter(Boolean).join(", "));
  const popup = new maplibre.Popup({ offset: 16, maxWidth: "260px" }).setDOMContent(words(what, spot));
  new maplibre.Marker({ element: mark }).setLngLat(spot.at).setPopup(popup).addTo(map);
}

function words(what, spot) {
  const box = document.createElement("div");
  for (const [tag, text] of [["strong", spot.name], ["div", spot.street], ["div", [what, spot.when].filter(Boolean).join(" · ")], ["div", spot.orders]]) {
    if (!text) continue;
    const line = document.createElement(tag);
    line.textContent = text;
    box.append(line);
  }
  return box;
}

function bounds(drawing) {
  const spots = [...drawing.stops, ...drawing.depots].map((spot) => spot.at);
  const all = spots.concat(...drawing.lines.map((one) => one.line));
  if (!all.length) return [[-74.0, 45.4], [-73.4, 45.7]];
  const lons = all.map(([lon]) => lon);
  const lats = all.map(([, lat]) => lat);
  return [[Math.min(...lons), Math.min(...lats)], [Math.max(...lons), Math.max(...lats)]];
}
