// The page: files come in, verdicts come out. Nothing leaves the browser; there is nowhere to send it.

import { Broken } from "./broken.js";
import { textOf } from "./bytes.js";
import { verifyProof } from "./checks.js";
import { readKeyList } from "./keys.js";
import { engine, sha256Hex } from "./seals.js";
import { element } from "./pieces.js";
import { Teller } from "./show.js";

const told = JSON.parse(document.getElementById("told").textContent);
const input = document.getElementById("files");
const zone = document.getElementById("zone");
const results = document.getElementById("results");
const status = document.getElementById("status");
const paperField = document.getElementById("paper");
const anchors = told.list ? told.list.server_keys.map((one) => one.link.public_key) : [];

let language = navigator.language.toLowerCase().startsWith("en") ? "en" : "fr";
let held = { proofs: [], lists: [], days: [] };
let tellers = [];

function say(name, values) {
  return new Teller(told, language, "UTC").say(name, values);
}

// The text of a printed proof's code: what stands behind its "#".
function readPaper(text) {
  const said = new URLSearchParams(text.slice(text.indexOf("#") + 1));
  const fingerprint = said.get("p") ?? "";
  return /^[0-9a-f]{64}$/.test(fingerprint) ? { fingerprint, order: (said.get("n") ?? "").slice(0, 40) } : null;
}

function paper() {
  return readPaper(paperField.value) ?? (location.hash ? readPaper(location.hash) : null);
}

function speak() {
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-t]")) one.textContent = say(one.dataset.t);
  document.title = say("title");
  for (const button of document.querySelectorAll("[data-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  const named = paper();
  const notice = document.getElementById("paper-notice");
  notice.hidden = !named || held.proofs.length > 0;
  notice.textContent = named ? say("paper_waits", { order: named.order }) : "";
}

async function sorted(files) {
  const found = { proofs: [], lists: [], days: [] };
  for (const file of files) {
    const bytes = new Uint8Array(await file.arrayBuffer());
    const start = bytes[0] === 0x7b ? textOf(bytes.subarray(0, 4096).filter((byte) => byte < 0x80)) : "";
    if (start.includes('"proof_sha256"') || start.includes("tournee-day/1")) found.days.push(bytes);
    else if (start.includes("tournee-keys/1")) found.lists.push(bytes);
    else found.proofs.push({ name: file.name, bytes });
  }
  return found;
}

// The day's file of a proof is the one that names it; a lone one is tried anyway, so that a wrong one is said.
async function dayOf(bytes) {
  if (held.days.length < 2) return held.days[0] ?? null;
  const name = await sha256Hex(bytes);
  return held.days.find((day) => textOf(day).includes(`"proof_sha256":"${name}"`)) ?? null;
}

async function judge({ name, bytes }) {
  const teller = new Teller(told, language, "UTC");
  tellers.push(teller);
  const began = performance.now();
  try {
    let list = told.list;
    for (const one of held.lists) list = await readKeyList(one, anchors, told.shapes);
    const proof = await verifyProof(bytes, { list, day: await dayOf(bytes), shapes: told.shapes });
    return teller.proof(name, proof, paper(), performance.now() - began);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    return teller.broken(name, error, performance.now() - began);
  }
}

async function showAll() {
  tellers.forEach((teller) => teller.forget());
  tellers = [];
  const articles = [];
  for (const proof of held.proofs) articles.push(await judge(proof));
  results.replaceChildren(...articles);
  document.body.classList.toggle("judged", articles.length > 0);
  return articles;
}

async function receive(files) {
  status.textContent = say("reading");
  const fresh = await sorted(files);
  const before = held;
  held = {
    proofs: fresh.proofs.length ? fresh.proofs : before.proofs,
    lists: fresh.lists.length ? fresh.lists : before.lists,
    days: fresh.days.length || fresh.proofs.length ? fresh.days : before.days,
  };
  speak();
  const articles = await showAll();
  status.textContent = articles.length === 1 ? say("done_one") : articles.length ? say("done", { count: articles.length }) : say("needs_proof");
  articles[0]?.querySelector("h2")?.focus();
}

input.addEventListener("change", () => {
  receive([...input.files]);
  input.value = "";
});
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
}
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) zone.classList.remove("over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("over");
  receive([...event.dataTransfer.files]);
});
for (const button of document.querySelectorAll("[data-language]")) {
  button.addEventListener("click", async () => {
    language = button.dataset.language;
    speak();
    await showAll();
  });
}
paperField.addEventListener("input", async () => {
  speak();
  await showAll();
});

speak();
document.getElementById("known-keys").replaceChildren(
  ...(told.list ? told.list.server_keys.map((one, at) => element("li", { class: "mono", text: `${told.key_names[at]} — ${one.link.public_key}` })) : [element("li", { text: say("no_keys") })]),
);
engine().then((name) => {
  document.documentElement.dataset.engine = name;
  document.documentElement.dataset.ready = "yes";
});
// For whoever drives this page by program: the same verification, without its words.
globalThis.tournee = {
  verify: async (bytes, { list = told.list, day = null } = {}) => {
    try {
      const proof = await verifyProof(bytes, { list, day, shapes: told.shapes });
      return { untouched: true, doubts: proof.doubts, fingerprint: proof.fingerprint };
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      return { untouched: false, check: error.check, where: error.where };
    }
  },
};
