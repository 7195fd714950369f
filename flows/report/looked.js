// Marks the cards that were looked at: those that were opened, until the mark is taken away.
const boxes = [...document.querySelectorAll(".say [name=looked]")];

const showLooked = (box) => {
  const item = box.closest("li");
  item.classList.toggle("looked", box.checked);
  item.querySelector(".seen").hidden = !box.checked;
};

const markLooked = (box, checked) => {
  box.checked = checked;
  showLooked(box);
  const marked = boxes.filter((each) => each.checked);
  remember({ looked: marked.map((each) => each.closest(".say").dataset.incident) });
};

const restoreLooked = () => {
  const looked = new Set(remembered().looked);
  for (const box of boxes) {
    box.checked = looked.has(box.closest(".say").dataset.incident);
    showLooked(box);
  }
};

const lookAtOpened = ({ target }) => {
  if (target.matches("details.card") && target.open && target.matches(":focus-within")) {
    markLooked(target.querySelector("[name=looked]"), true);
  }
};

const offerLooked = () => {
  restoreLooked();
  for (const box of boxes) box.addEventListener("change", () => markLooked(box, box.checked));
  document.addEventListener("toggle", lookAtOpened, true);
};
