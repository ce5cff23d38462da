// A ZIP with one form only: entries stored in the order of their names, dated 1980-01-01. Any other byte is refused.

import { require } from "./broken.js";
import { concat, same, textOf, utf8 } from "./bytes.js";

const MAX_FILES = 1000;
const MAX_FILE_BYTES = 13 * 1024 * 1024;
const MAX_ARCHIVE_BYTES = 64 * 1024 * 1024;
const VERSION = 20;
const UNIX = 3;
const FIRST_DAY = 33;
const PRIVATE_FILE = 0o600 * 0x10000;

const table = Uint32Array.from({ length: 256 }, (_, start) => {
  let value = start;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = table[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

function numbers(...pairs) {
  const bytes = new Uint8Array(pairs.reduce((length, [size]) => length + size, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [size, value] of pairs) {
    if (size === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
    at += size;
  }
  return bytes;
}

function heads(name, size, crc, offset) {
  const common = [[2, VERSION], [2, 0], [2, 0], [2, 0], [2, FIRST_DAY], [4, crc], [4, size], [4, size], [2, name.length], [2, 0]];
  const local = numbers([4, 0x04034b50], ...common);
  const listed = numbers([4, 0x02014b50], [2, VERSION | (UNIX << 8)], ...common, [2, 0], [2, 0], [2, 0], [4, PRIVATE_FILE], [4, offset]);
  return [local, listed];
}

// Whether these bytes are the one form of their files: each head in its place, contents between, list and end behind.
function isInForm(bytes, entries) {
  const list = [];
  let offset = 0;
  for (const [at, { name, content, crc }] of entries.entries()) {
    if (at > 0 && entries[at - 1].name >= name) return false; // in their order, none twice
    const written = utf8(name);
    const [local, listed] = heads(written, content.length, crc, offset);
    const head = concat(local, written);
    const start = content.byteOffset - bytes.byteOffset;
    if (start !== offset + head.length || !same(bytes.subarray(offset, start), head)) return false;
    list.push(listed, written);
    offset = start + content.length;
  }
  return same(bytes.subarray(offset), concat(...list, ending(entries.length, list, offset)));
}

function ending(count, list, offset) {
  const size = list.reduce((length, part) => length + part.length, 0);
  return numbers([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, size], [4, offset], [2, 0]);
}

// Where the files lie, as the list at the end says; what it says is believed only once the whole is in its form.
function listed(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - 22;
  require(end >= 0 && view.getUint32(end, true) === 0x06054b50, "archive", "archive", "no archive");
  const count = view.getUint16(end + 10, true);
  require(count <= MAX_FILES, "archive", "archive", "too many files");
  const entries = [];
  let at = view.getUint32(end + 16, true);
  for (let number = 0; number < count; number += 1) {
    require(view.getUint32(at, true) === 0x02014b50, "archive", "archive", "no archive");
    const size = view.getUint32(at + 24, true);
    const nameLength = view.getUint16(at + 28, true);
    const name = textOf(bytes.subarray(at + 46, at + 46 + nameLength));
    require(size <= MAX_FILE_BYTES && !/[^\x20-\x7e]/.test(name), "archive", "archive", "out of bounds");
    const start = view.getUint32(at + 42, true) + 30 + nameLength;
    require(start + size <= end, "archive", "archive", "out of bounds");
    const content = bytes.subarray(start, start + size);
    const crc = crc32(content);
    require(crc === view.getUint32(at + 16, true), "archive", name, "a file changed");
    entries.push({ name, content, crc });
    at += 46 + nameLength;
  }
  return entries;
}

// The one form of these files.
export function pack(files) {
  const parts = [];
  const list = [];
  let offset = 0;
  const names = [...files.keys()].sort();
  for (const name of names) {
    const content = files.get(name);
    const written = utf8(name);
    const [local, listed] = heads(written, content.length, crc32(content), offset);
    parts.push(local, written, content);
    list.push(listed, written);
    offset += local.length + written.length + content.length;
  }
  return concat(...parts, ...list, ending(names.length, list, offset));
}

export function unpack(bytes) {
  require(bytes.length <= MAX_ARCHIVE_BYTES, "archive", "archive", "too large");
  const entries = listed(bytes);
  require(isInForm(bytes, entries), "archive", "archive", "another form");
  return new Map(entries.map(({ name, content }) => [name, content]));
}
