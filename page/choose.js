// The buttons in a list that is HTML: one that is pressed is told to the server by its value.
element.addEventListener("click", (event) => {
  const button = event.target.closest?.("button[data-choose]");
  if (button) trigger("select", { value: button.dataset.choose });
});
