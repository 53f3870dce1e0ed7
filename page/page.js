// The page's own behaviour where Gradio has none: its two views, the sheet of evidence on a narrow
// screen, and keeping the end of an answer in view while it is written. These scripts read and move
// what is there and make no HTML of any text. app.py joins them in one function, this one first.
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const wide = matchMedia("(min-width: 901px)");
const part = (id) => document.getElementById(id);
let follow = true;
let turn = null;

// The view is in the address, so that it can be bookmarked and the browser's "back" leaves it.
const address = () => new URLSearchParams(location.hash.slice(1));
const view = () => {
  document.body.dataset.view = address().get("view") === "articles" ? "articles" : "chat";
};
addEventListener("hashchange", view);
view();

const openSheet = (yes) => {
  part("evidence").toggleAttribute("data-open", yes);
  document.querySelector("[data-sheet-to='open']")?.setAttribute("aria-expanded", String(yes));
};
const tellSheet = () => {
  const open = document.querySelector("[data-sheet-to='open']");
  const found = document.querySelectorAll("#evidence-now .passage").length;
  const told = document.querySelector("#evidence-now h2")?.textContent ?? "Evidence";
  const label = found ? `${told}: ${found}` : told;
  if (open && open.textContent !== label) open.textContent = label;
};

document.addEventListener("click", ({ target }) => {
  if (wide.matches && target.closest?.("#send, .example")) {
    document.querySelector("#question textarea").focus(); // the button that was pressed goes away
  }
  const sheet = target.closest?.("[data-sheet-to]");
  if (!sheet) return;
  openSheet(sheet.dataset.sheetTo === "open");
  document.querySelector(`[data-sheet-to='${sheet.dataset.sheetTo === "open" ? "close" : "open"}']`).focus();
});

addEventListener("keydown", ({ key }) => {
  if (key !== "Escape" || !part("evidence").hasAttribute("data-open")) return;
  openSheet(false);
  document.querySelector("[data-sheet-to='open']").focus();
});

document.addEventListener(
  "scroll",
  ({ target }) => {
    if (target.id === "chat") follow = target.scrollHeight - target.scrollTop - target.clientHeight < 60;
  },
  true,
);

new MutationObserver(() => {
  tellSheet();
  const chat = part("chat");
  const last = chat && [...chat.querySelectorAll(".turn")].pop();
  if (!last) {
    turn = null;
    return;
  }
  if (last.dataset.turn !== turn) {
    turn = last.dataset.turn;
    follow = true;
    part("evidence").scrollTop = 0;
    if (!wide.matches) last.scrollIntoView({ block: "start" });
  }
  if (follow && wide.matches) chat.scrollTop = chat.scrollHeight;
}).observe(document.body, { childList: true, subtree: true, characterData: true });
