// What a proof says, in plain words and pictures. Everything from the file is put as text, never as markup.

import { drawStrokes, pictureType, readStrokes } from "./drawing.js";
import { corrections, purgedWords, seals } from "./history.js";
import { card, element, facts } from "./pieces.js";

const CHECKS = ["archive", "seal", "device", "event", "tree", "leaves", "terms", "attachments", "office", "corrections", "receipt", "former", "keys", "day"];
const DISTRUST = ["server-key-revoked", "device-revoked"];

export class Teller {
  constructor(told, language, timezoneFallback) {
    this.told = told;
    this.language = language;
    this.words = told.words[language];
    this.timezone = timezoneFallback;
    this.addresses = [];
  }

  // Addresses of pictures are given back when another proof takes the page.
  forget() {
    this.addresses.forEach((address) => URL.revokeObjectURL(address));
    this.addresses = [];
  }

  say(name, values = {}) {
    return Object.entries(values).reduce((text, [key, value]) => text.replaceAll(`{${key}}`, String(value)), this.words[name] ?? name);
  }

  coded(kind, code) {
    return this.told[kind][code]?.[this.language] ?? code;
  }

  moment(milliseconds, doubtSeconds) {
    const zone = this.timezone;
    const format = (timeZone) => new Intl.DateTimeFormat(`${this.language}-CA`, { dateStyle: "long", timeStyle: "medium", timeZone }).format(milliseconds);
    let text;
    try {
      text = `${format(zone)} (${zone})`;
    } catch {
      text = `${format("UTC")} (UTC)`;
    }
    return doubtSeconds === undefined ? text : `${text} ${this.say("plusminus", { seconds: this.duration(doubtSeconds) })}`;
  }

  day(milliseconds) {
    const format = (timeZone) => new Intl.DateTimeFormat(`${this.language}-CA`, { dateStyle: "long", timeZone }).format(milliseconds);
    try {
      return format(this.timezone);
    } catch {
      return format("UTC");
    }
  }

  duration(seconds) {
    if (seconds < 120) return this.say("seconds", { count: seconds });
    if (seconds < 7200) return this.say("minutes", { count: Math.round(seconds / 60) });
    return this.say("hours", { count: Math.round(seconds / 3600) });
  }

  money(cents, currency) {
    return new Intl.NumberFormat(`${this.language}-CA`, { style: "currency", currency }).format(cents / 100);
  }

  verdict(state, name, detail) {
    const marks = { good: "✓", bad: "✗", doubt: "!" };
    return element(
      "div",
      { class: `verdict ${state}` },
      element("span", { class: "mark", "aria-hidden": "true", text: marks[state] }),
      element("div", {}, element("h2", { tabindex: "-1", text: this.say(`verdict_${state}`) }), element("p", { class: "file", text: name }), detail ? element("p", { text: detail }) : null),
    );
  }

  steps(failed, withKeys, withDay, skipped = {}) {
    const list = element("ol", { class: "steps" });
    const at = failed ? CHECKS.indexOf(failed) : CHECKS.length;
    for (const [number, name] of CHECKS.entries()) {
      const left = { keys: !withKeys, day: !withDay, ...skipped };
      if (left[name] && failed !== name) continue;
      const state = number < at ? "good" : number === at ? "bad" : "open";
      const sign = { good: "✓", bad: "✗", open: "–" }[state];
      list.append(
        element("li", { class: state }, element("span", { class: "sign", "aria-hidden": "true", text: sign }), element("span", { text: this.coded("checks", name) }), element("span", { class: "hidden-words", text: this.say(`step_${state}`) })),
      );
    }
    return card(this.say("steps"), list);
  }

  broken(name, problem, milliseconds) {
    const article = element("article", { "data-verdict": "altered", "data-check": problem.check });
    article.append(
      this.verdict("bad", name, this.coded("failures_of", problem.check)),
      card(this.say("wrong"), facts([[this.say("step"), this.coded("checks", problem.check)], [this.say("where"), problem.where, true], [this.say("reason"), this.coded("refusals", problem.reason)]]), element("p", { text: this.say("ask_again") })),
      this.steps(problem.check, false, false),
      this.measured(milliseconds),
    );
    return article;
  }

