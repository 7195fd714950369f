// Filters and sorts the incidents.
const severities = $SEVERITIES;
const statuses = $STATUSES;
const form = document.getElementById("filters");
const lists = [...document.querySelectorAll("ol.cards")];
const items = lists.flatMap((list) => [...list.children]);

const keys = {
  rank: () => 0,
  severity: ({ severity }) => severities.indexOf(severity),
  status: ({ status }) => statuses.indexOf(status),
  records: ({ records }) => -Number(records),
  time: ({ time }) => time,
};

const isFiltered = () =>
  [form.severity, form.status, form.column, form.name, form.text, form.from, form.to].some(
    (field) => field?.value,
  );

// The two ends of the span that the fields name, in milliseconds; null where one is empty.
const span = () =>
  [form.from, form.to].map((field) => (field?.value ? Date.parse(`${field.value}Z`) : null));

const isWithin = ({ from, to }) => {
  const [first, last] = span();
  if (first === null && last === null) return true;
  return from !== "" && Number(to) >= (first ?? -Infinity) && Number(from) <= (last ?? Infinity);
};

const answers = ({ severity, status, columns, names, text, ...times }) =>
  isWithin(times) &&
  (!form.severity.value || form.severity.value === severity) &&
  (!form.status.value || form.status.value === status) &&
  (!form.column.value || JSON.parse(columns).includes(form.column.value)) &&
  (!form.name.value || JSON.parse(names).includes(form.name.value)) &&
  form.text.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));

const compare = (a, b) => {
  const key = keys[form.sort.value];
  const [one, other] = [key(a.dataset), key(b.dataset)];
  return one < other ? -1 : one > other ? 1 : a.dataset.rank - b.dataset.rank;
};

const arrange = (list) => {
  const own = [...list.children];
  list.append(...own.sort(compare));
  list.hidden = own.every(({ hidden }) => hidden);
};

const shownItems = () => items.filter((item) => !item.hidden);

const sayShown = () => {
  const shown = shownItems().length;
  form.shown.value = `${shown} of ${items.length}`;
  if (form.times) form.times.hidden = !form.from.value && !form.to.value;
  document.getElementById("none-shown").hidden = shown > 0;
};

const applyFilters = () => {
  for (const item of items) item.hidden = !answers(item.dataset);
  lists.forEach(arrange);
  if (isFiltered() || form.sort.value !== "rank") unfold(lists.at(-1));
  sayShown();
};

const resetFilters = () => {
  for (const field of form.elements) field.value = field.name === "sort" ? "rank" : "";
  applyFilters();
};

const offerFilters = () => {
  form.addEventListener("input", applyFilters);
  form.addEventListener("reset", resetFilters);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  // A browser that goes back fills the fields in again; else the list is as it was written.
  if (isFiltered() || form.sort.value !== "rank") applyFilters();
  else sayShown();
};
