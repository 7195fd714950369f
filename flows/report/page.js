"use strict";
// Filters and sorts the incidents, gathers verdicts on them, and draws the charts; a click on a
// finding's mark opens its card, and an open card's findings stand out in the charts.
(() => {
  const openAt = (id) => {
    const place = document.getElementById(id);
    const card = place && place.closest("details.card");
    if (!card) return;
    if (card.closest("[hidden]")) document.getElementById("filters").reset();
    if (card.closest("#leads")) document.getElementById("leads").open = true;
    card.open = true;
    (place === card ? card : place).scrollIntoView({ block: "center" });
    card.querySelector("summary").focus({ preventScroll: true });
  };
  const openNamed = () => openAt(decodeURIComponent(location.hash.slice(1)));
  addEventListener("hashchange", openNamed);

  const form = document.getElementById("filters");
  if (form) {
    const lists = [...document.querySelectorAll("ol.cards")];
    const items = lists.flatMap((list) => [...list.children]);
    const leads = document.getElementById("leads");
    const asks = [form.severity, form.status, form.column, form.name, form.text];
    const asked = () => form.sort.value !== "rank" || asks.some(({ value }) => value);
    const severities = $SEVERITIES;
    const statuses = $STATUSES;
    const keys = {
      rank: () => 0,
      severity: ({ severity }) => severities.indexOf(severity),
      status: ({ status }) => statuses.indexOf(status),
      records: ({ records }) => -Number(records),
      time: ({ time }) => time,
    };
    const answers = ({ severity, status, columns, names, text }) =>
      (!form.severity.value || form.severity.value === severity) &&
      (!form.status.value || form.status.value === status) &&
      (!form.column.value || JSON.parse(columns).includes(form.column.value)) &&
      (!form.name.value || JSON.parse(names).includes(form.name.value)) &&
      form.text.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
    const apply = () => {
      const key = keys[form.sort.value];
      const compare = (a, b) => {
        const [one, other] = [key(a.dataset), key(b.dataset)];
        return one < other ? -1 : one > other ? 1 : a.dataset.rank - b.dataset.rank;
      };
      for (const item of items) item.hidden = !answers(item.dataset);
      for (const list of lists) {
        const own = [...list.children];
        list.append(...own.sort(compare));
        list.hidden = own.every(({ hidden }) => hidden);
      }
      if (leads && asked()) leads.open = true;
      const shown = items.filter((item) => !item.hidden).length;
      form.shown.value = `${shown} of ${items.length}`;
      document.getElementById("none-shown").hidden = shown > 0;
    };
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => {
      for (const field of form.elements) field.value = field.name === "sort" ? "rank" : "";
      apply();
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    // A browser that goes back fills the fields in again; else the list is as it was written.
    if (asked()) apply();
    else form.shown.value = `${items.length} of ${items.length}`;
  }
  openNamed();

  const bar = document.getElementById("gathered");
  if (bar) {
    const fields = ["incident", "label", "scope", "until", "note", "who", "when"];
    const said = new Map();
    let kept = true;
    const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
    const gather = ({ currentTarget: place }) => {
      const field = (name) => place.querySelector(`[name=${name}]`).value.trim();
      const { incident } = place.dataset;
      said.delete(incident);
      if (field("label")) {
        const told = ["label", "scope", "until", "note"].map((name) => [name, field(name)]);
        const when = new Date().toISOString();
        said.set(incident, { incident, when, ...Object.fromEntries(told) });
      }
      kept = said.size === 0;
      bar.hidden = kept;
      bar.number.value = said.size === 1 ? "1 verdict" : `${said.size} verdicts`;
    };
    for (const place of document.querySelectorAll(".say")) {
      place.hidden = false;
      place.addEventListener("input", gather);
    }
    bar.addEventListener("submit", (event) => {
      event.preventDefault();
      const who = bar.who.value.trim();
      const lines = [...said.values()].map((each) => fields.map((name) => ({ who, ...each })[name]));
      const text = [fields, ...lines].map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
      link.download = `verdicts-${document.body.dataset.run.replace(/[^\w.-]+/g, "-")}.csv`;
      link.click();
      URL.revokeObjectURL(link.href);
      kept = true;
    });
    addEventListener("beforeunload", (event) => kept || event.preventDefault());
  }

  const drawn = document.getElementById("charts");
  if (!drawn) return;
  const specs = JSON.parse(drawn.textContent);
  const options = {
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    ast: true, // interprets expressions, so that the policy need not allow eval
    tooltip: { theme: "page" },
  };
  const views = [];
  const choose = () => {
    const found = document.querySelectorAll('.card[open] [id^="finding-"]');
    const ranks = [...found].map(({ id }) => Number(id.slice("finding-".length)));
    for (const view of views) view.signal("chosen", ranks).runAsync();
  };
  document.addEventListener("toggle", ({ target }) => target.matches(".card") && choose(), true);
  const draw = (place) => {
    vegaEmbed(place, specs[place.dataset.chart], options).then(({ view }) => {
      if (view.getState({ signals: (name) => name === "chosen" }).signals.chosen) {
        views.push(view);
        choose();
      }
      view.addEventListener("click", (_event, mark) => {
        if (mark && mark.datum && mark.datum.rank) openAt(`finding-${mark.datum.rank}`);
      });
    });
  };
  // One after the other, when the page is there and nothing else is to be done.
  const waiting = [...document.querySelectorAll("[data-chart]")];
  const drawNext = () => {
    if (!waiting.length) return;
    draw(waiting.shift());
    requestIdleCallback(drawNext, { timeout: 500 });
  };
  requestAnimationFrame(() => setTimeout(drawNext));
})();
