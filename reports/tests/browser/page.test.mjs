// The report's page in a real browser, from `file:`, with the network cut.
// PAGES names the directory of the pages: four that the tests of the crate
// leave (report, hostile, many, packed) and that of a real run.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { gunzipSync } from "node:zlib";

import { Browser } from "./browser.mjs";

const PAGES = process.env.PAGES;
const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const file = (name) => name === "real" ? `${PAGES}/real/report.html` : `${PAGES}/${name}.html`;

let browser;
before(() => { browser = new Browser(); });
after(() => browser.close());

/** Opens a page, does something with it, and holds it to have stayed quiet. */
const on = async (name, options, act) => {
  const page = await browser.open(file(name), options);
  await act(page);
  assert.deepEqual(page.complaints, [], "the console stays empty");
  assert.deepEqual(page.requests, [], "nothing is asked for");
};
const shown = (page) => page.run(() => [...document.querySelectorAll("details.case:not([hidden]) > summary code")].map((id) => id.textContent));
const count = (page) => page.run("document.querySelector('#filter output').textContent");
const hash = (page) => page.run("decodeURIComponent(location.hash)");
/** Lets events come to their ends; there are none to wait for without scripts. */
const settled = (page) => page.run("new Promise((resolve) => setTimeout(resolve, 100))");
const choose = (page, name, value) => page.run((name, value) => {
  const control = document.getElementById("filter").elements[name];
  if (control.type === "checkbox") control.checked = value;
  else control.value = value;
  control.dispatchEvent(new Event("input", { bubbles: true }));
}, name, value);

describe("every page", () => {
  const ways = { report: [{}, { dark: true }], hostile: [{}, { scripts: false }, { width: 380 }], many: [{}], packed: [{}, { scripts: false }], real: [{ scripts: false }, { width: 380 }] };
  for (const [name, each] of Object.entries(ways)) {
    for (const options of each) {
      test(`${name} is quiet with ${JSON.stringify(options)}`, () => on(name, options, async (page) => {
        assert.ok(await page.run("document.querySelectorAll('details.case').length") > 3);
        assert.equal(await page.run("document.getElementById('filter').hidden"), options.scripts === false);
        const overflow = await page.run("document.documentElement.scrollWidth - innerWidth");
        assert.ok(overflow <= 0, `${overflow} pixels too wide`);
        const nowhere = await page.run(() => [...document.querySelectorAll("a[href^='#']:not([href*='?'])")].map((link) => decodeURIComponent(link.hash.slice(1))).filter((id) => !document.getElementById(id)));
        if (options.scripts !== false) assert.deepEqual(nowhere, [], "links that lead nowhere");
      }));
    }
  }
});

