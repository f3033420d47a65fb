// The cases: filters, which the fragment of the address holds, so that a link
// can set them; panels; keys; what goes on paper.
unpacked.catch(() => {}).then(() => {
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
    // What a case can be filtered by stands with its claims, if there was room.
    const keys = element.querySelector(".claims") ?? element;
    return { element, summary, keys, id: summary.nextElementSibling.id, variants };
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
    OF_CASE.every((key) => !wanted.has(key) || matches(panel.keys, key, wanted.get(key))) &&
    variant.plays.some((play) => OF_PLAY.every((key) => !wanted.has(key) || matches(play, key, wanted.get(key))));

  // Of a case that is only listed, for want of room, no more is known.
  const lists = (panel, words) => {
    const text = panel.summary.textContent.toLowerCase();
    return words.every((word) => text.includes(word)) && [...OF_CASE, ...OF_PLAY].every((key) => !wanted.has(key));
  };

  const filter = () => {
    const words = (wanted.get("q") ?? "").toLowerCase().split(/\s+/);
    let shown = 0;
    for (const panel of all) {
      for (const variant of panel.variants) variant.element.hidden = !shows(panel, variant, words);
      panel.element.hidden = panel.variants.length ? panel.variants.every((variant) => variant.element.hidden) : !lists(panel, words);
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
    const holders = OF_CASE.includes(key) ? all.map((panel) => panel.keys) : all.flatMap((panel) => panel.variants.flatMap((variant) => variant.plays));
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
    (target.parentElement.matches(".case") ? target.parentElement : target).scrollIntoView();
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

  // Links that only a script can follow, or that would take much room: cells of
  // tables to their cases, by state and event, and by section and level; and
  // lists of cases, as far as those are told.
  const link = (holder, href) => {
    const link = document.createElement("a");
    link.href = href;
    link.append(...holder.childNodes);
    holder.append(link);
    return link;
  };
  const query = (pairs) => `#cases?${Object.entries(pairs).map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`;
  const each = (selector, act) => {
    for (const table of document.querySelectorAll(selector)) {
      const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent);
      for (const { cells } of table.tBodies[0].rows) [...cells].forEach((cell, at) => act(cell, heads[at], cells[0], table.dataset));
    }
  };
  each("table[data-stack]", (cell, state, head, { stack }) => {
    if (cell === head || cell.className === "never") return;
    link(cell, query({ at: `${state}/${head.title}`, stack })).title = `${head.title} in ${state}`;
  });
  each("table[data-rfc]", (cell, level, head, { rfc }) => {
    const section = `rfc${rfc}/${head.textContent}`;
    for (const line of cell.querySelectorAll(".line:not(.never)")) link(line, query({ section: `${section} ${level}` }));
    if (cell === head && head.parentElement.querySelector(".line:not(.never)")) link(head, query({ section }));
  });
  // What a packed claim says stands with its requirement.
  for (const claim of document.querySelectorAll(".claims a:only-child")) {
    const [, words] = document.getElementById(claim.hash.slice(1))?.cells ?? [];
    if (words) claim.after(...[...words.cloneNode(true).childNodes].slice(1));
  }
  // A case for which there was no room has no panel to lead to.
  for (const link of document.querySelectorAll("a[href^='#case-']")) {
    if (!document.getElementById(decoded(link.hash.slice(1)))) link.replaceWith(...link.childNodes);
  }
  for (const ids of document.querySelectorAll(".ids, .reqs td:last-child")) {
    ids.replaceChildren(...ids.textContent.split(/(?<= )/).map((word) => {
      const target = document.getElementById(`case-${word.trim()}`);
      const id = Object.assign(document.createElement("span"), { textContent: word });
      return target ? link(id, `#${target.id}`) : id;
    }));
  }
  for (const group of document.querySelectorAll("section.group")) {
    const names = [...group.querySelectorAll("h3 .marks > *")].map((name) => name.textContent);
    for (const marks of group.querySelectorAll("summary .marks")) [...marks.children].forEach((mark, at) => { mark.title = names[at]; });
  }

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
});
