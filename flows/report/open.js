// Opens the card or entity that an address or a mark names, with all that it is folded into.
const cardOf = (place) =>
  place?.closest("details.card, details.entity") ?? place?.querySelector("details.card");

const unfold = (place) => {
  const fold = place.parentElement.closest("details");
  if (!fold) return;
  fold.open = true;
  unfold(fold);
};

const openAt = (id) => {
  const place = document.getElementById(id);
  const card = cardOf(place);
  if (!card) return;
  if (card.closest("[hidden]")) document.getElementById("filters").reset();
  unfold(card.contains(place) ? place : card);
  card.open = true;
  (card.contains(place) ? place : card).scrollIntoView({ block: "center" });
  card.querySelector("summary").focus({ preventScroll: true });
};

const openNamed = () => openAt(decodeURIComponent(location.hash.slice(1)));
