// Folds the lesser parts of cards where the screen is narrow: a card is read, then looked into.
const parts = [...document.querySelectorAll("details.part:not(.kept)")];

const offerParts = () => {
  if (!matchMedia("(max-width: 560px)").matches) return;
  for (const part of parts) part.open = false;
  addEventListener("beforeprint", () => {
    for (const part of parts) part.open = true;
  });
};
