// Is this proof untouched? The steps of `tournee verify`, in their order; each stands alone.

import { unpack } from "./archive.js";
import { require, step } from "./broken.js";
import { same, textOf, unhex, utf8, concat } from "./bytes.js";
import { canonicalBytes, isCanonical } from "./canonical.js";
import { checkCorrections } from "./corrections.js";
import { checkFormers, gonePieces } from "./formers.js";
import { checkKeyList, doubts, follows, readDay } from "./keys.js";
import { readVisit } from "./leaves.js";
import { isSignedBy, keyId, sha256, sha256Hex } from "./seals.js";
import { fits } from "./shapes.js";
import { climb, groupRoot, MAX_DEPTH, paddedWidth } from "./tree.js";

const MAX_EVENT_BYTES = 64 * 1024;
const SCHEMA = 1;

function decode(bytes, shape, where, shapes, check = "archive") {
  const value = JSON.parse(textOf(bytes));
  require(fits(shapes[shape], value, shapes), check, where, "another shape");
  return value;
}

function take(files, name) {
  require(files.has(name), "archive", name, "a file is missing");
  const bytes = files.get(name);
  files.delete(name);
  return bytes;
}

async function checkFiles(files, manifest) {
  require(manifest.format === "tournee-proof/1", "archive", "manifest.json", "unknown version");
  const names = [...files.keys()];
  const listed = Object.keys(manifest.files);
  require(names.length === listed.length, "archive", "manifest.json", "other files than listed");
  for (const name of names) {
    const holds = Object.hasOwn(manifest.files, name) && manifest.files[name] === (await sha256Hex(files.get(name)));
    require(holds, "archive", name, "a file changed");
  }
}

// Every JSON entry in its canonical bytes: no other spacing, order of keys, or key said twice.
function checkWritten(files) {
  for (const [name, content] of files) {
    require(!name.endsWith(".json") || isCanonical(content), "archive", name, "not canonical");
  }
}

const FORMER = /^former\/(?:0|[1-9][0-9]?)\/(?:manifest|seal|keys|office)\.json$/;

// The entries are those that the contents call for, and files of former seals, which are counted later.
function checkEntries(names, { manifest, leaves, attachments }) {
  const calledFor = new Set([
    `events/${manifest.subject.event_seq}.json`,
    "terms/goods.json",
    "terms/prices.json",
    "keys.json",
    "office.json",
    ...leaves.map((group) => `leaves/${group.key.replaceAll(":", "-")}.json`),
    ...[...attachments.keys()].map((name) => `attachments/${name}`),
  ]);
  for (const name of names) require(calledFor.has(name) || FORMER.test(name), "archive", name, "a file too many");
}

function readArchive(bytes, shapes) {
  return step("archive", "archive", async () => {
    const files = unpack(bytes);
    const manifestBytes = take(files, "manifest.json");
    const sealBytes = take(files, "seal.json");
    const seal = decode(sealBytes, "ProofSeal", "seal.json", shapes);
    require(same(canonicalBytes(seal), sealBytes), "archive", "seal.json", "not in its form");
    const manifest = decode(manifestBytes, "ProofManifest", "manifest.json", shapes);
    await checkFiles(files, manifest);
    checkWritten(new Map([...files, ["manifest.json", manifestBytes]]));
    const read = (name, shape) => {
      require(files.has(name), "archive", name, "a file is missing");
      return decode(files.get(name), shape, name, shapes);
    };
    const all = new Map(files);
    const under = (folder) => [...files.keys()].filter((name) => name.startsWith(folder)).sort();
    const proof = {
      manifest,
      manifestBytes,
      files: all,
      seal,
      event: read(`events/${manifest.subject.event_seq}.json`, "ProofEvent"),
      leaves: under("leaves/").map((name) => read(name, "ProofLeaves")),
      keys: read("keys.json", "ProofKeys"),
      office: read("office.json", "ProofOffice"),
      goodsBytes: take(files, "terms/goods.json"),
      pricesBytes: take(files, "terms/prices.json"),
      attachments: new Map(under("attachments/").map((name) => [name.slice("attachments/".length), files.get(name)])),
    };
    checkEntries(all.keys(), proof);
    return proof;
  });
}

