// Filters by a span of time: its two fields and the brush on the time line follow each other.
let line = null;
let following = false;

const asField = (ms) => new Date(ms).toISOString().slice(0, 19);

const heedBrush = (_name, { time }) => {
  if (following) return;
  const [from, to] = time ?? [];
  form.from.value = time ? asField(Math.floor(from / 1000) * 1000) : "";
  form.to.value = time ? asField(Math.ceil(to / 1000) * 1000) : "";
  form.dispatchEvent(new Event("input"));
};

// Draws the brush where the fields say, to the ends of the line where one of them is empty.
const drawBrush = async () => {
  if (!line) return;
  const [from, to] = span();
  const at = line.scale("x");
  const [first, last] = at.range();
  const drawn = (end, other) => (end === null ? other : Math.min(last, Math.max(first, at(end))));
  const ends = from === null && to === null ? [0, 0] : [drawn(from, first), drawn(to, last)];
  following = true;
  await line.signal("span_x", ends).runAsync();
  following = false;
};

// The brush has no text of its own: the two fields say the same.
const hideFromReaders = (view) => {
  for (const part of view.container().querySelectorAll(".span_brush, .span_brush_bg")) {
    part.setAttribute("aria-hidden", "true");
  }
};

const offerBrush = (view) => {
  if (!has(view, "span")) return;
  hideFromReaders(view);
  if (!form?.from) return;
  line = view;
  drawBrush();
  view.addSignalListener("span", heedBrush);
};

const showAllTimes = () => {
  form.from.value = form.to.value = "";
  form.dispatchEvent(new Event("input"));
  drawBrush();
};

const offerSpan = () => {
  if (!form.from) return;
  for (const field of [form.from, form.to]) field.addEventListener("input", drawBrush);
  form.times.addEventListener("click", showAllTimes);
  form.addEventListener("reset", drawBrush);
};
