/** kill -9 of a server while it removes a tenant, at many moments: afterwards the tenant is there as before, or nothing of it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { LambdaClient, PublishLayerVersionCommand } from "@aws-sdk/client-lambda";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { manifestSchema } from "../src/store/catalog/manifest.ts";
import { clientOf, end, serveDying as serve } from "./dying-server.ts";
import { zip } from "./lambda/zip.ts";
import { eventually, type Scope, temporaryFolder } from "./platform.ts";

/** How many moments are tried. */
const TRIALS = 8;
const seed = seedOf();

/** A state folder with a tenant that has some of everything, and an app of `main`. Returns the token of the tenant's principal. */
async function prepare(scope: Scope, stateDir: string): Promise<string> {
  const server = await serve(scope, stateDir);
  const operator = clientOf(server);
  await operator.createTenant("acme");
  await operator.limitTenant("acme", { machines: 5, requests: 1_000 });
  const acme = clientOf(server, "acme");
  const code = (text: string) => Buffer.from(`exports.handler = async () => { console.log("called"); return ${JSON.stringify(text)}; };`);
  for (const [client, text] of [
    [operator, "main"],
    [acme, "acme"],
  ] as const)
    for (const name of ["shop", "blog"]) {
      const manifest = manifestSchema.parse({ name, functions: { web: { entry: "a.js" } } });
      await client.deploy(manifest, [{ function: "web", format: "cjs", code: code(text) }]);
      await client.setSecret(name, "KEY", `of ${text}`);
      await client.setLimits(name, { requests: 500 });
    }
  await acme.setSecret("never-deployed", "KEY", "v");
  const { token } = await acme.createToken({ principal: "ada", role: "tenant-admin" });
  const { id, secret } = await acme.createKey({ principal: "ada", role: "tenant-admin" });
  const lambda = new LambdaClient({
    endpoint: server.apiUrl,
    region: "us-east-1",
    credentials: { accessKeyId: id, secretAccessKey: secret },
  });
  const Content = { ZipFile: zip([{ name: "a", content: "a" }]) };
  await lambda.send(new PublishLayerVersionCommand({ LayerName: "first", Content }));
  for (const path of ["/shop/web", "/@acme/shop/web"]) assert.equal((await fetch(server.gatewayUrl + path)).status, 200);
  await end(server);
  return token;
}

/** What of the tenant's own is in the files of the state folder. */
function leftOf(stateDir: string, tenant: string): Record<string, number> {
  const count = (file: string, sql: string) => {
    const db = new DatabaseSync(join(stateDir, file), { readOnly: true });
    try {
      return Number(db.prepare(sql).get(tenant)!["count"]);
    } finally {
      db.close();
    }
  };
  return {
    names: count("catalog.db", "SELECT count(*) AS count FROM names WHERE tenant = ?"),
    revisions: count("catalog.db", "SELECT count(*) AS count FROM revisions JOIN apps ON apps.id = app WHERE tenant = ?"),
    secrets: count("catalog.db", "SELECT count(*) AS count FROM secrets JOIN apps ON apps.id = app WHERE tenant = ?"),
    facts: count("catalog.db", "SELECT count(*) AS count FROM tenant_facts WHERE tenant = ?"),
    leaving: count("catalog.db", "SELECT count(*) AS count FROM leaving_tenants WHERE tenant = ?"),
    principals: count("principals.db", "SELECT count(*) AS count FROM principals WHERE tenant = ?"),
    lambda: count("lambda.db", "SELECT count(*) AS count FROM records WHERE tenant = ?"),
    zips: readdirSync(join(stateDir, "lambda-zips")).length,
  };
}

function idOf(stateDir: string): string {
  const db = new DatabaseSync(join(stateDir, "catalog.db"), { readOnly: true });
  try {
    return String(db.prepare("SELECT id FROM tenants WHERE name = 'acme'").get()!["id"]);
  } finally {
    db.close();
  }
}

test(`a kill in the middle of the removal of a tenant leaves it as it was, or the next start removes the rest (seed ${seed})`, async (context) => {
  const random = new Random(seed);
  const original = join(temporaryFolder(context), "state");
  const adasToken = await prepare(context, original);
  const tenant = idOf(original);
  const before = leftOf(original, tenant);
  for (const [what, count] of Object.entries(before)) assert.equal(count > 0, what !== "leaving", `${what} before`);
  const copy = () => {
    const stateDir = join(temporaryFolder(context), "state");
    cpSync(original, stateDir, { recursive: true });
    return stateDir;
  };

  const whole = copy();
  const first = await serve(context, whole);
  await first.tell("die 0");
  await clientOf(first).removeTenant("acme", true);
  const changes = Number(await first.tell("count"));
  await end(first);
  assert.ok(changes >= TRIALS, `there are only ${changes} changes`);
  assert.deepEqual(
    Object.values(leftOf(whole, tenant)),
    Object.values(before).map(() => 0),
    "a removal without a kill leaves nothing",
  );

  let [kept, removed] = [0, 0];
  for (let trial = 0; trial < TRIALS; trial++) {
    // One of the first moments is among them, at which nothing has begun.
    const point = trial === 0 ? 1 : Math.min(2 * changes, Math.ceil((2 * changes * (trial + random.next())) / TRIALS));
    const stateDir = copy();
    const dying = await serve(context, stateDir);
    await dying.tell(`die ${point}`);
    await Promise.all([
      clientOf(dying)
        .removeTenant("acme", true)
        .catch(() => undefined),
      once(dying.child, "exit"),
    ]);
    assert.equal(dying.child.signalCode, "SIGKILL", `at point ${point}`);

    const next = await serve(context, stateDir);
    const names = (await clientOf(next).tenants()).map(({ name }) => name);
    const call = async (path: string) => (await fetch(next.gatewayUrl + path)).status;
    if (names.includes("acme")) {
      kept += 1;
      assert.deepEqual(leftOf(stateDir, tenant), before, `at point ${point}`);
      assert.equal(await call("/@acme/shop/web"), 200);
      assert.equal((await createClient({ url: next.apiUrl, token: adasToken }).principal()).principal, "ada");
    } else {
      removed += 1;
      await eventually(
        `the rest is gone, after a kill at point ${point}`,
        () => leftOf(stateDir, tenant),
        (left) => Object.values(left).every((count) => count === 0),
      );
      assert.equal(await call("/@acme/shop/web"), 404);
      await assert.rejects(createClient({ url: next.apiUrl, token: adasToken }).apps(), { code: "unauthorized" });
      await clientOf(next).createTenant("acme");
      assert.deepEqual(await clientOf(next, "acme").apps(), [], "whoever gets the name gets nothing of what had it");
      assert.deepEqual((await clientOf(next).tenant("acme")).limits.machines, null);
    }
    assert.equal(await call("/shop/web"), 200, "another tenant's app of the same name is as it was");
    assert.deepEqual(await clientOf(next).secretNames("shop"), ["KEY"]);
    await end(next);
  }
  assert.ok(kept >= 1 && removed >= 1, `${kept} kept, ${removed} removed`);
});
