// The buttons in a list that is HTML: one that is pressed is told to the server by its value. The
// boxes in it: what is chosen and what no more.
element.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-choose]");
  if (button) trigger("select", { value: button.dataset.choose });
});
element.addEventListener("change", ({ target }) => {
  const all = target.matches("[data-pick-all]");
  if (!all && !target.matches("[data-pick]")) return;
  const boxes = all ? [...element.querySelectorAll("[data-pick]")] : [target];
  for (const box of boxes) box.checked = target.checked;
  element.querySelector("[data-pick-all]").checked = !element.querySelector("[data-pick]:not(:checked)");
  trigger("input", { ids: boxes.map((box) => box.dataset.pick), on: target.checked });
});