describe("a real run", () => {
  const lines = readFileSync(`${PAGES}/real/log.jsonl`, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  const trials = lines.flatMap((line) => line.trial ?? []);
  const cases = (wanted) => new Set(trials.filter(wanted).map((trial) => trial.id.case)).size;
  const all = cases(() => true);
  for (const [query, wanted] of [
    ["verdict=fail", (trial) => trial.verdict === "fail"],
    ["verdict=pass&stack=bundled", (trial) => trial.verdict === "pass" && trial.id.stack === "bundled"],
    ["verdict=fail&stack=bundled", (trial) => trial.verdict === "fail" && trial.id.stack === "bundled"],
    ["stack=control:resets&ip=6", (trial) => trial.id.stack === "control:resets" && trial.id.ip === "6"],
  ]) {
    test(`${query} shows as many cases as the log has`, () => on("real", { fragment: `#cases?${query}` }, async (page) => {
      assert.equal(await count(page), `${cases(wanted)} of ${all} cases`);
    }));
  }
});

describe("filters", () => {
  test("a link sets them", () => on("report", { fragment: "#cases?verdict=fail&state=CLOSING&stack=bundled" }, async (page) => {
    assert.deepEqual(await shown(page), ["closing/fin-retransmitted"]);
    assert.equal(await count(page), "1 of 4 cases");
    const values = await page.run(() => ["verdict", "state", "stack"].map((name) => document.getElementById("filter").elements[name].value));
    assert.deepEqual(values, ["fail", "CLOSING", "bundled"]);
  }));
  test("all that is asked must hold of one play", () => on("report", { fragment: "#cases?verdict=deviates&stack=bundled" }, async (page) => {
    assert.deepEqual(await shown(page), []);
  }));
  test("the address follows", () => on("report", {}, async (page) => {
    await choose(page, "verdict", "attention");
    assert.equal(await count(page), "2 of 4 cases");
    assert.equal(await hash(page), "#cases?verdict=attention");
    await choose(page, "q", "RST in");
    assert.equal(await hash(page), "#cases?verdict=attention&q=RST in");
    await choose(page, "verdict", "");
    assert.equal(await hash(page), "#cases?q=RST in");
  }));
  for (const [query, ids] of [
    ["req=9293%3AMUST-13", ["closing/fin-retransmitted"]],
    ["section=rfc9293/3.10.7", ["closing/fin-retransmitted"]],
    ["section=rfc9293/3.10.7.4%20STEP", ["closing/fin-retransmitted"]],
    ["section=rfc9293/3.1", []],
    ["tag=ack-at-once", ["textbook/three-way-handshake"]],
    ["ip=6&verdict=pass", ["textbook/three-way-handshake"]],
    ["q=at%3Dinside", ["reset/in-closing"]],
    ["verdict=known", ["close/half-close"]],
    ["at=CLOSING/FIN", ["closing/fin-retransmitted"]],
    ["at=CLOSING~CLOSED&verdict=fail", ["closing/fin-retransmitted", "close/half-close"]],
    ["state=LISTEN&event=SYN", ["textbook/three-way-handshake"]],
    ["cause=nobody-knows-it", []],
    ["level=MUST", ["textbook/three-way-handshake", "closing/fin-retransmitted", "reset/in-closing", "close/half-close"]],
    ["state=%E0%A4%A", []],
  ]) {
    test(`${query} shows ${ids.length}`, () => on("report", { fragment: `#cases?${query}` }, async (page) => {
      assert.deepEqual(await shown(page), ids);
      assert.equal(await count(page), `${ids.length} of 4 cases`);
    }));
  }
  test("what no list has can be taken away", () => on("report", { fragment: "#cases?req=9293:MUST-13" }, async (page) => {
    await page.run("document.querySelector('.chips button').click()");
    assert.equal(await count(page), "4 of 4 cases");
    assert.equal(await hash(page), "#cases");
  }));
  test("only the variants that match are left", () => on("report", { fragment: "#cases?verdict=stuck" }, async (page) => {
    const variants = await page.run(() => [...document.querySelectorAll(".variant:not([hidden])")].map((variant) => variant.dataset.name));
    assert.deepEqual(variants, ["at=inside"]);
  }));
  test("a link within the page filters", () => on("report", {}, async (page) => {
    await page.run("location.hash = '#cases?verdict=pass'");
    await settled(page);
    assert.deepEqual(await shown(page), ["textbook/three-way-handshake"]);
  }));
});

describe("numbers", () => {
  // A link of a cell, a move or a cause: the fragments that the page gives out.
  // Of a large page some fifty, spread over all.
  const lead = async () => {
    const all = [...new Set([...document.querySelectorAll("a[href^='#cases?']")].map((link) => link.getAttribute("href")))];
    const links = all.filter((_, at) => at % Math.ceil(all.length / 50) === 0);
    const empty = [];
    for (const link of links) {
      const arrived = new Promise((resolve) => addEventListener("hashchange", () => setTimeout(resolve), { once: true }));
      location.hash = link;
      await arrived;
      if (document.querySelector("#filter output").textContent.startsWith("0 of")) empty.push(link);
    }
    return { links: all.length, empty };
  };
  for (const [name, least] of [["report", 30], ["real", 200]]) {
    test(`of ${name} lead to cases, unless they are of what was never seen`, () => on(name, {}, async (page) => {
      const never = await page.run(() => [...document.querySelectorAll("a.never[href^='#cases?']")].map((link) => link.getAttribute("href")));
      const { links, empty } = await page.run(lead);
      assert.ok(links > least, `${links} links`);
      assert.deepEqual(empty.filter((link) => !never.includes(link)), []);
    }));
  }
});

describe("permalinks", () => {
  const opened = () => [...document.querySelectorAll("details.case[open] > summary code")].map((id) => id.textContent);
  for (const scripts of [true, false]) {
    test(`one opens its panel, scripts ${scripts ? "on" : "off"}`, () => on("report", { scripts, fragment: "#case-reset/in-closing@at=inside" }, async (page) => {
      assert.deepEqual(await page.run(opened), ["reset/in-closing"]);
      const top = await page.run("document.getElementById('case-reset/in-closing@at=inside').getBoundingClientRect().top");
      assert.ok(top >= 0 && top < 900, `it lies at ${top}`);
    }));
  }
  test("opening a panel makes one, and keeps the filters", () => on("report", { fragment: "#cases?ip=4" }, async (page) => {
    await page.run("document.querySelector('details.case:not([hidden]) > summary').click()");
    assert.equal(await hash(page), "#case-textbook/three-way-handshake?ip=4");
    await page.run("document.querySelector('details.case:not([hidden]) > summary').click()");
    assert.equal(await hash(page), "#cases?ip=4");
  }));
});

describe("a ladder", () => {
  const options = { fragment: "#case-closing/fin-retransmitted" };
  test("has an arrow for each segment", () => on("report", options, async (page) => {
    const shapes = await page.run(() => [...document.querySelectorAll("details[open] .ladder")].map((ladder) =>
      [...ladder.querySelectorAll("use")].map((use) => use.getAttribute("href")[1]).join("")));
    assert.deepEqual(shapes, ["lrlrexa", "lrlrll"]);
    assert.ok(await page.run("document.querySelector('details[open] .ladder svg').getBoundingClientRect().width > 200"));
  }));
  test("a refused segment opens its fields", () => on("report", options, async (page) => {
    await page.run("document.querySelector('details[open] .refused .segment').click()");
    const rows = await page.run(() => [...document.querySelectorAll(".fields table tr")].map((row) => [...row.cells].map((cell) => cell.textContent)));
    assert.deepEqual(rows, [
      ["field", "got", "allowed", "why"],
      ["flags", "RST", "ACK", "differs"],
      ["seq", "2", "2", ""],
      ["win", "0", "any", ""],
      ["ack", "none", "2", "the peer has used 0 (SYN) and 1 (FIN)"],
    ]);
    await page.run("document.querySelector('details[open] .refused .segment').click()");
    assert.equal(await page.run("document.querySelectorAll('.fields').length"), 0);
  }));
  test("a segment of the peer opens what was sent", () => on("report", options, async (page) => {
    await page.run("[...document.querySelectorAll('details[open] .segment')][1].click()");
    const rows = await page.run(() => [...document.querySelectorAll(".fields table tr")].map((row) => row.textContent));
    assert.deepEqual(rows, ["fieldsent", "flagsFIN+ACK", "seq1", "ack1", "win65535"]);
  }));
  test("is even, or to scale", () => on("report", options, async (page) => {
    const heights = () => [...document.querySelectorAll("details[open] .ladder")[0].tBodies[0].rows].map((row) => row.offsetHeight);
    const even = await page.run(heights);
    await choose(page, "scale", true);
    const scaled = await page.run(heights);
    // The last row comes 1 s after the one before, of 1.02 s in all.
    const gaps = scaled.map((height, row) => height - even[row]);
    assert.ok(gaps.at(-1) > 440 && gaps.at(-1) < 480, String(gaps));
    assert.ok(gaps.slice(0, -1).every((gap) => gap < 20), String(gaps));
    assert.equal(await hash(page), "#case-closing/fin-retransmitted?scale=on");
  }));
  test("has its whole time in a strip", () => on("report", options, async (page) => {
    assert.equal(await page.run("document.querySelector('details[open] .strip').textContent.endsWith('7 events in 1.03 s')"), true);
    const refused = await page.run("document.querySelector('details[open] .strip .refused').getAttribute('d')");
    assert.equal(refused, "M29.1 14V25");
  }));
  test("without scripts is text", () => on("report", { ...options, scripts: false }, async (page) => {
    const text = await page.run("document.querySelector('details[open] pre.trace').innerText");
    assert.match(text, /6\t\t⇠\tACK seq=2 ack=2\t\tExpected within 500 ms\./);
    assert.match(text, /\t\+0\.030\t✗←\tRST seq=2 win=0\tCLOSED\tGot this instead\./);
    const box = await page.run("document.querySelector('details[open] pre.trace').getBoundingClientRect().height");
    assert.ok(box > 100);
  }));
});

describe("what is packed", () => {
  const notice = "document.querySelector('.notice.packed').getBoundingClientRect().height";
  test("is there with scripts: filters, ladders, transcripts", () => on("packed", { fragment: "#cases?verdict=pass" }, async (page) => {
    assert.equal(await count(page), "570 of 600 cases");
    assert.equal(await page.run(notice), 0);
    await page.run("document.querySelector('details.case:not([hidden]) > summary').click()");
    assert.equal(await page.run("document.querySelectorAll('details[open] .ladder').length"), 1);
    assert.equal(await page.run("document.querySelectorAll('.transcript').length"), 30);
  }));
  test("is told of without scripts, and what deviates is there", () => on("packed", { scripts: false }, async (page) => {
    assert.ok(await page.run(notice) > 20);
    assert.equal(await page.run("document.querySelectorAll('.v-deviates pre.trace').length"), 30);
    assert.equal(await page.run("document.querySelectorAll('details.case').length"), 600);
  }));
  test("names the requirements that it claims", () => on("packed", {}, async (page) => {
    const rest = await page.run(() => [...document.querySelectorAll("details.case:not([data-attention]) .claims li")].map((claim) => claim.textContent.length - claim.firstElementChild.textContent.length));
    assert.ok(rest.length > 570 && rest.every((length) => length > 5), `${rest}`);
  }));
});

describe("evidence", () => {
  const options = { fragment: "#case-closing/fin-retransmitted" };
  test("the command is copied", () => on("report", options, async (page) => {
    await browser.command("Browser.grantPermissions", { permissions: ["clipboardReadWrite", "clipboardSanitizedWrite"] });
    await page.run("document.querySelector('details[open] button.copy').click()");
    await settled(page);
    assert.equal(await page.run("document.querySelector('details[open] button.copy').textContent"), "Copied");
    assert.equal(await page.run("navigator.clipboard.readText()"), "tcpspec run closing/fin-retransmitted --stack bundled --ip 4 --seed 7");
  }));
  test("the capture stands in the page", () => on("report", options, async (page) => {
    const href = await page.run("document.querySelector('details[open] a[download]').href");
    const octets = gunzipSync(Buffer.from(href.split(",")[1], "base64"));
    assert.equal(octets.readUInt32LE(0), 0x0a0d0d0a, "it begins as a pcapng section does");
  }));
});

describe("keys", () => {
  const focused = () => document.activeElement.querySelector("code")?.textContent ?? document.activeElement.name;
  test("j, k and l go through the cases", () => on("report", {}, async (page) => {
    for (const [key, at] of [["j", "textbook/three-way-handshake"], ["j", "closing/fin-retransmitted"], ["k", "textbook/three-way-handshake"]]) {
      await page.press(key);
      assert.equal(await page.run(focused), at);
    }
    await page.press("l");
    assert.equal(await hash(page), "#case-textbook/three-way-handshake");
    await page.press("l");
    assert.equal(await page.run("document.querySelectorAll('details.case[open]').length"), 0);
  }));
  test("/ filters, and letters are then letters", () => on("report", {}, async (page) => {
    await page.press("/");
    assert.equal(await page.run(focused), "q");
    for (const key of "half") await page.press(key);
    await page.press("l");
    assert.equal(await count(page), "0 of 4 cases");
    assert.equal(await hash(page), "#cases?q=halfl");
  }));
  test("Escape shows all cases again", () => on("report", { fragment: "#cases?verdict=fail" }, async (page) => {
    await page.press("Escape");
    assert.equal(await count(page), "4 of 4 cases");
  }));
});

describe("looks", () => {
  const brightness = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number).reduce((a, b) => a + b)";
  test("light and dark follow the reader", async () => {
    await on("report", {}, async (page) => assert.ok(await page.run(brightness) > 700));
    await on("report", { dark: true }, async (page) => assert.ok(await page.run(brightness) < 120));
  });
  test("what needs attention is open on paper, and closed again", () => on("report", {}, async (page) => {
    const opened = () => [...document.querySelectorAll("details.case[open] > summary code")].map((id) => id.textContent);
    await page.run("window.seen = null; addEventListener('beforeprint', () => { window.seen = [...document.querySelectorAll('details.case[open]')].length; })");
    const paper = await page.paper();
    assert.equal(paper.subarray(0, 5).toString(), "%PDF-");
    assert.equal(await page.run("window.seen"), 2);
    assert.deepEqual(await page.run(opened), []);
  }));
  test("controls have no place on paper", () => on("report", { media: "print" }, async (page) => {
    assert.equal(await page.run("getComputedStyle(document.getElementById('filter')).display"), "none");
    assert.equal(await page.run("getComputedStyle(document.querySelector('nav')).display"), "none");
    assert.equal(await page.run("getComputedStyle(document.querySelector('.keys')).display"), "none");
  }));
  test("a ladder is a table on paper, too, and is not cut", () => on("report", { media: "print", width: 720, fragment: "#case-closing/fin-retransmitted" }, async (page) => {
    const style = (selector, name) => page.run((selector, name) => getComputedStyle(document.querySelector(`details[open] ${selector}`))[name], selector, name);
    assert.equal(await style(".ladder", "display"), "table");
    assert.equal(await style(".ladder", "breakInside"), "avoid");
    assert.equal(await style("tr", "breakInside"), "avoid");
    for (const head of ["summary", ".who", ".sentence"]) assert.equal(await style(head, "breakAfter"), "avoid");
    const right = await page.run("document.querySelector('details[open] .ladder').getBoundingClientRect().right");
    assert.ok(right <= 720, `it ends at ${right}`);
  }));
});

