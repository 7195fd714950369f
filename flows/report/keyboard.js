// Goes through the incidents by keys: j next, k previous, b benign, m malicious.
const isTyping = ({ target, ctrlKey, metaKey, altKey }) =>
  ctrlKey || metaKey || altKey || target.matches("input, select, textarea");

const inOrder = () => [...document.querySelectorAll("ol.cards > li:not([hidden])")];

const current = () => document.activeElement.closest("ol.cards > li");

const step = (by) => {
  const shown = inOrder();
  const at = shown.indexOf(current());
  const next = shown[at < 0 ? 0 : at + by];
  if (!next) return;
  unfold(next.querySelector(".card"));
  next.querySelector("summary").focus();
};

const sayOfCurrent = (label) => {
  const item = current();
  if (item) say(item.querySelector(".say"), label);
};

const acts = {
  j: () => step(1),
  k: () => step(-1),
  b: () => sayOfCurrent("benign"),
  m: () => sayOfCurrent("malicious"),
};

const offerKeys = () => {
  document.getElementById("keys").hidden = false;
  addEventListener("keydown", (event) => isTyping(event) || acts[event.key]?.());
};
