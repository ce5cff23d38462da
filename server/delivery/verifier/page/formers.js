// Seals that stood on a proof before it was sealed anew: each still holds, and each key endorsed the next.

import { require, step } from "./broken.js";
import { same, textOf } from "./bytes.js";
import { canonicalBytes } from "./canonical.js";
import { isSignedBy, keyId, sha256, sha256Hex } from "./seals.js";
import { fits } from "./shapes.js";

const MOST = 20;

function holds(condition, where, reason) {
  require(condition, "former", where, reason);
}

function decode(bytes, shape, where, shapes) {
  holds(bytes !== undefined, where, "a file is missing");
  const value = JSON.parse(textOf(bytes));
  holds(fits(shapes[shape], value, shapes), where, "another shape");
  return value;
}

export function gonePieces(office) {
  return new Set((office.purged ?? []).map((one) => one.sha256));
}

// The entries that a proof has under every seal: pictures are purged, and former seals added.
function lasting(names) {
  return names.filter((name) => !name.startsWith("former/") && !name.startsWith("attachments/")).sort();
}

async function checkFile(files, where, name, listed, gone) {
  const bytes = files.get(`${where}/${name}`) ?? files.get(name);
  if (bytes === undefined) {
    holds(name === `attachments/${listed}` && gone.has(listed), `${where}/${name}`, "a file is missing");
    return;
  }
  holds((await sha256Hex(bytes)) === listed, `${where}/${name}`, "a file changed");
}

async function checkOne(proof, where, shapes) {
  const { files } = proof;
  const manifestBytes = files.get(`${where}/manifest.json`);
  const sealBytes = files.get(`${where}/seal.json`);
  const manifest = decode(manifestBytes, "ProofManifest", where, shapes);
  const seal = decode(sealBytes, "ProofSeal", where, shapes);
  holds(same(canonicalBytes(seal), sealBytes), where, "not in its form");
  const mine = same(canonicalBytes(manifest.subject), canonicalBytes(proof.manifest.subject));
  holds(manifest.format === "tournee-proof/1" && mine, where, "another proof's");
  const then = lasting(Object.keys(manifest.files));
  const now = lasting([...files.keys()]); // without the present manifest and seal
  holds(then.length === now.length && now.every((name, at) => then[at] === name), where, "other files than listed");
  const gone = gonePieces(proof.office);
  for (const [name, listed] of Object.entries(manifest.files)) await checkFile(files, where, name, listed, gone);
  const keys = decode(files.get(`${where}/keys.json`) ?? files.get("keys.json"), "ProofKeys", where, shapes);
  const named = seal.key === (await keyId(keys.server_key));
  const good = named && (await isSignedBy(keys.server_key, "proof", await sha256(manifestBytes), seal.signature));
  holds(good, where, "this seal does not hold");
  return { key: keys.server_key, keyName: seal.key, sealed_ms: manifest.sealed_ms, fingerprint: await sha256Hex(manifestBytes), files: manifest.files };
}

function checkOrder(proof, found) {
  const links = proof.keys.succession ?? [];
  const keys = [proof.keys.receipt_key, ...links.map((link) => link.public_key)];
  const starts = new Map(links.map((link) => [link.public_key, link.from_ms]));
  holds(found.length <= MOST, "former/", "too many seals");
  let at = 0;
  let since = 0;
  for (const one of found) {
    at = keys.indexOf(one.key, at);
    holds(at >= 0, "former/", "a key that nothing endorses");
    const ordered = Math.max(since, starts.get(one.key) ?? 0) <= one.sealed_ms && one.sealed_ms <= proof.manifest.sealed_ms;
    holds(ordered, "former/", "seals in disorder");
    since = one.sealed_ms;
  }
}

// The seals before this one, oldest first.
export function checkFormers(proof, shapes) {
  return step("former", "former/", async () => {
    const found = [];
    while (proof.files.has(`former/${found.length}/manifest.json`)) {
      found.push(await checkOne(proof, `former/${found.length}`, shapes));
    }
    checkOrder(proof, found);
    const mine = (name) => found.some((one, number) => name.startsWith(`former/${number}/`));
    holds([...proof.files.keys()].filter((name) => name.startsWith("former/")).every(mine), "former/", "a file too many");
    return found;
  });
}

// The proof file as it was under an earlier seal, null where a picture of it was purged.
export function formerFile(proof, number, pack) {
  const where = `former/${number}`;
  const names = [...Object.keys(proof.formers[number].files), "manifest.json", "seal.json"];
  const then = names.map((name) => [name, proof.files.get(`${where}/${name}`) ?? proof.files.get(name)]);
  return then.every(([, bytes]) => bytes !== undefined) ? pack(new Map(then)) : null;
}
