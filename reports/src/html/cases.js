// The cases: filters, which the fragment of the address holds, so that a link
// can set them; panels; keys; what goes on paper.
(() => {
  const form = document.getElementById("filter");
  const OF_CASE = ["level", "req", "section"];
  const OF_PLAY = ["verdict", "stack", "ip", "state", "event", "tag", "at", "cause"];
  const LABELS = { attention: "needs attention" };

  // An event in a state is `CLOSING/RST`, a move `CLOSING~TIME-WAIT`.
  const HALVES = { state: 0, event: 1 };
  const values = (element, key) => {
    const all = element.dataset[key in HALVES ? "at" : key]?.split("|") ?? [];
    if (!(key in HALVES)) return all;
    return all.filter((at) => !at.includes("~")).map((at) => at.split("/")[HALVES[key]]);
  };
  const matches = (element, key, wanted) => values(element, key).some((value) =>
    value === wanted || (key === "section" && [".", " "].some((end) => value.startsWith(wanted + end))));

  const all = [...document.querySelectorAll("details.case")].map((element) => {
    const summary = element.firstElementChild;
    const variants = [...element.querySelectorAll(".variant")].map((variant) => ({
      element: variant,
      text: `${summary.textContent} ${variant.dataset.name ?? ""}`.toLowerCase(),
      plays: [...variant.querySelectorAll(".play")],
    }));
    return { element, summary, id: summary.nextElementSibling.id, variants };
  });

  // What the address says: `#anchor?key=value&key=value`.
  const decoded = (text) => {
    try { return decodeURIComponent(text); } catch { return text; }
  };
  const address = () => {
    const [anchor, query = ""] = location.hash.slice(1).split(/\?(.*)/s);
    const pairs = query.split("&").filter(Boolean).map((pair) => pair.split(/=(.*)/s).map(decoded));
    return { anchor: decoded(anchor), wanted: new Map(pairs.filter(([, value]) => value)) };
  };
  let { anchor, wanted } = address();
  const write = () => {
    const query = [...wanted].map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
    const hash = `${anchor || "cases"}${query && "?"}${query}`;
    history.replaceState(null, "", anchor || query ? `#${hash}` : location.pathname);
  };

  const shows = (panel, variant, words) =>
    words.every((word) => variant.text.includes(word)) &&
    OF_CASE.every((key) => !wanted.has(key) || matches(panel.element, key, wanted.get(key))) &&
    variant.plays.some((play) => OF_PLAY.every((key) => !wanted.has(key) || matches(play, key, wanted.get(key))));

  const filter = () => {
    const words = (wanted.get("q") ?? "").toLowerCase().split(/\s+/);
    let shown = 0;
    for (const panel of all) {
      for (const variant of panel.variants) variant.element.hidden = !shows(panel, variant, words);
      panel.element.hidden = panel.variants.every((variant) => variant.element.hidden);
      if (!panel.element.hidden) shown += 1;
    }
    for (const group of document.querySelectorAll("section.group")) {
      group.hidden = !group.querySelector("details.case:not([hidden])");
    }
    document.getElementById("cases").classList.toggle("scaled", wanted.has("scale"));
    form.querySelector("output").textContent = `${shown} of ${all.length} cases`;
  };

  // Keys of a link that no list of the form has: each can be taken away.
  const chips = () => {
    const extra = [...wanted].filter(([key]) => !form.elements[key]);
    form.querySelector(".chips").replaceChildren(...extra.map(([key, value]) => {
      const chip = document.createElement("button");
      chip.type = "button";
      chip.textContent = `${key} ${value} ×`;
      chip.setAttribute("aria-label", `no longer only ${key} ${value}`);
      chip.addEventListener("click", () => { wanted.delete(key); update(); });
      return chip;
    }));
  };
  const fill = (select) => {
    const key = select.name;
    const holders = OF_CASE.includes(key) ? all.map((panel) => panel.element) : all.flatMap((panel) => panel.variants.flatMap((variant) => variant.plays));
    const found = [...new Set(holders.flatMap((holder) => values(holder, key)))].sort();
    select.append(...found.map((value) => new Option(LABELS[value] ?? value, value)));
    select.parentElement.hidden = found.length < 2;
  };
  const setForm = () => {
    for (const control of form.elements) {
      const value = wanted.get(control.name) ?? "";
      if (control.type === "checkbox") control.checked = value !== "";
      else if (control.name) control.value = value;
      if (control.tagName !== "SELECT" || control.value === value) continue;
      control.append(new Option(value, value)); // A link may ask for what is not there.
      control.value = value;
    }
  };
  const readForm = () => {
    for (const control of form.elements) {
      const value = control.type === "checkbox" ? (control.checked ? "on" : "") : control.value;
      if (control.name && value) wanted.set(control.name, value);
      else wanted.delete(control.name);
    }
  };
  const update = () => { setForm(); chips(); filter(); write(); };

  // Panels open by hand or because an address points into them.
  document.addEventListener("toggle", ({ target }) => { if (target.open) ladders(target); }, true);
  for (const { element, summary, id } of all) {
    if (element.open) ladders(element);
    summary.addEventListener("click", () => { anchor = element.open ? "" : id; write(); });
  }
  const reveal = () => {
    const target = anchor && document.getElementById(anchor);
    if (!target) return;
    for (let at = target; at; at = at.parentElement) {
      if (at.tagName === "DETAILS") { at.open = true; at.hidden = false; ladders(at); }
      if (at.classList.contains("variant") || at.classList.contains("group")) at.hidden = false;
    }
    (target.classList.contains("body") ? target.parentElement : target).scrollIntoView();
  };
  const arrive = () => { ({ anchor, wanted } = address()); setForm(); chips(); filter(); reveal(); };

  const move = (by) => {
    const shown = all.filter((panel) => !panel.element.hidden);
    const at = shown.findIndex((panel) => panel.element.contains(document.activeElement));
    const next = shown[at < 0 ? 0 : at + by];
    next?.summary.focus();
    next?.element.scrollIntoView({ block: "nearest" });
  };
  const KEYS = {
    j: () => move(1),
    k: () => move(-1),
    l: () => document.activeElement.closest("details.case")?.firstElementChild.click(),
    "/": () => form.elements.q.focus(),
  };
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Escape" && wanted.size) { wanted.clear(); update(); }
    if (event.target.closest("input, select") || !Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  // On paper: what is open, and whatever needs attention, as far as it shows.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details.case[data-attention]:not([open], [hidden])")];
    for (const panel of opened) { panel.open = true; ladders(panel); }
  });
  addEventListener("afterprint", () => { for (const panel of opened) panel.open = false; });

  // What scrolls sideways has to be reached by the keyboard, too.
  for (const box of document.querySelectorAll(".scroll")) box.tabIndex = 0;
  form.querySelectorAll("select").forEach(fill);
  form.addEventListener("input", () => { readForm(); chips(); filter(); write(); });
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const help of [form, form.nextElementSibling]) help.hidden = false;
  // What an address points at must not come to lie behind the filters.
  const bar = getComputedStyle(form).position === "sticky" ? form.offsetHeight : 0;
  document.documentElement.style.setProperty("--bar", `${bar + 16}px`);
  addEventListener("hashchange", arrive);
  arrive();
})();
