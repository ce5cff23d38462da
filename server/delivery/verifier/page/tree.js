// The visit's tree of salted leaves, and the day's: docs/protocol.md says how they are built.

import { concat, hex, unhex, utf8 } from "./bytes.js";
import { sha256 } from "./seals.js";

export const MAX_DEPTH = 16;
const MIN_WIDTH = 8;

function join(left, right) {
  return sha256(concat(Uint8Array.of(1), left, right));
}

export function leafHash(bytes) {
  return sha256(concat(Uint8Array.of(0), bytes));
}

export function paddedWidth(used) {
  let width = MIN_WIDTH;
  while (width < used) width *= 2;
  return width;
}

async function merkleRoot(nodes) {
  let level = nodes;
  while (level.length > 1) {
    const next = [];
    for (let at = 0; at < level.length; at += 2) next.push(await join(level[at], level[at + 1]));
    level = next;
  }
  return level[0];
}

export async function climb(node, position, path) {
  let reached = node;
  let place = position;
  for (const sibling of path) {
    const other = unhex(sibling);
    reached = place % 2 ? await join(other, reached) : await join(reached, other);
    place = Math.floor(place / 2);
  }
  return hex(reached);
}

// sha256(0x02 ‖ number of leaves, 4 bytes ‖ root of the group's own tree)
export async function groupRoot(leaves, padding) {
  const hashed = await Promise.all(leaves.map((leaf) => leafHash(utf8(leaf))));
  const top = await merkleRoot([...hashed, ...padding.map(unhex)]);
  const count = new Uint8Array(4);
  new DataView(count.buffer).setUint32(0, leaves.length);
  return sha256(concat(Uint8Array.of(2), count, top));
}
