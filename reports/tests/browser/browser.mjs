// A browser to look at pages with: Debian's Chromium, headless, driven by its
// DevTools protocol over a pipe. No port, no driver package: what the tests
// need of the protocol is a dozen commands that have not changed for years.
// The network is cut, and whatever a page asks for or complains of is kept.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const FLAGS = [
  "--headless", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--hide-scrollbars",
  "--disable-background-networking", "--force-color-profile=srgb", "--font-render-hinting=none",
  // No name resolves: nothing leaves the machine, whatever a page tries.
  "--host-resolver-rules=MAP * ~NOTFOUND",
];

/** Milliseconds in which the browser has to answer; a hung one must not hang the tests. axe-core takes its time over a large page on a busy machine. */
const PATIENCE = 120_000;

export class Browser {
  #child;
  #profile = mkdtempSync(join(tmpdir(), "tcpspec-page-"));
  #pending = new Map();
  #listeners = new Map();
  #last = 0;

  constructor() {
    // Chromium's sandbox refuses root, and containers often have only root.
    const flags = process.getuid() === 0 ? [...FLAGS, "--no-sandbox"] : FLAGS;
    const command = process.env.CHROMIUM ?? "chromium";
    const args = [...flags, `--user-data-dir=${this.#profile}`];
    this.#child = spawn(command, args, { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    this.#child.on("exit", (code) => this.#fail(`${command} ended with code ${code}`));
    this.#child.on("error", (error) => this.#fail(`${command} cannot be started: ${error.message}`));
    let text = "";
    this.#child.stdio[4].setEncoding("utf8").on("data", (chunk) => {
      const messages = (text + chunk).split("\0");
      text = messages.pop();
      for (const message of messages) this.#take(JSON.parse(message));
    });
  }

  #fail(why) {
    for (const { reject } of this.#pending.values()) reject(new Error(why));
    this.#pending.clear();
  }

  #take({ id, result, error, method, params, sessionId }) {
    if (id === undefined) {
      this.#listeners.get(sessionId)?.(method, params);
      return;
    }
    const { resolve, reject } = this.#pending.get(id) ?? {};
    if (!resolve) return;
    this.#pending.delete(id);
    if (error) reject(new Error(error.message));
    else resolve(result);
  }

  command(method, params = {}, sessionId = undefined) {
    const id = ++this.#last;
    this.#child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${method} is not answered`)), PATIENCE);
      const ended = (end) => (value) => { clearTimeout(late); end(value); };
      this.#pending.set(id, { resolve: ended(resolve), reject: ended(reject) });
    });
  }

  /** Opens a file. `fragment` with its `#`; `scripts`, `dark`, `width` as named. */
  async open(file, { fragment = "", ...options } = {}) {
    const { targetId } = await this.command("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.command("Target.attachToTarget", { targetId, flatten: true });
    const page = new Page((method, params) => this.command(method, params, sessionId), options);
    this.#listeners.set(sessionId, (method, params) => page.hear(method, params));
    await page.go(pathToFileURL(file).href + fragment);
    return page;
  }

  async close() {
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    await this.command("Browser.close").catch(() => this.#child.kill());
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The page shows its filters once it is all there. */
const ready = () => new Promise((resolve) => {
  const look = () => document.getElementById("filter")?.hidden ? setTimeout(look, 10) : resolve();
  look();
});

class Page {
  /** What the console, the log and exceptions said. */
  complaints = [];
  /** What was asked for, but for the page itself and what stands in it. */
  requests = [];
  #command;
  #options;
  #loaded;
  #url;

  constructor(command, options) {
    this.#command = command;
    this.#options = { width: 1280, height: 900, dark: false, scripts: true, media: "screen", ...options };
  }

  hear(method, params) {
    if (method === "Page.loadEventFired") this.#loaded?.();
    if (method === "Runtime.exceptionThrown") this.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === "Runtime.consoleAPICalled" && params.type !== "log") this.complaints.push(params.args.map((arg) => arg.value).join(" "));
    if (method === "Log.entryAdded") this.complaints.push(params.entry.text);
    if (method === "Network.requestWillBeSent" && params.request.url !== this.#url) this.requests.push(params.request.url);
  }

  async go(url) {
    const { width, height, dark, scripts, media } = this.#options;
    this.#url = url.split("#")[0];
    for (const domain of ["Page", "Runtime", "Log", "Network"]) await this.#command(`${domain}.enable`);
    await this.#command("Network.emulateNetworkConditions", { offline: true, latency: 0, downloadThroughput: 0, uploadThroughput: 0 });
    await this.#command("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    const features = [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }];
    await this.#command("Emulation.setEmulatedMedia", { media, features });
    await this.#command("Emulation.setScriptExecutionDisabled", { value: !scripts });
    const loaded = new Promise((resolve) => { this.#loaded = resolve; });
    await this.#command("Page.navigate", { url });
    await loaded;
    if (scripts) await this.run(ready);
  }

  /** The value of an expression, or of a function called in the page. */
  async run(code, ...args) {
    const expression = typeof code === "function" ? `(${code})(${args.map((arg) => JSON.stringify(arg)).join(", ")})` : code;
    const { result, exceptionDetails } = await this.#command("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true, userGesture: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Presses a key, as a keyboard would. */
  async press(key) {
    const text = key.length === 1 ? key : key === "Enter" ? "\r" : undefined;
    const code = { Enter: 13, Escape: 27, Tab: 9 }[key];
    await this.#command("Input.dispatchKeyEvent", { type: "keyDown", key, text, windowsVirtualKeyCode: code });
    await this.#command("Input.dispatchKeyEvent", { type: "keyUp", key, windowsVirtualKeyCode: code });
  }

  /** What lies in the window, or in `clip`, as a file's octets. */
  async picture(options = { format: "png" }) {
    const { data } = await this.#command("Page.captureScreenshot", { ...options });
    return Buffer.from(data, "base64");
  }

  /** The page on paper. */
  async paper() {
    const { data } = await this.#command("Page.printToPDF", { printBackground: true });
    return Buffer.from(data, "base64");
  }
}
