// The page's own behaviour where Gradio has none: its two views, the sheet of evidence on a narrow
// screen, and bringing the question at hand to the top, where nothing moves it while its answer is
// written. These scripts read and move what is there and make no HTML of any text. app.py joins them
// in one function, this one first.
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const wide = matchMedia("(min-width: 901px)");
const part = (id) => document.getElementById(id);
let turn = ""; // the one that was brought to the top, and how many there are

// The view and what it shows are in the address, so that they can be bookmarked, and the browser's
// "back" leaves a view. An address of another chat that is typed in is opened from the start.
const address = () => new URLSearchParams(location.hash.slice(1));
const place = (changes) => {
  const words = address();
  for (const [name, value] of Object.entries(changes)) {
    words.delete(name);
    for (const one of [value ?? ""].flat()) if (one) words.append(name, one);
  }
  return `#${words}`;
};
const opened = () => `${address().get("chat")} ${address().get("share")}`;
let here = opened();
window.bylineView = (name) => (location.hash = place({ view: name === "chat" ? "" : name }));
window.bylinePlace = (changes) => {
  history.replaceState(null, "", place(changes));
  here = opened();
};
// How much a question is narrowed down is told beside the fold too, which may be closed.
window.bylineScope = (scope) => {
  window.bylinePlace(scope);
  const chosen = Object.values(scope).flat().filter(Boolean).length;
  const label = document.querySelector("#narrow > button > span");
  if (chosen) label.dataset.chosen = chosen;
  else delete label.dataset.chosen;
};
const view = () => {
  const { dataset } = document.body;
  const before = dataset.view;
  dataset.view = address().get("view") === "articles" ? "articles" : "chat";
  if (!before || before === dataset.view) return;
  scrollTo(0, 0); // a narrow screen scrolls as a whole
  // What had the focus is hidden now: the way back has it next.
  if (!document.activeElement?.offsetParent) part(dataset.view === "chat" ? "to-articles" : "to-chat")?.focus();
};
addEventListener("hashchange", () => (opened() === here ? view() : location.reload()));
view();
window.bylineToQuestion = () => {
  window.bylineView("chat");
  view(); // now: what is hidden takes no focus
  openSheet(false);
  document.querySelector("#question textarea").focus();
};

// What is typed, or asked and not answered yet, outlives the page being loaded again, as Gradio does
// once a server is back. What the tab keeps is put into the box when the page is entered.
addEventListener("pagehide", () => {
  const asked = document.querySelector("#now .turn[aria-busy='true'] .asked");
  const draft = document.querySelector("#question textarea")?.value || asked?.textContent;
  if (draft) sessionStorage.setItem("byline-draft", draft);
});
window.bylineDraft = () => {
  const box = document.querySelector("#question textarea");
  const draft = sessionStorage.getItem("byline-draft");
  sessionStorage.removeItem("byline-draft");
  if (!draft || box.value) return;
  box.value = draft;
  box.dispatchEvent(new Event("input", { bubbles: true }));
};

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

const TO_BOX = "#send, #stop, #new-chat, .example, [data-choose^='ask:'], [data-choose^='literal:']";
const openDrawer = (yes) => {
  const chats = part("conversations");
  chats.tabIndex = -1; // so that it can take the focus, and what is focused next is inside
  chats.toggleAttribute("data-open", yes);
  document.querySelector("[data-drawer]").setAttribute("aria-expanded", String(yes));
};

// Gradio's fields for days have a label beside them, and no name.
const nameDays = () => {
  for (const label of document.querySelectorAll("#narrow .label-content")) {
    const [field, calendar] = label.parentElement.querySelectorAll("input.time, button.calendar");
    if (!field || field.ariaLabel) continue;
    field.ariaLabel = label.textContent.trim();
    if (calendar) calendar.ariaLabel = `${field.ariaLabel}: calendar`;
  }
};

document.addEventListener("click", ({ target }) => {
  const drawer = target.closest?.("[data-drawer]");
  if (drawer) {
    const open = !part("conversations").hasAttribute("data-open");
    openDrawer(open);
    if (open) part("conversations").focus();
  } else if (target.closest?.("#chat-list button, #new-chat") || !target.closest?.("#conversations")) openDrawer(false);
  if (wide.matches && target.closest?.(TO_BOX)) {
    document.querySelector("#question textarea").focus(); // the button that was pressed goes away
  }
  const sheet = target.closest?.("[data-sheet-to]");
  if (!sheet) return;
  openSheet(sheet.dataset.sheetTo === "open");
  document.querySelector(`[data-sheet-to='${sheet.dataset.sheetTo === "open" ? "close" : "open"}']`).focus();
});

// What lies over the page goes away when the focus goes on: it would hide what is focused.
document.addEventListener("focusin", ({ target }) => {
  if (!target.closest("#conversations, [data-drawer]")) openDrawer(false);
  if (!target.closest("#evidence, [data-sheet-to]")) openSheet(false);
});

// The question at hand goes to the top; what others shared is read from its beginning. The turns before
// it may come later than itself, and the room below it with them: then it goes there again.
const follow = () => {
  const turns = document.querySelectorAll("#chat .turn");
  const last = turns[turns.length - 1];
  const now = last ? `${turns.length} ${last.querySelector(".asked").textContent.slice(0, 200)}` : "";
  if (now === turn) return;
  turn = now;
  part("evidence").scrollTop = 0;
  if (!last || address().get("share")) return;
  if (!wide.matches) document.querySelector("#narrow > button.open")?.click(); // it covers the answer
  const bring = () => [...document.querySelectorAll("#chat .turn")].pop()?.scrollIntoView({ block: "start" });
  bring();
  requestAnimationFrame(() => requestAnimationFrame(bring)); // once those above have their true heights
};

new MutationObserver(() => {
  tellSheet();
  nameDays();
  part("tour")?.toggleAttribute("data-new", !localStorage.getItem("byline-toured"));
  follow();
}).observe(document.body, { childList: true, subtree: true, characterData: true });
