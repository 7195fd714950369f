// Gathers the verdicts that are chosen on the cards, and writes them as CSV.
const bar = document.getElementById("gathered");
const fields = ["incident", "label", "scope", "until", "note", "who", "when"];
const said = new Map();
let kept = true;

const quoted = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

const fieldOf = (place, name) => place.querySelector(`[name=${name}]`);

const sayGathered = () => {
  bar.hidden = said.size === 0;
  bar.number.value = said.size === 1 ? "1 verdict" : `${said.size} verdicts`;
};

const gather = (place) => {
  const { incident } = place.dataset;
  said.delete(incident);
  if (fieldOf(place, "label").value) {
    const told = ["label", "scope", "until", "note"];
    const values = told.map((name) => [name, fieldOf(place, name).value.trim()]);
    said.set(incident, { incident, when: new Date().toISOString(), ...Object.fromEntries(values) });
  }
  kept = said.size === 0;
  sayGathered();
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
  for (const place of document.querySelectorAll(".say")) {
    place.hidden = false;
    place.addEventListener("input", () => gather(place));
  }
  bar.addEventListener("submit", download);
  addEventListener("beforeunload", (event) => kept || event.preventDefault());
};