describe("hostile text", () => {
  for (const [name, scripts] of [["hostile", true], ["hostile", false], ["packed", true]]) {
    test(`of ${name} stays text, scripts ${scripts ? "on" : "off"}`, () => on(name, { scripts }, async (page) => {
      await page.run("document.querySelectorAll('details').forEach((panel) => { panel.open = true; })");
      if (scripts) await settled(page);
      if (scripts) await page.run("document.querySelectorAll('.segment').forEach((segment) => segment.click())");
      const counts = await page.run(() => ["img", "script", "style", "iframe, object, embed, link", "[onerror]"].map((selector) => document.querySelectorAll(selector).length));
      assert.deepEqual(counts, [0, 1, 1, 0, 0]);
      assert.ok(await page.run("document.body.textContent.includes('<img src=x onerror=alert(1)>')"));
    }));
  }
  test("in the address stays text", () => on("report", { fragment: "#cases?req=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E&verdict=%3Cb%3E&q=%00" }, async (page) => {
    assert.equal(await page.run("document.querySelectorAll('img, #filter b').length"), 0);
    assert.equal(await count(page), "0 of 4 cases");
  }));
});

describe("axe-core has no complaint", () => {
  const check = async (page) => {
    await page.run("document.querySelectorAll('details').forEach((panel, at) => { if (at < 20) panel.open = true; })");
    await settled(page);
    await page.run("document.querySelector('.segment')?.click()");
    await page.run(axe);
    const violations = await page.run(async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(({ id, nodes }) =>
      `${id}: ${nodes.slice(0, 3).map((node) => `${node.html} ${node.any.map((each) => each.message)}`).join("; ")}`));
    assert.deepEqual(violations, []);
  };
  for (const name of ["report", "real"]) {
    for (const options of [{}, { dark: true }, { width: 380 }]) {
      test(`${name} with ${JSON.stringify(options)}`, () => on(name, options, check));
    }
  }
});
