// Draws the charts. A click on a mark opens its card; the findings of open cards have a ring, and
// those that the filters leave out are pale.
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

// Marks of incidents that the filters leave out are pale.
const pale = () => {
  const left = form && isFiltered() ? shownItems().map(({ id }) => id) : null;
  for (const view of views) view.signal("left", left).runAsync();
};

const openMark = (_event, mark) => {
  if (mark && mark.datum && mark.datum.rank) openAt(`finding-${mark.datum.rank}`);
};

const has = (view, signal) =>
  view.getState({ signals: (name) => name === signal }).signals[signal] !== undefined;

const keep = ({ view }) => {
  if (has(view, "chosen")) {
    views.push(view);
    choose();
    pale();
    colour();
    offerBrush(view);
  }
  view.addEventListener("click", openMark);
};

// One after the other, when the page is there and nothing else is to be done.
const drawAll = (specs, waiting) => {
  if (!waiting.length) return;
  const place = waiting.shift();
  vegaEmbed(place, specs[place.dataset.chart], options).then(keep);
  requestIdleCallback(() => drawAll(specs, waiting), { timeout: 500 });
};

const offerCharts = () => {
  const drawn = document.getElementById("charts");
  if (!drawn) return;
  const isCard = ({ target }) => target.matches(".card");
  document.addEventListener("toggle", (event) => isCard(event) && choose(), true);
  form?.addEventListener("input", pale);
  form?.addEventListener("reset", pale);
  const waiting = [...document.querySelectorAll("[data-chart]")];
  requestAnimationFrame(() => setTimeout(() => drawAll(JSON.parse(drawn.textContent), waiting)));
};
