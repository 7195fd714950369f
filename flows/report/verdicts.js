// Gathers the verdicts that are chosen on the cards, and writes them as CSV.
const bar = document.getElementById("gathered");
const places = [...document.querySelectorAll(".say")];
const asked = ["label", "scope", "until", "note"];
const fields = ["incident", ...asked, "who", "when"];
const said = new Map();
let kept = true;

const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const fieldOf = (place, name) => place.querySelector(`[name=${name}]`);

const sayGathered = () => {
  bar.hidden = said.size === 0;
  bar.number.value = said.size === 1 ? "1 verdict" : `${said.size} verdicts`;
};

const showChosen = (place) => {
  const chip = place.closest(".card").querySelector(".mine");
  chip.textContent = fieldOf(place, "label").value;
  chip.hidden = !chip.textContent;
};

const gather = (place) => {
  const { incident } = place.dataset;
  said.delete(incident);
  if (fieldOf(place, "label").value) {
    const values = asked.map((name) => [name, fieldOf(place, name).value.trim()]);
    said.set(incident, { incident, when: new Date().toISOString(), ...Object.fromEntries(values) });
  }
  kept = remember({ verdicts: Object.fromEntries(said) }) || said.size === 0;
  showChosen(place);
  sayGathered();
};

const canSay = (place, label) =>
  [...fieldOf(place, "label").options].some(({ value }) => value === label);

const say = (place, label) => {
  if (!canSay(place, label)) return false;
  fieldOf(place, "label").value = label;
  gather(place);
  return true;
};

const restore = (place) => {
  const verdict = remembered().verdicts?.[place.dataset.incident];
  if (verdict && canSay(place, verdict.label)) {
    for (const name of asked) fieldOf(place, name).value = verdict[name];
    said.set(verdict.incident, verdict);
  }
  showChosen(place);
};

const asCsv = (who) => {
  const lines = [...said.values()].map((each) => fields.map((name) => ({ who, ...each })[name]));
  return [fields, ...lines].map((line) => `${line.map(quoted).join(",")}\r\n`).join("");
};

const download = (event) => {
  event.preventDefault();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([asCsv(bar.who.value.trim())], { type: "text/csv" }));
  link.download = `verdicts-${document.body.dataset.run.replace(/[^\w.-]+/g, "-")}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
  kept = true;
};

const offerVerdicts = () => {
  for (const place of places) {
    place.hidden = false;
    restore(place);
    for (const name of asked) fieldOf(place, name).addEventListener("input", () => gather(place));
  }
  sayGathered();
  bar.addEventListener("submit", download);
  addEventListener("beforeunload", (event) => kept || event.preventDefault());
};
