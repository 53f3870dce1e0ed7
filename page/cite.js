// Citations: the card of a marker, the way to its passage and from there to its article, and the
// evidence of the words that are selected.
let followed = ""; // the marker whose passage was opened last

const light = (passage) => {
  document.querySelectorAll("[data-lit]").forEach((lit) => lit.removeAttribute("data-lit"));
  passage.setAttribute("data-lit", "");
};

const go = (target) => {
  if (!wide.matches) openSheet(Boolean(target.closest("#evidence")));
  for (let d = target.closest("details"); d; d = d.parentElement.closest("details")) d.open = true;
  light(target);
  target.scrollIntoView({
    block: wide.matches ? "nearest" : "center",
    behavior: calm.matches || !wide.matches ? "auto" : "smooth",
  });
  target.focus({ preventScroll: true });
};

document.addEventListener("click", (event) => {
  const read = event.target.closest?.(".passage .read");
  if (read) light(read.closest(".passage"));
  const link = event.target.closest?.("#page a[href^='#']");
  const target = link && part(link.getAttribute("href").slice(1));
  if (!target) return;
  event.preventDefault(); // the page's <base> would make a fragment load the page again
  hideCard();
  const marker = `${link.getAttribute("href")} ${link.dataset.quote}`;
  const again = followed === marker && target.hasAttribute("data-lit");
  followed = marker;
  document.querySelector("#evidence-reading .back")?.click();
  go(target);
  if (again) target.querySelector(".read")?.click();
});

// The card: what a marker or a verdict says of itself, in words that are set as text.
const hideCard = () => part("card")?.removeAttribute("data-open");
let carded = null; // what the card is of
const showCard = (from) => {
  carded = from;
  const { source, title, quote, why } = from.dataset;
  const lines = [["p", "source", source], ["h4", "title", title], ["q", "quote", quote], ["p", "why", why]];
  const card = part("card");
  card.replaceChildren(
    ...lines
      .filter(([, , text]) => text)
      .map(([tag, name, text]) => Object.assign(document.createElement(tag), { className: name, textContent: text, dir: "auto" })),
  );
  card.dataset.open = "";
  placeCard(card, from);
};
const placeCard = (card, from) => {
  const at = from.getBoundingClientRect();
  const left = Math.min(at.left - 16, innerWidth - card.offsetWidth - 8);
  const above = at.top - card.offsetHeight;
  card.style.left = `${Math.max(8, left)}px`;
  card.style.top = `${above > 8 ? above : at.bottom}px`;
};
const consider = ({ target, type }) => {
  const from = target.closest?.("[data-source], [data-why]");
  // A pointer that rests is over another thing when what has the focus is scrolled to.
  const rests = type === "pointerover" && carded === document.activeElement;
  if (from) showCard(from);
  else if (!rests && !target.closest?.("#card")) hideCard();
};
document.addEventListener("pointerover", consider);
document.addEventListener("focusin", consider);
// What has the focus may just have been scrolled to: its card goes along.
document.addEventListener("scroll", ({ target }) => {
  const card = part("card");
  if (!card?.hasAttribute("data-open") || target === card) return;
  if (carded === document.activeElement) placeCard(card, carded);
  else hideCard();
}, true);

document.addEventListener("selectionchange", () => {
  const chosen = getSelection();
  document.querySelectorAll("[data-backs]").forEach((one) => one.removeAttribute("data-backs"));
  if (chosen.isCollapsed || !chosen.anchorNode?.parentElement?.closest("#chat .answer")) return;
  const backing = [];
  for (const sentence of document.querySelectorAll("#chat .sentence")) {
    if (!chosen.containsNode(sentence, true)) continue;
    for (const marker of sentence.nextElementSibling.querySelectorAll(".cite a")) {
      backing.push(part(marker.getAttribute("href").slice(1)));
    }
  }
  backing.forEach((passage) => passage?.setAttribute("data-backs", ""));
});
