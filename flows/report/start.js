// Starts what the page offers beside its text.
addEventListener("hashchange", openNamed);
if (form) {
  offerFilters();
  offerSpan();
  offerVerdicts();
  offerLooked();
  offerBulk();
  offerKeys();
  offerCopies();
}
offerParts();
openNamed();
offerColours();
offerCharts();