  proof(name, proof, paper, milliseconds) {
    this.timezone = proof.office.timezone;
    const distrusted = proof.doubts.some((doubt) => DISTRUST.includes(doubt));
    const article = element("article", { "data-verdict": distrusted ? "distrusted" : "untouched", "data-fingerprint": proof.fingerprint });
    const { subject } = proof.manifest;
    const intro = this.say("intro", { order: subject.order_number, seller: subject.seller_name, buyer: subject.buyer_name });
    article.append(this.verdict(distrusted ? "doubt" : "good", name, intro));
    if (paper) article.append(this.paper(paper, proof));
    const parts = [
      this.doubted(proof),
      this.lines(proof),
      corrections(this, proof),
      this.containers(proof),
      this.signature(proof),
      this.photos(proof),
      this.circumstances(proof),
      seals(this, proof),
      this.meaning(),
      this.steps(null, !proof.doubts.includes("key-unknown"), proof.day !== null, { corrections: !(proof.office.corrections ?? []).length, former: !proof.formers.length }),
      this.technical(proof),
      this.measured(milliseconds),
    ];
    article.append(...parts.filter(Boolean));
    return article;
  }

  paper(paper, proof) {
    const agrees = [proof, ...proof.formers].some((one) => one.fingerprint === paper.fingerprint);
    return element("p", { class: `notice ${agrees ? "good" : "bad"}`, "data-paper": agrees ? "same" : "other", text: this.say(agrees ? "paper_same" : "paper_other", { order: paper.order }) });
  }

  doubted(proof) {
    if (!proof.doubts.length) return null;
    const list = element("ul", { class: "doubts" }, ...proof.doubts.map((doubt) => element("li", { "data-doubt": doubt, text: this.coded("doubts", doubt) })));
    return card(this.say("to_know"), list);
  }

  lines(proof) {
    const goods = new Map(proof.goods.lines.map((line) => [line.line_id, line]));
    const table = element("table", { class: "lines" });
    const heads = ["item", "ordered", "received", "difference"].map((name) => element("th", { scope: "col", text: this.say(name) }));
    table.append(element("thead", {}, element("tr", {}, ...heads)));
    const body = element("tbody");
    for (const line of proof.order.lines) body.append(this.line(line, goods.get(line.line_id)));
    table.append(body);
    const outcome = element("p", { class: "outcome", text: this.coded("outcomes", proof.order.head.outcome) });
    const failure = proof.finished.failure ? element("p", { text: this.coded("reasons", proof.finished.failure) }) : null;
    return card(this.say("received_title"), outcome, failure, table, this.amounts(proof));
  }

  line(line, goods) {
    const name = goods ? goods[`description_${this.language}`] : line.line_id;
    const unit = goods ? this.coded("units", goods.unit) : "";
    const cell = (label, text) => element("td", { class: "number", "data-label": this.say(label), text });
    return element(
      "tr",
      {},
      element("th", { scope: "row" }, element("span", { text: name }), element("span", { class: "soft", text: unit })),
      cell("ordered", String(line.ordered)),
      cell("received", String(line.delivered + line.extra)),
      element("td", { "data-label": this.say("difference") }, ...this.differences(line)),
    );
  }

  differences(line) {
    const parts = ["not_shipped", "lost", "returned"].filter((fate) => line[fate]).map((fate) => `${line[fate]} ${this.say(fate)}`);
    if (line.extra) parts.push(`+ ${line.extra} ${this.say("extra")}`);
    const reason = line.reason ? this.coded("reasons", line.reason) : "";
    if (!parts.length) return [element("span", { class: "soft", text: this.say("none") })];
    return [element("span", { text: parts.join(", ") }), reason ? element("span", { class: "soft", text: reason }) : null].filter(Boolean);
  }

  amounts(proof) {
    const { head } = proof.order;
    if (head.shown === "none") return null;
    if (head.shown === "credit_pending") return facts([[this.say("seen"), this.say("credit_pending")]]);
    const rows = [["seen_total", head.shown_total_cents], ["seen_credit", head.shown_credit_cents], ["seen_supplement", head.shown_supplement_cents]];
    return facts(rows.filter(([, cents]) => cents).map(([label, cents]) => [this.say(label), this.money(cents, proof.prices.currency)]));
  }

  containers(proof) {
    if (!proof.containers.length) return null;
    const rows = proof.containers.map((one) => [this.coded("containers", one.container_class), this.say("returned_at", { count: one.returned, price: this.money(one.unit_cents, proof.prices.currency) })]);
    return card(this.say("containers"), facts(rows));
  }

  signature(proof) {
    const { finished, office } = proof;
    if (!finished.signature_sha256) return card(this.say("signature"), element("p", { text: this.say("nobody_signed") }));
    const bytes = proof.attachments.get(finished.signature_sha256);
    const strokes = bytes ? readStrokes(bytes) : null;
    const ink = strokes ? drawStrokes(strokes, this.say("signature_of", { name: finished.signer_name })) : element("p", { text: purgedWords(this, proof, finished.signature_sha256) ?? this.say(bytes ? "strokes_unreadable" : "strokes_missing") });
    const who = [finished.signer_name, finished.signer_role].filter(Boolean).join(", ");
    const consent = office.consent ? element("blockquote", { lang: finished.language, text: office.consent }) : null;
    return card(this.say("signature"), ink, element("p", { class: "signer", text: who }), consent, strokes ? element("p", { class: "soft", text: this.say("strokes_only") }) : null);
  }

