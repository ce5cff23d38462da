// Sealed leaves read back as facts: each of its kind, canonical, balanced, said once.

import { require } from "./broken.js";
import { isCanonical } from "./canonical.js";
import { utf8 } from "./bytes.js";
import { fits } from "./shapes.js";

const MAX_LEAF_BYTES = 4096;
const MAX_LINES = 400;

function read(leaf, shape, key, shapes) {
  const bytes = utf8(leaf);
  require(bytes.length <= MAX_LEAF_BYTES && isCanonical(bytes), "leaves", key, "leaf not canonical");
  const value = JSON.parse(leaf);
  require(fits(shapes[shape], value, shapes), "leaves", key, "leaf of another shape");
  return value;
}

function isBalanced(line) {
  return line.delivered + line.not_shipped + line.lost + line.returned === line.ordered;
}

function outcomeOf(lines, said) {
  if (lines.every((line) => line.delivered === line.ordered)) return "complete";
  if (lines.some((line) => line.delivered || line.extra)) return "partial";
  if (said === "refused" || said === "failed") return said;
  return lines.some((line) => line.returned) ? "refused" : "failed";
}

function isOnce(names) {
  return new Set(names).size === names.length;
}

function readOrder(group, shapes) {
  const { key, leaves } = group;
  require(leaves.length >= 1 && leaves.length <= MAX_LINES + 1, "leaves", key, "number of lines out of range");
  const head = read(leaves[0], "OrderLeaf", key, shapes);
  require(key === `order:${head.order_id}`, "leaves", key, "order differs from its key");
  const lines = leaves.slice(1).map((leaf) => read(leaf, "LineLeaf", key, shapes));
  require(isOnce(lines.map((line) => line.line_id)), "leaves", key, "a line is repeated");
  require(lines.every(isBalanced), "leaves", key, "a line does not add up");
  require(outcomeOf(lines, head.outcome) === head.outcome, "leaves", key, "the outcome contradicts the lines");
  return { head, lines };
}

function readContainers(group, shapes) {
  const { key } = group;
  const found = group.leaves.map((leaf) => read(leaf, "ContainersLeaf", key, shapes));
  require(isOnce(found.map((leaf) => leaf.container_class)), "leaves", key, "a class is repeated");
  require(found.every((leaf) => key === `containers:${leaf.owner_id}`), "leaves", key, "owner differs from its key");
  return found;
}

// A proof holds its order's group and the seller's own containers, and never what only the carrier sees.
export function readVisit(groups, shapes) {
  require(isOnce(groups.map((group) => group.key)), "leaves", "groups", "a group is repeated");
  const orders = [];
  const containers = [];
  for (const group of groups) {
    if (group.key.startsWith("order:")) orders.push(readOrder(group, shapes));
    else if (group.key.startsWith("containers:")) containers.push(...readContainers(group, shapes));
    else require(false, "leaves", group.key, "a group is unknown");
  }
  return { orders, containers };
}
