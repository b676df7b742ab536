/** Apps, functions, variables, secrets and headers may have names that JavaScript's own objects use: `constructor`, `then`, `toString`. */
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { json } from "node:stream/consumers";
import { describe, test } from "node:test";
import { createClient } from "../src/doors/admin/client.ts";
import type { Bundle } from "../src/store/catalog/catalog.ts";
import { envNameSchema, manifestSchema, nameSchema } from "../src/store/catalog/manifest.ts";
import { callOnce } from "../src/cli/call.ts";
import { mayfly, serve } from "./command.ts";
import { projectDir, temporaryFolder } from "./platform.ts";

/** The names that objects, functions, lists and promises inherit. */
const inherited = [...new Set([Object.prototype, Function.prototype, Array.prototype, Promise.prototype].flatMap(namesOf))];
const functionNames = [...inherited.filter((name) => nameSchema.safeParse(name).success), "prototype"];
const variables = inherited.filter((name) => envNameSchema.safeParse(name).success);
const apps = ["constructor", "length", "name", "prototype", "then"];

test("the lists contain the relevant names", () => {
  for (const name of ["constructor", "then", "length"]) assert.ok(functionNames.includes(name), name);
  for (const name of ["constructor", "toString", "hasOwnProperty"]) assert.ok(variables.includes(name), name);
});

test("an app, its functions, variables and secrets may have any legal name, before and after a restart", async (context) => {
  const stateDir = temporaryFolder(context);
  const settings = ["--driver", "process", "--blanks", "0"];
  const first = await serve(context, stateDir, settings);
  const client = clientOf(first.apiUrl, stateDir);
  for (const app of apps) {
    for (const name of ["toString", "valueOf"]) await client.setSecret(app, name, `secret ${name}`);
    await client.deploy(manifestOf(app), bundles);
  }
  await checkCalls(first.gatewayUrl);
  await checkRooms(client);
  assert.equal(await first.end("SIGTERM"), 0);

  const second = await serve(context, stateDir, settings);
  await checkCalls(second.gatewayUrl);
  const again = clientOf(second.apiUrl, stateDir);
  for (const app of apps) await again.removeApp(app);
  assert.deepEqual(await again.apps(), []);
});

test("an app that cannot be served is listed with its problem and can be removed; the server starts and serves the others", async (context) => {
  const stateDir = temporaryFolder(context);
  const settings = ["--driver", "process", "--blanks", "0"];
  const first = await serve(context, stateDir, settings);
  for (const app of ["then", "broken"]) await clientOf(first.apiUrl, stateDir).deploy({ ...manifestOf(app), secrets: [] }, bundles);
  assert.equal(await first.end("SIGTERM"), 0);
  const db = new DatabaseSync(join(stateDir, "catalog.db"));
  db.prepare("UPDATE revisions SET manifest = '{}' WHERE app = (SELECT id FROM apps WHERE name = 'broken')").run();
  db.close();

  const second = await serve(context, stateDir, settings);
  assert.equal((await fetch(`${second.gatewayUrl}/then/constructor`)).status, 200);
  const cli = (...words: string[]) => mayfly([...words, "--api", second.apiUrl, "--state", stateDir]);
  assert.match((await cli("list")).stdout, /broken is not served: .*manifest of app broken/);
  assert.match((await cli("logs", "broken")).stdout, /The app is not served/);
  const removed = await cli("remove", "broken", "--yes");
  assert.equal(removed.code, 0, removed.stderr);
  assert.doesNotMatch((await cli("list")).stdout, /broken/);
});

