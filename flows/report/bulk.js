// Gives one verdict on all incidents that the filters leave.
const bulk = document.getElementById("bulk");

const showBulk = () => {
  bulk.hidden = !isFiltered() || shownItems().length === 0;
  bulk.done.value = "";
};

const sayOfShown = (event) => {
  event.preventDefault();
  const shown = shownItems().map((item) => item.querySelector(".say"));
  const done = shown.filter((place) => say(place, bulk.label.value)).length;
  const refused = shown.length - done;
  bulk.done.value = `${done} set${refused ? `, ${refused} can only be malicious` : ""}`;
};

const offerBulk = () => {
  showBulk();
  form.addEventListener("input", showBulk);
  form.addEventListener("reset", showBulk);
  bulk.addEventListener("submit", sayOfShown);
};
