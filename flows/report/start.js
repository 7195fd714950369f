// Starts what the page offers beside its text.
addEventListener("hashchange", openNamed);
if (form) {
  offerFilters();
  offerVerdicts();
  offerLooked();
  offerBulk();
  offerKeys();
  offerCopies();
}
openNamed();
offerCharts();
