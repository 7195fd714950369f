"use strict";
// Draws the charts; a click on a finding's mark opens its card.
(() => {
  const openCard = (id) => {
    const card = document.getElementById(id);
    if (!card || card.tagName !== "DETAILS") return;
    card.open = true;
    card.scrollIntoView({ block: "center" });
    card.querySelector("summary").focus({ preventScroll: true });
  };
  const openNamed = () => openCard(decodeURIComponent(location.hash.slice(1)));
  addEventListener("hashchange", openNamed);
  openNamed();

  const specs = JSON.parse(document.getElementById("charts").textContent);
  const options = {
    mode: "vega-lite",
    renderer: "svg",
    actions: false,
    ast: true, // interprets expressions, so that the policy need not allow eval
    tooltip: { theme: "page" },
  };
  for (const place of document.querySelectorAll("[data-chart]")) {
    vegaEmbed(place, specs[place.dataset.chart], options).then(({ view }) => {
      view.addEventListener("click", (_event, mark) => {
        if (mark && mark.datum && mark.datum.rank) openCard(`finding-${mark.datum.rank}`);
      });
    });
  }
})();
