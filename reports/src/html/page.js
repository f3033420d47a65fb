"use strict";
// The page reads well without this. It opens what a link points at, opens all
// panels for printing, and filters the cases.
(() => {
  const cases = [...document.querySelectorAll("details.case")];

  const reveal = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") at.open = true;
    }
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const panel of closed) panel.open = true;
  });
  addEventListener("afterprint", () => {
    for (const panel of closed) panel.open = false;
  });

  const form = document.getElementById("filter");
  const filter = () => {
    const words = form.elements.text.value.toLowerCase().split(/\s+/);
    let shown = 0;
    for (const panel of cases) {
      const text = panel.firstElementChild.textContent.toLowerCase();
      const hit = words.every((word) => text.includes(word)) &&
        (!form.elements.attention.checked || "attention" in panel.dataset);
      panel.hidden = !hit;
      if (hit) shown += 1;
    }
    for (const group of document.querySelectorAll("section.group")) {
      group.hidden = !group.querySelector("details.case:not([hidden])");
    }
    form.querySelector("output").textContent = `${shown} of ${cases.length} cases`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  filter();
})();
