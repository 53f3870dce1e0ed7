// Shortcuts. Escape closes one thing at a time, and at last stops the answer.
const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");
const press = (id) => part(id)?.offsetParent && part(id).click();

const escape = () => {
  if (part("card").hasAttribute("data-open")) return hideCard();
  if (part("evidence").hasAttribute("data-open")) {
    openSheet(false);
    return document.querySelector("[data-sheet-to='open']").focus();
  }
  if (part("conversations").hasAttribute("data-open")) {
    openDrawer(false);
    return document.querySelector("[data-drawer]").focus();
  }
  return press("stop");
};

const step = (by) => {
  const markers = [...document.querySelectorAll("#chat .cite a")];
  const at = markers.indexOf(document.activeElement);
  const next = markers[at < 0 && by < 0 ? markers.length - 1 : at + by];
  next?.scrollIntoView({ block: "nearest" });
  next?.focus();
};

const toEvidence = () => {
  if (!wide.matches) openSheet(true);
  document.querySelector("#evidence .passage, #evidence-reading-title")?.focus();
};

const seen = (...ids) => ids.map(part).find((one) => one?.offsetParent);
const inArticles = () => document.body.dataset.view === "articles";
const toArticles = () => press(inArticles() ? "to-chat" : "to-articles");

const toChats = () => {
  if (getComputedStyle(part("drawer")).display !== "none") openDrawer(true);
  document.querySelector("#chat-search :is(input, textarea)").focus();
};

const alone = {
  "?": () => part("keys").showModal(),
  "/": () => document.querySelector(inArticles() ? "#article-search :is(input, textarea)" : "#question textarea")?.focus(),
};
const anywhere = { KeyA: toArticles };
const withAlt = {
  ...anywhere,
  KeyN: () => press("new-chat"),
  KeyS: () => press("stop"),
  KeyJ: () => step(1),
  KeyK: () => step(-1),
  KeyE: toEvidence,
  KeyC: toChats,
};

addEventListener("keydown", (event) => {
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") return inArticles() ? seen("keep", "keep-chosen", "back")?.click() : escape();
  if (event.ctrlKey || event.metaKey) return;
  const act = event.altKey
    ? (inArticles() ? anywhere : withAlt)[event.code]
    : !typing(event.target) && alone[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", ({ target }) => {
  if (target.closest?.("[data-keys]")) part("keys").showModal();
  if (!target.closest?.("[data-toured]")) return;
  localStorage.setItem("byline-toured", "1");
  part("tour").removeAttribute("data-new");
  document.querySelector("#question textarea").focus();
});
