// The pictures of reports/PAGE.md: the main views of a real run's page.
// PAGES names the directory of the pages, the argument that of the pictures.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { Browser } from "./browser.mjs";

const VIEWS = {
  top: { width: 1200, height: 900 },
  case: { width: 1200, height: 900, fragment: "#case-handshake/three-way?verdict=fail", open: ".refused .segment" },
  dark: { width: 1200, height: 900, dark: true, fragment: "#case-textbook/ten-segments-client?verdict=pass" },
  states: { width: 1200, height: 900, fragment: "#states" },
  scale: { width: 1200, height: 900, fragment: "#case-closing/simultaneous?scale=on" },
  narrow: { width: 420, height: 900, fragment: "#case-handshake/three-way?verdict=fail" },
  text: { width: 1200, height: 900, scripts: false, fragment: "#case-handshake/three-way" },
};

const [directory] = process.argv.slice(2);
mkdirSync(directory, { recursive: true });
const browser = new Browser();
for (const [name, { open, ...options }] of Object.entries(VIEWS)) {
  const page = await browser.open(join(process.env.PAGES, "real", "report.html"), options);
  if (open) await page.run((selector) => document.querySelector(`details[open] ${selector}`).click(), open);
  const picture = await page.picture({ format: "webp", quality: 70 });
  writeFileSync(join(directory, `${name}.webp`), picture);
}
await browser.close();
