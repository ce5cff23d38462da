// The signature, drawn from its strokes: positions only, neither pressure nor speed were ever recorded.

import { textOf } from "./bytes.js";

const MAX_BYTES = 64 * 1024;
const MAX_POINTS = 8000;
const SVG = "http://www.w3.org/2000/svg";

function numbersOf(bytes) {
  const found = [];
  let value = 0;
  let factor = 1;
  for (const byte of bytes) {
    value += (byte & 0x7f) * factor;
    factor *= 128;
    if (byte < 0x80) {
      found.push(value);
      value = 0;
      factor = 1;
    }
  }
  return found;
}

function unzigzag(value) {
  return value % 2 ? -(value + 1) / 2 : value / 2;
}

// The pad's size and the strokes, or null when the bytes are no packed strokes.
export function readStrokes(bytes) {
  if (bytes.length > MAX_BYTES || bytes.length < 8 || textOf(bytes.subarray(0, 4)) !== "TSG1") return null;
  const numbers = numbersOf(bytes.subarray(4));
  const [width, height, count] = numbers;
  let at = 3;
  let left = MAX_POINTS;
  const strokes = [];
  for (let number = 0; number < count; number += 1) {
    const points = [];
    let [x, y] = [0, 0];
    const many = numbers[at];
    at += 1;
    left -= many;
    if (!(many > 0) || left < 0 || at + 2 * many > numbers.length) return null;
    for (let point = 0; point < many; point += 1) {
      x += unzigzag(numbers[at]);
      y += unzigzag(numbers[at + 1]);
      points.push([x, y]);
      at += 2;
    }
    strokes.push(points);
  }
  return width > 0 && height > 0 ? { width, height, strokes } : null;
}

export function drawStrokes({ width, height, strokes }, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("class", "ink");
  const path = document.createElementNS(SVG, "path");
  const line = ([first, ...rest]) => `M${first.join(" ")}${(rest.length ? rest : [first]).map((point) => `L${point.join(" ")}`).join("")}`;
  path.setAttribute("d", strokes.map(line).join(" "));
  path.setAttribute("stroke-width", String(Math.max(1, width / 160)));
  svg.append(path);
  return svg;
}

const PICTURES = [
  ["image/jpeg", [0xff, 0xd8, 0xff]],
  ["image/png", [0x89, 0x50, 0x4e, 0x47]],
  ["image/webp", [0x52, 0x49, 0x46, 0x46]],
];

export function pictureType(bytes) {
  return PICTURES.find(([, start]) => start.every((byte, at) => bytes[at] === byte))?.[0] ?? null;
}
