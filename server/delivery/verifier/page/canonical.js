// The one way a record becomes bytes before it is hashed or signed: RFC 8785, integers and strings only.

import { textOf, utf8 } from "./bytes.js";

function written(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") {
    utf8(value);
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) throw new Error("no canonical number");
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map(written).join(",")}]`;
  if (typeof value !== "object") throw new Error("no canonical value");
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${written(name)}:${written(value[name])}`).join(",")}}`;
}

export function canonicalBytes(record) {
  return utf8(written(record));
}

export function isCanonical(bytes) {
  try {
    const text = textOf(bytes);
    const record = JSON.parse(text);
    return record !== null && typeof record === "object" && !Array.isArray(record) && written(record) === text;
  } catch {
    return false;
  }
}