describe("the source", () => {
  /** An empty object that is then keyed by strings: it would report inherited names as present. */
  const emptyMap = /:\s*(?:Record<string,[^=;]*>|\{ \[\w+: string\][^}]*\})\s*=\s*\{\};?$/m;
  /** These are keyed by names that this project chooses. */
  const known = new Set(["base/config/environment.ts", "guest/net/queries.ts"]);

  test("uses no plain object as a map whose keys users choose", () => {
    const found = sources().filter((file) => !known.has(file) && emptyMap.test(readFileSync(join(projectDir, "src", file), "utf8")));
    assert.deepEqual(found, []);
  });

  test("the pattern that searches it finds such maps", () => {
    for (const bad of ["const a: Record<string, number> = {};", "apps: { [name: string]: App } = {}"]) assert.match(bad, emptyMap);
  });
});

function sources(): string[] {
  return readdirSync(join(projectDir, "src"), { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.endsWith(".test.ts") && !file.includes("testing/"),
  );
}

function namesOf(object: object): string[] {
  return Object.getOwnPropertyNames(object);
}

const code = `exports.handler = async (event, context) => ({
  name: context.functionName,
  env: Object.fromEntries(Object.keys(process.env).map((name) => [name, process.env[name]])),
  headers: Object.entries(event.headers),
  query: Object.entries(event.queryStringParameters ?? {}),
});`;
const bundles: Bundle[] = functionNames.map((name) => ({ function: name, format: "cjs", code: Buffer.from(code) }));

function manifestOf(name: string) {
  const functions = Object.fromEntries(functionNames.map((each) => [each, { entry: "index.ts" }]));
  const own = variables.filter((each) => each !== "valueOf");
  return manifestSchema.parse({
    name,
    functions,
    env: Object.fromEntries(own.map((each) => [each, `variable ${each}`])),
    secrets: name === "then" ? ["toString", "valueOf"] : ["valueOf"],
  });
}

function clientOf(url: string, stateDir: string) {
  return createClient({ url, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
}

async function checkCalls(gatewayUrl: string): Promise<void> {
  const headers: [string, string][] = ["__proto__", "constructor", "tostring"].map((name) => [name, `header ${name}`]);
  for (const app of apps)
    for (const name of app === "constructor" ? functionNames : ["constructor", "then"]) {
      const url = new URL(`${gatewayUrl}/${app}/${name}?__proto__=1&constructor=2&constructor=3`);
      // fetch() can't be used, because it drops a header called __proto__.
      const response = await callOnce({ url, method: "GET", headers, body: undefined });
      assert.equal(response.statusCode, 200, `${app}/${name}`);
      const seen = (await json(response)) as { name: string; env: object; headers: [string, string][]; query: [string, string][] };
      assert.equal(seen.name, name);
      for (const variable of variables) assert.equal(ownValue(seen.env, variable), valueIn(app, variable), `${variable} of ${app}/${name}`);
      for (const [header, value] of headers)
        assert.deepEqual(
          seen.headers.filter(([each]) => each === header),
          [[header, value]],
        );
      assert.deepEqual(seen.query, [
        ["__proto__", "1"],
        ["constructor", "2,3"],
      ]);
    }
}

function valueIn(app: string, variable: string): string {
  return variable === "valueOf" || (variable === "toString" && app === "then") ? `secret ${variable}` : `variable ${variable}`;
}

function ownValue(object: object, name: string): unknown {
  return Object.getOwnPropertyDescriptor(object, name)?.value;
}

/** Checks everything that the platform reports about an app. */
async function checkRooms(client: ReturnType<typeof createClient>): Promise<void> {
  const listed = await client.apps();
  assert.deepEqual(
    listed.map(({ app }) => app),
    apps,
  );
  const bill = await client.bill();
  for (const app of apps) {
    assert.match((await client.explain(app)).now[0] ?? "", /in flight/);
    assert.equal(bill.apps.find((each) => each.app === app)?.requests, app === "constructor" ? functionNames.length : 2);
    await client.setLimits(app, { requests: 1_000 });
    assert.equal((await client.limits(app)).limits.requests, 1_000);
    assert.deepEqual(await client.secretNames(app), ["toString", "valueOf"]);
    assert.ok((await client.machines()).some((machine) => machine.app === app));
    await client.logs({ app, function: "constructor" });
  }
}
