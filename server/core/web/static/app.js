// What every page does: forms of htmx carry the page's token, filters apply themselves, failures are said.
const token = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = token;
});

document.addEventListener("htmx:responseError", () => say(document.body.dataset.failed));
document.addEventListener("htmx:sendError", () => say(document.body.dataset.unreachable));

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-applies]");
  if (form) form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  const words = event.submitter?.dataset.confirm;
  if (words && !window.confirm(words)) event.preventDefault();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, select, textarea")) return;
  const search = document.querySelector('input[type="search"]');
  if (search) {
    event.preventDefault();
    search.focus();
  }
});

// A search field that leaves of a table the rows that have its words.
for (const field of document.querySelectorAll("[data-finds]")) {
  field.addEventListener("input", (event) => {
    event.stopPropagation(); // what is searched for changes no total
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const table = document.querySelector(field.dataset.finds);
    let found = 0;
    for (const row of table.querySelectorAll("tr[data-words]")) {
      row.hidden = !words.every((word) => row.dataset.words.includes(word));
      found += row.hidden ? 0 : 1;
    }
    const nothing = table.parentElement.querySelector(".nothing-found");
    if (nothing) nothing.hidden = found > 0;
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
}

for (const map of document.querySelectorAll("[data-map]")) {
  import(map.dataset.map).then((module) => (map.dataset.lat ? module.pick(map) : module.draw(map)));
}

function say(words) {
  if (!words) return;
  const place = document.getElementById("toasts");
  const toast = document.createElement("p");
  toast.className = "toast";
  toast.textContent = words;
  place.append(toast);
  setTimeout(() => toast.remove(), 6000);
}

// A form that is refused keeps what was typed: the problem is said at its field. Without scripts it is a page.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-keeps]");
  if (!form || event.defaultPrevented) return;
  event.preventDefault();
  const button = event.submitter;
  if (button) button.disabled = true;
  try {
    const sent = new FormData(form, button);
    const headers = { Accept: "application/problem+json, text/html;q=0.1" };
    const answer = await fetch(form.action, { method: "POST", body: sent, headers, redirect: "follow" });
    if (answer.headers.get("Content-Type")?.startsWith("application/problem+json")) refuse(form, await answer.json());
    else if (answer.redirected) window.location.assign(answer.url);
    else show(await answer.text());
  } catch {
    say(document.body.dataset.unreachable);
  } finally {
    if (button) button.disabled = false;
  }
});

function refuse(form, problem) {
  for (const old of form.querySelectorAll(".wrong[data-said]")) old.remove();
  for (const old of form.querySelectorAll("[aria-invalid]")) old.removeAttribute("aria-invalid");
  const named = problem.where ? form.querySelector(`[name="${CSS.escape(problem.where)}"]:not([type="hidden"])`) : null;
  const words = document.createElement("span");
  words.className = "wrong";
  words.dataset.said = "";
  words.setAttribute("role", "alert");
  words.textContent = problem.detail;
  if (!named) return form.prepend(words), words.scrollIntoView({ block: "center" });
  words.id = `${problem.where}-said`;
  named.setAttribute("aria-invalid", "true");
  named.setAttribute("aria-describedby", words.id);
  (named.closest(".field, fieldset, label") ?? named).append(words);
  named.focus();
}

function show(page) {
  const main = new DOMParser().parseFromString(page, "text/html").getElementById("main");
  document.getElementById("main").replaceWith(main);
  main.scrollIntoView();
}