async function checkSeal({ keys, seal, manifestBytes }) {
  require(seal.key === (await keyId(keys.server_key)), "seal", "seal.json", "the key's name differs");
  const good = await isSignedBy(keys.server_key, "proof", await sha256(manifestBytes), seal.signature);
  require(good, "seal", "seal.json", "the server's seal does not hold");
}

async function checkDevice({ keys }) {
  const record = { carrier_id: keys.carrier_id, device_id: keys.device_id, public_key: keys.device_key };
  const good = await isSignedBy(keys.server_key, "device", await sha256(canonicalBytes(record)), keys.attestation);
  require(good, "device", "keys.json", "the device's key is not vouched for");
}

async function checkEvent({ event, keys, manifest }, shapes) {
  const body = utf8(event.body);
  require(body.length <= MAX_EVENT_BYTES && isCanonical(body), "event", "body", "not canonical");
  const envelope = JSON.parse(event.body);
  require(envelope.schema === SCHEMA, "event", "schema", "unknown version");
  require(fits(shapes.Envelope, envelope, shapes), "event", "body", "another shape");
  const digest = await sha256(concat(unhex(envelope.prev_hash), body));
  require(same(digest, unhex(event.hash)), "event", "hash", "the hash does not match");
  const good = await isSignedBy(keys.device_key, envelope.type, digest, event.signature);
  require(good, "event", "signature", "the signature is not the device's");
  require(envelope.type === "visit.finished", "event", "type", "no visit");
  require(fits(shapes.VisitFinished, envelope.payload, shapes), "event", "payload", "another shape");
  require(envelope.device_id === keys.device_id, "event", "keys.json", "another device");
  require(envelope.seq === manifest.subject.event_seq, "event", "manifest.json", "another event");
  return envelope;
}

async function checkTree({ leaves }, root) {
  for (const group of leaves) {
    const width = paddedWidth(group.leaves.length);
    require(group.leaves.length + group.padding.length === width, "tree", group.key, "wrong padding");
    require(group.path.length <= MAX_DEPTH, "tree", group.key, "path too long");
    require(group.position >= 0 && group.position < 2 ** group.path.length, "tree", group.key, "out of bounds");
    const reached = await climb(await groupRoot(group.leaves, group.padding), group.position, group.path);
    require(reached === root, "tree", group.key, "the lines do not reach the signed root");
  }
}

function readOrder(proof, shapes) {
  const { order_id, seller_id } = proof.manifest.subject;
  const mine = [`order:${order_id}`, `containers:${seller_id}`]; // no other supplier's, nor what only the carrier sees
  for (const { key } of proof.leaves) require(mine.includes(key), "leaves", key, "a group of another's");
  const visit = readVisit(proof.leaves, shapes);
  const order = visit.orders.find((one) => one.head.order_id === order_id);
  require(order, "leaves", "leaves", "the order is not there");
  return { ...visit, order };
}

// What the manifest says the proof is about is what was signed; names alone are the office's word.
function checkSubject({ manifest }, order, goods, prices) {
  const said = ["order_id", "order_number", "seller_id", "buyer_id"].every((name) => manifest.subject[name] === goods[name]);
  const one = said && prices.order_id === goods.order_id;
  require(one, "terms", "manifest.json", "another order than the one that was signed");
  const agreed = new Map((goods.lines ?? []).map((line) => [line.line_id, line.quantity]));
  const whole = order.lines.length === agreed.size && order.lines.every((line) => agreed.get(line.line_id) === line.ordered);
  require(whole, "terms", "terms", "other lines than those of the terms");
}

async function checkTerms(proof, order, shapes) {
  const { goodsBytes, pricesBytes } = proof;
  const goods = decode(goodsBytes, "Goods", "terms/goods.json", shapes, "terms");
  const prices = decode(pricesBytes, "Prices", "terms/prices.json", shapes, "terms");
  const whole = await sha256Hex(concat(await sha256(goodsBytes), await sha256(pricesBytes)));
  require(whole === order.head.terms_hash, "terms", "terms", "these are not the cited terms");
  checkSubject(proof, order, goods, prices);
  return { goods, prices };
}

