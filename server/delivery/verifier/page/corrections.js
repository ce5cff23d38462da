// Do the office's corrections start from the quantities that were signed, and follow from each other?

import { require } from "./broken.js";

const FATES = ["delivered", "not_shipped", "lost", "returned"];
const COUNTED = [...FATES, "extra", "reason"];

function holds(condition, reason) {
  require(condition, "corrections", "office.json", reason);
}

function counted(line) {
  return Object.fromEntries(COUNTED.map((name) => [name, line[name]]));
}

function alike(one, other) {
  return COUNTED.every((name) => one[name] === other[name]);
}

function checkOne({ changes }, ordered) {
  const names = changes.map((change) => change.line_id);
  const mine = names.length && new Set(names).size === names.length && names.every((name) => ordered.has(name));
  holds(mine, "a line of another order");
  for (const { line_id, before, after } of changes) {
    for (const count of [before, after]) {
      const whole = FATES.reduce((sum, fate) => sum + count[fate], 0);
      holds(whole === ordered.get(line_id), "a line does not add up");
    }
    holds(!alike(before, after), "a correction that changes nothing");
  }
}

// Walk from the signed counts; each step says what it finds of a line, and what it leaves.
function walk(signed, steps) {
  const now = new Map(signed);
  for (const [line, found, left] of steps.flat()) {
    const known = now.get(line);
    holds(known !== undefined && alike(known, found), "does not start from what was signed");
    now.set(line, left);
  }
  return now;
}

// Each line as it counts at the proof's own revision, by line.
export function checkCorrections(office, order, goods) {
  const told = office.corrections ?? [];
  const revision = office.revision ?? 1;
  const numbered = told.every((one, at) => one.revision === at + 2);
  holds(numbered && revision >= 1 && revision <= told.length + 1, "revisions in disorder");
  const ordered = new Map(goods.lines.map((line) => [line.line_id, line.quantity]));
  told.forEach((one) => checkOne(one, ordered));
  const signed = new Map(order.lines.map((line) => [line.line_id, counted(line)]));
  const back = told.slice(0, revision - 1).reverse().map((one) => one.changes.map((change) => [change.line_id, change.after, change.before]));
  const on = told.slice(revision - 1).map((one) => one.changes.map((change) => [change.line_id, change.before, change.after]));
  walk(signed, back);
  return walk(signed, on);
}
