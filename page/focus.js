// What Gradio makes anew loses the focus, and says nothing to who does not see it. Here the focus
// goes back to what is the same in the new HTML, and one live region tells what has come.
let held = null; // what had the focus last, with where it stood and what it is known by

const known = (one) => {
  const { choose, pick } = one.dataset;
  if (choose) return `[data-choose="${CSS.escape(choose)}"]`;
  if (pick) return `[data-pick="${CSS.escape(pick)}"]`;
  if (one.matches("a")) return `a[href="${CSS.escape(one.getAttribute("href") ?? "")}"]`;
  if (one.matches("button.verdict, summary")) return one.matches("summary") ? "summary" : "button.verdict";
  return one.id ? `#${CSS.escape(one.id)}` : null;
};

document.addEventListener("focusin", ({ target }) => {
  const region = target.closest("#chat, #evidence, #chat-list, #article-list, #article-tools, #doing");
  const by = region && known(target);
  held = by ? { one: target, region, by, place: [...region.querySelectorAll(by)].indexOf(target) } : null;
});
document.addEventListener("focusout", ({ target }) =>
  setTimeout(() => {
    if (held?.one === target && target.isConnected && document.activeElement !== target) held = null;
  }),
);

const refocus = () => {
  if (!held || held.one.isConnected || document.activeElement !== document.body) return;
  const { region, by, place } = held;
  const same = region.querySelectorAll(by);
  const next = same[place] ?? same[same.length - 1] ?? region;
  const card = part("card").hasAttribute("data-open");
  if (next === region) region.tabIndex = -1;
  next.focus({ preventScroll: true });
  if (document.activeElement !== next) held = null; // such as a passage that is folded now
  if (!card) hideCard(); // it was closed by hand, or never open
};

let busy = null; // the turn that is being answered
const tell = () => {
  const last = [...document.querySelectorAll("#chat .turn")].pop();
  const told = part("told");
  if (!last || !told) return;
  const words = (name) => [...last.querySelectorAll(name)].map((one) => one.textContent.trim()).join(" ");
  let said = "";
  if (last.ariaBusy === "true") {
    busy = last.dataset.turn;
    const found = document.querySelectorAll("#evidence-now .passage").length;
    said = found ? `Passages found: ${found}` : "";
  } else if (busy === last.dataset.turn) {
    said = [".sentence", ".disagreement h3", ":scope > .note:not(.understood)"].map(words).join(" ").trim();
  }
  if (told.textContent !== said) told.textContent = said;
};

new MutationObserver(() => {
  refocus();
  tell();
}).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-busy"] });
