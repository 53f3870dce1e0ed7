// Shows the questions of one outcome, one tag and some words; everything stands in the page already.
const filters = document.getElementById("filters");
if (filters) {
  const questions = [...document.querySelectorAll(".question")];
  const tags = new Map(questions.map((q) => [q, JSON.parse(q.dataset.tags)]));
  const words = new Map(
    questions.map((q) => [q, q.querySelector("summary").textContent.toLowerCase()]),
  );
  const { outcome, tag, text } = filters.elements;

  const fits = (question) =>
    (!outcome.value ||
      question.dataset.outcome === outcome.value ||
      (outcome.value === "wrong" && question.dataset.good === "no")) &&
    (!tag.value || tags.get(question).includes(tag.value)) &&
    words.get(question).includes(text.value.trim().toLowerCase());

  const show = () => {
    let shown = 0;
    for (const question of questions) {
      question.hidden = !fits(question);
      shown += !question.hidden;
    }
    filters.elements.count.value = `${shown} of ${questions.length} shown`;
  };

  filters.addEventListener("input", show);
  filters.addEventListener("submit", (event) => event.preventDefault());
  filters.addEventListener("reset", () => setTimeout(show));
  for (const link of document.querySelectorAll("[data-show-outcome], [data-show-tag]")) {
    link.addEventListener("click", () => {
      outcome.value = link.dataset.showOutcome ?? "";
      tag.value = link.dataset.showTag ?? "";
      text.value = "";
      show();
    });
  }
  filters.hidden = false;
  show();
}

// A citation opens the list that its passage lies in, so that the jump has somewhere to go.
const reveal = () => {
  const target = document.getElementById(location.hash.slice(1));
  for (let box = target?.closest("details"); box; box = box.parentElement.closest("details")) {
    box.hidden = false;
    box.open = true;
  }
  target?.scrollIntoView();
};
addEventListener("hashchange", reveal);
if (location.hash) reveal();
