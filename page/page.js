// The page's own behaviour where Gradio has none: its two views, following a citation, and keeping
// the end of an answer in view while it is written. It reads and moves what is there and never
// makes HTML.
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const wide = matchMedia("(min-width: 901px)");
let follow = true;
let turn = null;

// The view is in the address, so that it can be bookmarked and the browser's "back" leaves it.
const view = () => {
  document.body.dataset.view = location.hash === "#view=articles" ? "articles" : "chat";
};
addEventListener("hashchange", view);
view();

document.addEventListener("click", (event) => {
  if (wide.matches && event.target.closest?.("#send, .example")) {
    document.querySelector("#question textarea").focus(); // the button that was pressed goes away
  }
  const link = event.target.closest?.("#page a[href^='#']");
  const target = link && document.getElementById(link.getAttribute("href").slice(1));
  if (!target) return;
  event.preventDefault(); // the page's <base> would make a fragment load the page again
  for (let d = target.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
  document.querySelectorAll("[data-lit]").forEach((lit) => lit.removeAttribute("data-lit"));
  target.setAttribute("data-lit", "");
  target.scrollIntoView({
    block: wide.matches ? "nearest" : "center",
    behavior: calm.matches ? "auto" : "smooth",
  });
  target.focus({ preventScroll: true });
});

document.addEventListener(
  "scroll",
  ({ target }) => {
    if (target.id === "chat") follow = target.scrollHeight - target.scrollTop - target.clientHeight < 60;
  },
  true,
);

new MutationObserver(() => {
  const chat = document.getElementById("chat");
  const last = chat && [...chat.querySelectorAll(".turn")].pop();
  if (!last) {
    turn = null;
    return;
  }
  if (last.dataset.turn !== turn) {
    turn = last.dataset.turn;
    follow = true;
    document.getElementById("evidence").scrollTop = 0;
    if (!wide.matches) last.scrollIntoView({ block: "start" });
  }
  if (follow && wide.matches) chat.scrollTop = chat.scrollHeight;
}).observe(document.body, { childList: true, subtree: true, characterData: true });
