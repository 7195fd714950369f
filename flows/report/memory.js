// Keeps what an analyst did on the page, by the id of the run, where the browser allows it.
const storageKey = `outfield:${document.body.dataset.run}`;

const remembered = () => {
  try {
    return JSON.parse(localStorage.getItem(storageKey)) ?? {};
  } catch {
    return {};
  }
};

const remember = (part) => {
  try {
    localStorage.setItem(storageKey, JSON.stringify({ ...remembered(), ...part }));
    return true;
  } catch {
    return false;
  }
};
