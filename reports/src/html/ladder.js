// Ladders. One stands in the page as lines of text, their columns parted by
// tabs (trace.rs writes them); it is drawn when its panel opens. All is made
// by createElement and textContent, so no text of a log is read as markup.
const ladders = (() => {
  const COLUMNS = ["step", "time", "sign", "text", "states", "words", "claim", "allowed"];
  // What a sign becomes: the shape of its arrow, if any, and the row's class.
  const SIGNS = {
    "→": { shape: "r", side: "peer" },
    "←": { shape: "l", side: "stack" },
    "≈←": { shape: "l", side: "stack", kind: "tolerated" },
    "✗←": { shape: "x", side: "stack", kind: "refused" },
    "·←": { shape: "a", side: "stack", kind: "after" },
    "→×": { shape: "r", side: "peer", kind: "after" },
    "×←": { shape: "a", side: "stack", kind: "after" },
    "⇠": { shape: "e", kind: "expected" },
    "⇠∅": { kind: "expected" },
    "✗": { kind: "refused" },
    "app": { kind: "app", side: "app" },
  };
  const SVG = document.querySelector(".shapes").namespaceURI;
  const SCALE = 480; // pixels for the whole of a ladder, besides its rows

  const make = (name, properties = {}, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };
  const svg = (name, attributes, ...children) => {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  const parse = (line) => {
    const values = line.split("\t");
    const row = Object.fromEntries(COLUMNS.map((column, at) => [column, values[at] ?? ""]));
    row.at = /^\+[\d.]+$/.test(row.time) ? Number(row.time) : null;
    // What was expected has a time in words: `Expected within 500 ms.`
    if (row.sign.startsWith("⇠")) [, row.time, row.words] = /^Expected (.*?)\. ?(.*)$/.exec(row.words) ?? [, "", row.words];
    if (row.sign === "←") row.allowed = { "": short(row.text), "-": "" }[row.allowed] ?? row.allowed;
    return { kind: "aside", ...SIGNS[row.sign], ...row };
  };

  // The fields of a segment, or of a pattern for one, by name.
  const fields = (text) => {
    const [head, options] = text.split(/<(.*)>/);
    const words = head.trim().split(/ +/);
    const all = new Map([["flags", words.shift()]]);
    let last = "flags";
    for (const word of words) {
      const [name, value] = word.split(/=(.*)/);
      if (value !== undefined) all.set(last = name, value);
      else all.set(last, `${all.get(last)} ${word}`);
    }
    if (options !== undefined) all.set("options", options);
    return all;
  };
  // A ladder shows no window, and of the options the MSS of a SYN.
  const short = (text) => text.replace(/ win=\d+/, "").replace(/ <.*>/, (options) => {
    const mss = /SYN/.test(text) && /mss=\d+/.exec(options);
    return mss ? ` <${mss[0]}>` : "";
  });

  // What was allowed in place of a refused segment, field by field, and why.
  const allowances = (row, rows, play) => {
    if (row.kind !== "refused") return fields(row.allowed.includes(" | ") ? "" : row.allowed);
    const expected = rows.filter((other) => other.sign === "⇠");
    const allowed = fields(expected.length === 1 ? expected[0].text : "");
    const differing = play.querySelectorAll(":scope > .delta > tbody > tr");
    for (const { cells } of differing) allowed.set(cells[0].textContent, cells[1].textContent);
    return allowed;
  };
  const reasons = (row, play) => {
    const delta = row.kind === "refused" ? [...play.querySelectorAll(":scope > .delta > tbody > tr")] : [];
    return new Map(delta.map(({ cells }) => [cells[0].textContent, cells[3]?.textContent || "differs"]));
  };
  const UNSAID = { seq: "next in order", ack: "next in order" };

  const fieldTable = (row, rows, play) => {
    const got = fields(row.text);
    const line = (...cells) => make("tr", {}, make("th", { scope: "row" }, cells[0]), ...cells.slice(1).map((cell) => make("td", {}, cell)));
    const heads = (...names) => make("thead", {}, make("tr", {}, ...names.map((name) => make("th", { scope: "col" }, name))));
    if (row.side === "peer") {
      return make("table", {}, heads("field", "sent"), make("tbody", {}, ...[...got].map((field) => line(...field))));
    }
    const [allowed, why] = [allowances(row, rows, play), reasons(row, play)];
    const known = allowed.size > 1;
    const names = new Set([...got.keys(), ...[...allowed].filter(([, value]) => value).map(([name]) => name)]);
    const body = [...names].map((name) => {
      const unsaid = known ? UNSAID[name] ?? "any" : "";
      const each = line(name, got.get(name) ?? "none", allowed.get(name) || unsaid, why.get(name) ?? "");
      if (why.has(name)) each.className = "differs";
      return each;
    });
    const caption = row.allowed.includes(" | ") ? [make("caption", {}, `allowed: ${row.allowed}`)] : [];
    return make("table", {}, ...caption, heads("field", "got", "allowed", "why"), make("tbody", {}, ...body));
  };

  const arrow = (shape) => svg("svg", { "aria-hidden": "true" }, svg("use", { href: `#${shape}` }));

  // A segment opens its fields in a row of their own below.
  const segment = (row, rows, play) => {
    const button = make("button", { type: "button", className: "segment" }, short(row.text), arrow(row.shape));
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      const line = button.closest("tr");
      const isOpen = line.nextElementSibling?.className === "fields";
      if (isOpen) line.nextElementSibling.remove();
      else line.after(make("tr", { className: "fields" }, make("td"), make("td", { colSpan: 4 }, fieldTable(row, rows, play))));
      button.setAttribute("aria-expanded", String(!isOpen));
    });
    return button;
  };

  const act = (row, rows, play) => {
    if (row.side === "peer" || row.side === "stack") return [segment(row, rows, play)];
    return row.shape ? [row.text, arrow(row.shape)] : [row.text];
  };
  const words = (row) => {
    const target = row.claim && document.getElementById(`req-${row.claim}`);
    const claim = target ? make("a", { className: "cite", href: `#req-${row.claim}` }, row.claim) : row.claim;
    return [row.words, " ", claim];
  };

  const table = (rows, play) => {
    const head = make("tr", {}, make("td"), make("th", { scope: "col" }, make("span", {}, "peer"), make("span", {}, "stack")));
    const line = (row) => make("tr", { className: row.kind === "aside" && row.shape ? "" : row.kind },
      make("td", {}, row.step), make("td", {}, ...act(row, rows, play)), make("td", {}, row.time),
      make("td", {}, row.states), make("td", {}, ...words(row)));
    const body = rows.map(line);
    const times = rows.map((row) => row.at).filter((at) => at !== null);
    const [first, all] = [times[0] ?? 0, Math.max(...times, 0) - (times[0] ?? 0)];
    let before = first;
    rows.forEach((row, index) => {
      if (row.at === null || all === 0) return;
      body[index].style.setProperty("--gap", `${Math.max(0, (row.at - before) / all * SCALE).toFixed(1)}px`);
      before = Math.max(before, row.at);
    });
    return make("table", { className: "ladder" }, make("thead", {}, head), make("tbody", {}, ...body));
  };

  // Until when something was awaited, from the moment before: `within 500 ms`.
  const window = (row, before) => {
    const [, value, unit] = /within ([\d.]+) (us|ms|s|min|h)$/.exec(row.time) ?? [];
    const seconds = { us: 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600 }[unit];
    return seconds ? { from: before, to: before + value * seconds } : null;
  };

  // The whole trial in one line: the peer's segments above, the stack's below.
  const strip = (rows) => {
    const timed = rows.filter((row) => row.at !== null);
    let before = 0;
    const windows = [];
    for (const row of rows) {
      if (row.kind === "expected") windows.push(window(row, before));
      else before = row.at ?? before;
    }
    const awaited = windows.find((each) => each);
    const end = Math.max(...timed.map((row) => row.at), awaited?.to ?? 0);
    if (timed.length < 2 || end === 0) return [];
    const x = (at) => (at / end * 1000).toFixed(1);
    const ticks = timed.filter((row) => row.side).map((row) => {
      const [top, bottom] = { peer: [3, 14], stack: [14, 25], app: [11, 17] }[row.side];
      return svg("path", { d: `M${x(row.at)} ${top}V${bottom}`, class: `${row.side} ${row.kind}` }, svg("title", {}, `${row.time} ${short(row.text)}`));
    });
    const shade = awaited ? [svg("rect", { x: x(awaited.from), y: 14, width: x(awaited.to - awaited.from), height: 11 })] : [];
    const label = `${ticks.length} events in ${Number(end.toPrecision(4))} s`;
    const line = svg("svg", { viewBox: "-4 0 1008 28", preserveAspectRatio: "none", role: "img", "aria-label": label },
      ...shade, svg("path", { d: "M0 14H1000", class: "axis" }), ...ticks);
    return [make("div", { className: "strip" }, line, make("small", {}, label))];
  };

  const draw = (trace) => {
    const rows = trace.textContent.trimEnd().split("\n").map(parse);
    trace.replaceWith(...strip(rows), table(rows, trace.parentElement));
  };

  const copyable = (code) => {
    const button = make("button", { type: "button", className: "copy" }, "Copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch {
        // Without leave to write there, the next best: selected, to be copied.
        getSelection().selectAllChildren(code);
        document.execCommand("copy");
      }
      button.textContent = "Copied";
    });
    code.classList.remove("copy");
    code.after(" ", button);
  };

  // Draws what a panel holds, the first time that it opens.
  return (panel) => {
    panel.querySelectorAll("pre.trace").forEach(draw);
    panel.querySelectorAll("code.copy").forEach(copyable);
  };
})();
