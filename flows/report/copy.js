// Copies a query or a command; that of a verdict with the label which is chosen on the card.
const textOf = (button) => {
  const text = button.closest(".command").querySelector("code").textContent;
  const chosen = button.closest(".body").querySelector("[name=label]").value;
  return chosen ? text.replace("--label malicious", `--label ${chosen}`) : text;
};

const copy = async ({ currentTarget: button }) => {
  await navigator.clipboard.writeText(textOf(button));
  button.textContent = "Copied";
  setTimeout(() => (button.textContent = "Copy"), 2000);
};

const offerCopies = () => {
  if (!navigator.clipboard) return;
  for (const button of document.querySelectorAll(".copy")) {
    button.hidden = false;
    button.addEventListener("click", copy);
  }
};
