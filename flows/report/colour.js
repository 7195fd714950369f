// Colours the map by the column that is chosen, and shows the legend of its values.
const colouring = document.getElementById("coloured");

const colour = () => {
  if (!colouring) return;
  for (const legend of document.querySelectorAll(".values")) {
    legend.hidden = legend.dataset.column !== colouring.value;
  }
  colouring.closest("figure").classList.toggle("by-value", colouring.value !== "-1");
  const of = views.filter((view) => has(view, "coloured"));
  for (const view of of) view.signal("coloured", Number(colouring.value)).runAsync();
};

const offerColours = () => {
  if (!colouring) return;
  colouring.closest("label").hidden = false;
  colouring.addEventListener("input", colour);
};
