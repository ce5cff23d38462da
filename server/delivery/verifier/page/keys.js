// The carrier's keys over the years, and the day's root: who may seal when, and what was revoked.

import { pack } from "./archive.js";
import { require, step } from "./broken.js";
import { textOf, unhex, utf8 } from "./bytes.js";
import { canonicalBytes, isCanonical } from "./canonical.js";
import { formerFile, gonePieces } from "./formers.js";
import { isSignedBy, sha256, sha256Hex } from "./seals.js";
import { fits } from "./shapes.js";
import { climb, leafHash, MAX_DEPTH } from "./tree.js";

const MAX_KEYS = 400;

export async function follows(links) {
  for (let at = 1; at < links.length; at += 1) {
    const { public_key, from_ms, endorsement } = links[at];
    const digest = await sha256(canonicalBytes({ from_ms, public_key }));
    const good = await isSignedBy(links[at - 1].public_key, "key", digest, endorsement ?? "");
    if (!good || links[at - 1].from_ms > from_ms) return false;
  }
  return true;
}

// A published list, once its signature and every endorsement hold; `anchors` are keys that this page came with.
export function readKeyList(bytes, anchors, shapes) {
  return step("keys", "keys", async () => {
    require(isCanonical(bytes), "keys", "keys", "not canonical");
    const signed = JSON.parse(textOf(bytes));
    require(fits(shapes.SignedKeyList, signed, shapes), "keys", "keys", "another shape");
    const body = utf8(signed.body);
    const list = JSON.parse(signed.body);
    require(isCanonical(body) && fits(shapes.KeyList, list, shapes), "keys", "keys", "another shape");
    const { server_keys: all } = list;
    require(list.format === "tournee-keys/1" && all.length >= 1 && all.length <= MAX_KEYS, "keys", "keys", "another form");
    const newest = all[all.length - 1].link.public_key;
    require(await isSignedBy(newest, "keys", await sha256(body), signed.signature), "keys", "keys", "not signed by its newest key");
    require(await follows(all.map((one) => one.link)), "keys", "keys", "keys do not follow from each other");
    const known = !anchors.length || all.some((one) => anchors.includes(one.link.public_key));
    require(known, "keys", "keys", "none of the keys that this page came with");
    return list;
  });
}

// A list from before the proof was sealed anew does not know its key yet: then the seal by the list's newest key is asked.
function sealKnownTo(proof, list) {
  const { keys, manifest, formers } = proof;
  const known = list.server_keys.find((one) => one.link.public_key === keys.server_key);
  if (known || list.issued_ms >= manifest.sealed_ms) return [known, manifest.sealed_ms];
  const newest = list.server_keys[list.server_keys.length - 1];
  const before = formers.filter((one) => one.key === newest.link.public_key);
  return before.length ? [newest, before[before.length - 1].sealed_ms] : [undefined, 0];
}

export function checkKeyList(proof, list) {
  const { keys } = proof;
  const [known, sealedMs] = sealKnownTo(proof, list);
  require(known, "keys", "keys.json", "a key that is not published");
  const until = known.until_ms ?? 0;
  const inTime = known.link.from_ms <= sealedMs && (!until || sealedMs <= until);
  require(inTime, "keys", "manifest.json", "sealed outside its key's time");
  require(!list.carrier_id || list.carrier_id === keys.carrier_id, "keys", "keys.json", "another carrier's list");
}

export function doubts(proof, list, receipt) {
  const found = [];
  const { keys, manifest, office } = proof;
  if (!list) found.push("key-unknown");
  if (!list || !list.carrier_id || list.issued_ms < manifest.sealed_ms) found.push("revocations-unknown");
  if (list?.server_keys.find((one) => one.link.public_key === keys.server_key)?.revoked_ms) found.push("server-key-revoked");
  const device = list?.revoked_devices.find((one) => one.public_key === keys.device_key);
  if (device && receipt.server_ms >= device.revoked_ms) found.push("device-revoked");
  if ((office.revision ?? 1) <= (office.corrections ?? []).length) found.push("corrected");
  const gone = gonePieces(office);
  if (manifest.missing.some((name) => !gone.has(name))) found.push("attachment-missing");
  if (gone.size) found.push("attachment-purged");
  if (office.skewed) found.push("clock-skewed");
  return found;
}

// The sha256 of the proof's files, now and under each earlier seal, as far as no picture of them was purged.
async function filesOver(proof, proofBytes) {
  const earlier = proof.formers.map((one, number) => formerFile(proof, number, pack)).filter(Boolean);
  return Promise.all([proofBytes, ...earlier].map(sha256Hex));
}

// The file beside the proof: its way up to the day's root, signed by the carrier.
export function readDay(bytes, proofBytes, proof, list, shapes) {
  return step("day", "day", async () => {
    require(isCanonical(bytes), "day", "day", "not canonical");
    const day = JSON.parse(textOf(bytes));
    require(fits(shapes.DayInclusion, day, shapes), "day", "day", "another shape");
    unhex(day.token);
    const body = utf8(day.body);
    const root = JSON.parse(day.body);
    require(isCanonical(body) && fits(shapes.DayRoot, root, shapes), "day", "day", "another shape");
    require(root.format === "tournee-day/1", "day", "day", "another form");
    require((await filesOver(proof, proofBytes)).includes(day.proof_sha256), "day", "proof_sha256", "another proof's");
    require(day.path.length <= MAX_DEPTH && day.position < 2 ** day.path.length, "day", "path", "out of bounds");
    const reached = await climb(await leafHash(unhex(day.proof_sha256)), day.position, day.path);
    require(reached === root.root, "day", "path", "does not reach the root");
    require(await isSignedBy(day.key, "day", await sha256(body), day.signature), "day", "signature", "not signed");
    const { receipt_key, succession = [] } = proof.keys;
    const mine = [receipt_key, ...succession.map((link) => link.public_key)];
    const known = list ? list.server_keys.some((one) => one.link.public_key === day.key) : mine.includes(day.key);
    require(known, "day", "key", "signed by another key");
    require(root.carrier_id === proof.keys.carrier_id, "day", "carrier_id", "another carrier's day");
    return { ...root, stamped: day.token !== "" };
  });
}