function checkAttachments({ attachments, manifest, office }, finished, visit) {
  for (const name of attachments.keys()) { // the list's hashes were compared with the files before
    require(manifest.files[`attachments/${name}`] === name, "attachments", name, "its content changed");
  }
  const photos = visit.orders.flatMap((order) => order.lines.flatMap((line) => line.photos));
  const demanded = new Set([finished.signature_sha256, finished.picture_sha256, ...photos].filter(Boolean));
  const absent = [...demanded].filter((name) => !attachments.has(name)).sort();
  const missing = new Set(manifest.missing);
  const told = absent.length === manifest.missing.length && absent.every((name, at) => manifest.missing[at] === name);
  const fitting = [...attachments.keys()].every((name) => demanded.has(name));
  require(told && fitting, "attachments", "attachments", "one is missing without being declared, or is one too many");
  const gone = gonePieces(office);
  const named = [...gone].every((name) => missing.has(name)) && gone.size === (office.purged ?? []).length;
  require(named, "attachments", "office.json", "a purged piece that nothing named");
}

async function checkOffice({ office }, finished) {
  const holds = !office.consent || (await sha256Hex(utf8(office.consent))) === finished.consent_sha256;
  require(holds, "office", "office.json", "another statement");
}

async function checkReceipt({ keys, event }, envelope, shapes) {
  const body = utf8(keys.receipt_body);
  const good = await isSignedBy(keys.receipt_key, "receipt", await sha256(body), keys.receipt_signature);
  require(good, "receipt", "keys.json", "the server's receipt does not hold");
  require(isCanonical(body), "receipt", "keys.json", "not canonical");
  const succession = keys.succession ?? [];
  const first = { public_key: keys.receipt_key, from_ms: Math.min(0, ...succession.map((link) => link.from_ms)) };
  const chain = [first, ...succession];
  const ours = chain[chain.length - 1].public_key === keys.server_key && (await follows(chain));
  require(ours, "receipt", "keys.json", "the receipt's key is not the carrier's");
  const receipt = decode(body, "ProofReceipt", "keys.json", shapes, "receipt");
  const covers = receipt.device_id === envelope.device_id && receipt.last_seq >= envelope.seq;
  const agrees = receipt.last_seq > envelope.seq || receipt.head === event.hash;
  require(covers && agrees, "receipt", "keys.json", "the receipt does not cover this event");
  return receipt;
}

// What the proof says, once everything holds; throws Broken with the first step that does not.
export async function verifyProof(bytes, { list = null, day = null, shapes }) {
  const proof = await readArchive(bytes, shapes);
  await step("seal", "seal.json", () => checkSeal(proof));
  await step("device", "keys.json", () => checkDevice(proof));
  const envelope = await step("event", "events", () => checkEvent(proof, shapes));
  const finished = envelope.payload;
  await step("tree", "leaves", () => checkTree(proof, finished.root));
  const visit = await step("leaves", "leaves", () => readOrder(proof, shapes));
  const terms = await step("terms", "terms", () => checkTerms(proof, visit.order, shapes));
  await step("attachments", "attachments", () => checkAttachments(proof, finished, visit));
  await step("office", "office.json", () => checkOffice(proof, finished));
  const counted = await step("corrections", "office.json", () => checkCorrections(proof.office, visit.order, terms.goods));
  const receipt = await step("receipt", "keys.json", () => checkReceipt(proof, envelope, shapes));
  const formers = await checkFormers(proof, shapes);
  if (list) await step("keys", "keys.json", () => checkKeyList({ ...proof, formers }, list));
  const found = { ...proof, ...terms, envelope, finished, receipt, counted, formers, order: visit.order, containers: visit.containers };
  return {
    ...found,
    doubts: doubts(proof, list, receipt),
    fingerprint: await sha256Hex(proof.manifestBytes),
    keyName: await keyId(proof.keys.server_key),
    linkNames: await Promise.all((proof.keys.succession ?? []).map((link) => keyId(link.public_key))),
    day: day ? await readDay(day, bytes, found, list, shapes) : null,
  };
}

