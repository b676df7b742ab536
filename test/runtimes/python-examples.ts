/** The examples in Python that require packages. Their wheels are made of Debian's packages: no index of packages is asked. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import type { LogLine } from "../../src/doors/admin/client.ts";
import { debianWheels } from "../debian-wheels.ts";
import { copyApp, eventually, exampleFile, type Platform, type Scope } from "../platform.ts";

export function describePythonExamples(scope: Scope, platform: () => Platform, driver: string): void {
  const deploy = async (example: string, packages: string) => {
    const required = exampleFile(`${example}/requirements.txt`).toString();
    const folder = copyApp(scope, `examples/${example}`, { "requirements.txt": `--no-index\n--find-links wheels\n${required}` });
    mkdirSync(join(folder, "wheels"));
    await debianWheels(join(folder, "wheels"), packages);
    const { manifest, bundles, warnings } = await bundleApp(folder);
    assert.deepEqual(warnings, []);
    const { snapshot, ...others } = manifest;
    const frozen = driver === "qemu" && snapshot === true ? { snapshot } : {};
    await platform().client.deploy({ ...others, ...frozen, timeoutMs: 300_000 }, bundles);
  };

  // A snapshot is made when nothing is called for a while: the others are called meanwhile.
  before(() => deploy("numpy", "python3-numpy"));

  test("Flask's shows a page of a template, takes a form, and refuses as Flask does", async () => {
    await deploy("flask", "python3-flask");
    const page = await platform().call("/lengths/web");
    assert.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
    // Its links lead to where the function is.
    assert.match(await page.text(), /action="\/lengths\/web\/"[^]*<option>foot<\/option>/);
    const convert = (form: Record<string, string>) => platform().call("/lengths/web", { method: "POST", body: new URLSearchParams(form) });
    assert.match(await (await convert({ amount: "2", unit: "mile" })).text(), /<p>2\.0 mile: 3218\.688 m<\/p>/);
    await platform().logged("lengths", /^converting 2 mile$/);
    assert.equal((await convert({ amount: "two", unit: "mile" })).status, 400);
    assert.deepEqual(await (await platform().call("/lengths/web/units/yard")).json(), { unit: "yard", metres: 0.9144 });
  });

  test("FastAPI's checks a body, and its reply comes in pieces", async () => {
    await deploy("fastapi", "python3-fastapi");
    const boil = (egg: object) =>
      platform().call("/kitchen/api/eggs", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(egg) });
    const [egg, sizes] = await Promise.all([boil({ size: "large", minutes: 2 }), platform().call("/kitchen/api/sizes")]);
    assert.equal(await egg.text(), "1 of 2 minutes\n2 of 2 minutes\nthe large egg is done\n");
    assert.deepEqual(await sizes.json(), ["small", "large"]);
    await platform().logged("kitchen", /^boiling a large egg$/);
    assert.equal((await boil({ size: "huge", minutes: 2 })).status, 422);
    assert.match(await (await platform().call("/kitchen/api/docs")).text(), /'\/kitchen\/api\/openapi\.json'/);
  });

  test("the model of numpy's is trained once: on qemu all machines start from a snapshot of it, elsewhere each trains its own", async () => {
    const trained = /^trained: 9\d% of the samples are told$/;
    if (driver === "qemu")
      await eventually("the snapshot", () => platform().client.logs({ app: "digits", tail: 100 }), hasSnapshot, 300_000);
    const answer = await platform().call("/digits/classify?rows=110,101,101,101,111");
    assert.deepEqual(await answer.json(), { digit: 0, probability: 1 });
    const lines = await platform().logged("digits", trained);
    assert.equal(lines.filter(({ text }) => trained.test(text)).length, 1);
    assert.equal((await platform().call("/digits/classify?rows=1,2")).status, 400);
  });
}

function hasSnapshot(lines: LogLine[]): boolean {
  const refused = lines.find(({ text }) => text.includes("runs without a snapshot"));
  assert.ok(refused === undefined, refused?.text ?? "");
  return lines.some(({ text }) => /^The snapshot of revision \d+ is there/.test(text));
}
