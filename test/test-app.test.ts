/** `mayfly test-app` runs an app's own tests, which import @mayfly/testing, with a server for them. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { mayfly } from "./command.ts";
import { temporaryFolder } from "./platform.ts";

const files = {
  "mayfly.json": JSON.stringify({
    name: "shop",
    functions: { cart: { entry: "cart.ts" }, mail: { entry: "mail.ts", triggers: [{ name: "nightly", schedule: "0 3 * * *" }] } },
    secrets: ["KEY"],
    env: { CITY: "Bonn" },
  }),
  "cart.ts": `export default {
  fetch(request: Request): Response {
    console.log("a cart is asked for");
    return Response.json({ city: process.env["CITY"], key: process.env["KEY"], item: new URL(request.url).searchParams.get("item") });
  },
};
`,
  "mail.ts": `export const handler = async (event: { to?: string }) => {
  if (event.to === "nobody") throw new Error("no such mailbox");
  return { sent: event.to ?? "all" };
};
`,
  "shop.test.ts": `import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMayfly, type TestApp, type TestPlatform } from "@mayfly/testing";

let mayfly: TestPlatform;
let shop: TestApp;
before(async () => {
  mayfly = await startMayfly();
  shop = await mayfly.deploy(".", { env: { CITY: "Cologne" }, secrets: { KEY: "s3" } });
});
after(() => mayfly.close());

test("a cart has what was asked for", async () => {
  assert.deepEqual(await (await shop.call("cart?item=tea")).json(), { city: "Cologne", key: "s3", item: "tea" });
  const lines = await shop.logged(/a cart is asked for/);
  assert.equal(lines.find(({ text }) => text.includes("cart"))?.function, "cart");
});

test("mail is sent later, and by its trigger", async () => {
  assert.equal((await shop.ended(await shop.send("mail", { to: "Ada" }))).state, "succeeded");
  assert.equal((await shop.ended(await shop.fire("nightly"))).state, "succeeded");
});

test("calls are on the bill", async () => {
  assert.ok((await shop.bill()).requests >= 1);
});

test("a test that fails", { skip: process.env["FAILS"] === undefined }, () => assert.equal(1, 2));
`,
};

test("an app's tests call it, and assert on its log, its events and its bill", async (context) => {
  const dir = join(temporaryFolder(context), "shop");
  mkdirSync(dir);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  const before = leftovers();
  const passed = await mayfly(["test-app", dir, "--driver", "process", "--json"]);
  assert.equal(passed.code, 0, passed.stdout + passed.stderr);
  const results = passed.stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { name: string; passed: boolean; skipped: boolean });
  assert.deepEqual(
    results.filter(({ skipped }) => !skipped).map(({ name }) => name),
    ["a cart has what was asked for", "mail is sent later, and by its trigger", "calls are on the bill"],
  );
  const failed = await mayfly(["test-app", dir, "--driver", "process", "--only", "fails"], { env: { FAILS: "1" } });
  assert.equal(failed.code, 1);
  assert.match(failed.stdout, /a test that fails/);
  // Without the command, a test file has a server of its own.
  const module = new URL("../src/app-tests/resolve-testing.ts", import.meta.url).href;
  writeFileSync(join(dir, "alone.test.ts"), files["shop.test.ts"].replace("startMayfly()", `startMayfly({ driver: "process" })`));
  const alone = await run(dir, ["--import", module, "--test", "alone.test.ts"]);
  assert.equal(alone.code, 0, alone.output);
  assert.deepEqual(leftovers(), before);
  assert.equal((await mayfly(["test-app", join(dir, "none")])).code, 2);
});

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("mayfly-app-tests-"));
}

async function run(cwd: string, args: string[]): Promise<{ code: number | null; output: string }> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit") as Promise<[number | null]>]);
  return { code, output };
}
