// What happened to a proof since it was signed, in words: corrections of the office, pieces purged, seals of the past.

import { card, element, facts } from "./pieces.js";

const FATES = ["not_shipped", "lost", "returned"];

// « Pièce purgée le … selon la règle … », null where a piece that is not inside never arrived.
export function purgedWords(teller, proof, name) {
  const gone = (proof.office.purged ?? []).find((one) => one.sha256 === name);
  if (!gone) return null;
  const words = { day: teller.day(gone.purged_ms), years: gone.kept_years };
  return teller.say(gone.kept_years === 1 ? "purged_one" : "purged", words);
}

function amount(teller, count) {
  const fates = FATES.filter((fate) => count[fate]).map((fate) => `${count[fate]} ${teller.say(fate)}`);
  const reason = count.reason ? ` (${teller.coded("reasons", count.reason)})` : "";
  return [String(count.delivered + count.extra), fates.length ? ` – ${fates.join(", ")}${reason}` : ""].join("");
}

function changes(teller, proof, correction) {
  const goods = new Map(proof.goods.lines.map((line) => [line.line_id, line]));
  const heads = ["item", "before", "after"].map((name) => element("th", { scope: "col", text: teller.say(name) }));
  const rows = correction.changes.map(({ line_id, before, after }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row", text: goods.get(line_id)?.[`description_${teller.language}`] ?? line_id }),
      element("td", { "data-label": teller.say("before"), text: amount(teller, before) }),
      element("td", { "data-label": teller.say("after"), text: amount(teller, after) }),
    ),
  );
  return element("table", { class: "lines changes" }, element("thead", {}, element("tr", {}, ...heads)), element("tbody", {}, ...rows));
}

function correction(teller, proof, one) {
  const who = [teller.say(`source_${one.source}`), one.by_name].filter(Boolean).join(", ");
  const head = teller.say("revision", { number: one.revision, who, when: teller.moment(one.made_ms) });
  const signed = one.revision === proof.office.revision ? element("p", { class: "soft", text: teller.say("this_event") }) : null;
  const reason = one.reason ? element("blockquote", { text: one.reason }) : null;
  return [element("p", { class: "outcome", text: head }), signed, reason, changes(teller, proof, one)].filter(Boolean);
}

export function corrections(teller, proof) {
  const told = proof.office.corrections ?? [];
  if (!told.length) return null;
  const after = told.some((one) => one.revision > (proof.office.revision ?? 1));
  const why = element("p", { class: "soft", text: teller.say(after ? "corrected_why" : "corrected_before") });
  const made = card(teller.say("corrected_title"), why, ...told.flatMap((one) => correction(teller, proof, one)));
  made.setAttribute("data-corrections", String(told.length));
  return made;
}

export function seals(teller, proof) {
  if (!proof.formers.length) return null;
  const links = proof.keys.succession ?? [];
  const rows = proof.formers.map((one) => [one.sealed_ms, teller.say("sealed_by", { key: one.keyName, when: teller.moment(one.sealed_ms) })]);
  rows.push(...links.map((link, at) => [link.from_ms, teller.say("endorsed", { key: proof.linkNames[at], when: teller.moment(link.from_ms) })]));
  rows.push([proof.manifest.sealed_ms, teller.say("sealed_anew", { key: proof.keyName, when: teller.moment(proof.manifest.sealed_ms) })]);
  rows.sort(([one], [other]) => one - other);
  const list = element("ol", {}, ...rows.map(([, text]) => element("li", { text })));
  const made = card(teller.say("seals_title"), element("p", { class: "soft", text: teller.say("seals_why") }), list);
  made.setAttribute("data-formers", String(proof.formers.length));
  return made;
}