  photos(proof) {
    if (!proof.order.lines.some((line) => line.photos.length)) return null;
    const goods = new Map(proof.goods.lines.map((line) => [line.line_id, line]));
    const figures = [];
    for (const line of proof.order.lines) {
      for (const name of line.photos) figures.push(this.photo(proof, name, goods.get(line.line_id)));
    }
    return card(this.say("photos"), element("div", { class: "photos" }, ...figures));
  }

  photo(proof, name, goods) {
    const bytes = proof.attachments.get(name);
    const what = goods ? goods[`description_${this.language}`] : "";
    const caption = element("figcaption", {}, element("span", { text: what }), element("span", { class: "mono soft", text: `SHA-256 ${name.slice(0, 16)}…` }));
    const type = bytes ? pictureType(bytes) : null;
    if (!type) return element("figure", {}, element("p", { class: "absent", text: purgedWords(this, proof, name) ?? this.say(bytes ? "photo_unreadable" : "photo_missing") }), caption);
    const address = URL.createObjectURL(new Blob([bytes], { type }));
    this.addresses.push(address);
    return element("figure", {}, element("img", { src: address, alt: this.say("photo_of", { what }) }), caption);
  }

  circumstances(proof) {
    const { office, finished, keys, envelope, manifest, day } = proof;
    const before = envelope.wall_ms - finished.arrived_ms;
    const arrived = finished.arrived_ms > 0 && before >= 0 ? this.moment(office.delivered_ms - before, office.uncertainty_s) : "";
    const place = finished.place ? this.say("place_value", { lat: (finished.place.lat_e7 / 1e7).toFixed(6), lon: (finished.place.lon_e7 / 1e7).toFixed(6), metres: finished.place.accuracy_m }) : this.say("no_place");
    return card(
      this.say("circumstances"),
      facts([
        [this.say("where_delivered"), [office.place_name, ...office.place_lines].join(", ")],
        [this.say("arrived"), arrived],
        [this.say("delivered"), this.moment(office.delivered_ms, office.uncertainty_s)],
        [this.say("tablet_clock"), this.moment(envelope.wall_ms)],
        [this.say("server_received"), this.moment(proof.receipt.server_ms)],
        [this.say("sealed"), this.moment(manifest.sealed_ms)],
        [this.say("place"), place],
        [this.say("carrier"), keys.carrier_name],
        [this.say("driver"), office.driver_name],
        [this.say("run"), office.run_name],
        [this.say("tablet"), keys.device_name],
        [this.say("software"), finished.app_version],
        [this.say("screen_language"), this.say(`language_${finished.language}`)],
        [this.say("corrects"), finished.corrects ? this.say("corrects_event", { event: finished.corrects }) : ""],
        [this.say("day"), day ? this.say(day.stamped ? "day_stamped" : "day_plain", { day: day.day }) : ""],
      ]),
    );
  }

  meaning() {
    const paragraphs = ["proves", "not_proves", "office_word", "law", "later"].map((name) => element("p", { text: this.say(name) }));
    return card(this.say("meaning"), ...paragraphs);
  }

  technical(proof) {
    const { envelope, event, finished, keys, order } = proof;
    const rows = [
      [this.say("fingerprint"), proof.fingerprint],
      [this.say("carrier_key"), `${proof.keyName} (${keys.server_key})`],
      [this.say("tablet_key"), keys.device_key],
      [this.say("event"), `${envelope.event_id}, ${this.say("number")} ${envelope.seq}`],
      [this.say("event_hash"), event.hash],
      [this.say("prev_hash"), envelope.prev_hash],
      [this.say("root"), finished.root],
      [this.say("screen_hash"), finished.screen_sha256],
      [this.say("consent_hash"), finished.consent_sha256],
      [this.say("terms_hash"), order.head.terms_hash],
      ...[...proof.attachments.keys()].map((name) => [this.say("attachment"), name]),
      ...proof.manifest.missing.map((name) => [this.say(purgedWords(this, proof, name) ? "attachment_purged" : "attachment_missing"), name]),
    ];
    return element("details", { class: "card" }, element("summary", { text: this.say("technical") }), facts(rows.map(([label, value]) => [label, value, true])));
  }

  measured(milliseconds) {
    return element("p", { class: "soft measured", "data-milliseconds": String(Math.round(milliseconds)), text: this.say("measured", { milliseconds: Math.round(milliseconds) }) });
  }
}
