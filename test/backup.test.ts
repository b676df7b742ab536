/** Backups of servers that run and are being written to, and what servers have that are started with them. */
import assert from "node:assert/strict";
import { globSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as sdk from "@aws-sdk/client-eventbridge";
import { leftOut, stateParts } from "../src/backup/state-parts.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { mayfly, type Server, serve } from "./command.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { deploy, type Scope, temporaryFolder } from "./platform.ts";

const driver = ["--driver", "process"];

async function start(scope: Scope, stateDir: string) {
  const server = await serve(scope, stateDir, driver);
  return { server, clientOf: (tenant = "main") => clientOf(server, stateDir, tenant) };
}

function clientOf({ apiUrl }: Server, stateDir: string, tenant: string) {
  return createClient({ url: apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim(), tenant });
}

type Client = ReturnType<typeof clientOf>;

const text = (value: string) => ({ value, base64: false });
const valueOf = async (client: Client, key: string) => (await client.keyValue("kv", "main", key)).value;

async function keysIn(client: Client): Promise<Set<string>> {
  const all: string[] = [];
  for (let cursor: string | null = ""; cursor !== null;) {
    const page = await client.keyValues("kv", "main", { limit: 1_000, ...(cursor !== "" && { cursor }) });
    all.push(...page.keys.map(({ key }) => key));
    ({ cursor } = page);
  }
  return new Set(all);
}

/** What the app's function finds under a key. */
async function foundBy(server: Server, path: string, key: string): Promise<unknown> {
  const reply = await fetch(`${server.gatewayUrl}${path}/cloudflare`, { method: "POST", body: JSON.stringify({ calls: [["get", key]] }) });
  return reply.json();
}

/** What the app's database answers. */
async function askSql(server: Server, sql: string): Promise<unknown> {
  const reply = await fetch(`${server.gatewayUrl}/sql/ask`, {
    method: "POST",
    body: JSON.stringify({ how: "raw", sql: [sql], params: [] }),
  });
  return reply.json();
}

/** EventBridge's API for a tenant. */
async function eventsOf(scope: Scope, { apiUrl }: Server, client: Client): Promise<sdk.EventBridgeClient> {
  const { id: accessKeyId, secret: secretAccessKey } = await client.createKey({ principal: "events", role: "deployer", apps: null });
  const events = new sdk.EventBridgeClient({ endpoint: apiUrl, region: "us-east-1", credentials: { accessKeyId, secretAccessKey } });
  afterwards(scope, () => events.destroy());
  return events;
}

/** A bus with a rule that sends the text to a queue. */
async function addRule(events: sdk.EventBridgeClient, text: string): Promise<void> {
  const { EventBusArn = "" } = await events.send(new sdk.CreateEventBusCommand({ Name: "audit" }));
  await events.send(new sdk.PutRuleCommand({ Name: "kept", EventBusName: "audit", EventPattern: '{"source":["shop"]}' }));
  const Targets = [{ Id: "1", Arn: `arn:aws:sqs:us-east-1:${EventBusArn.split(":")[4]}:kept`, Input: JSON.stringify(text) }];
  await events.send(new sdk.PutTargetsCommand({ Rule: "kept", EventBusName: "audit", Targets }));
}

async function backup(...args: string[]): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await mayfly(["backup", ...args, "--json"]);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function refused(...args: string[]): Promise<string> {
  const { code, stderr } = await mayfly(["backup", ...args]);
  assert.notEqual(code, 0);
  return /\b(?:bad-backup|state-not-empty|state-locked|file-exists|no-such-tenant|name-taken|file-unusable)\b/.exec(stderr)?.[0] ?? stderr;
}

test("what was accepted before a backup was begun is there where it is restored, though the server was written to meanwhile and killed afterwards", async (context) => {
  const [stateDir, place] = [temporaryFolder(context), temporaryFolder(context)];
  const { server, clientOf: client } = await start(context, stateDir);
  await deploy(client(), "test/apps/kv");
  await deploy(client(), "test/apps/events");
  await deploy(client(), "test/apps/sql");
  await askSql(server, "CREATE TABLE t AS SELECT 'kept' AS a");
  await client().setSecret("kv", "KEY", "value");
  await client().createQueue({ name: "jobs" });
  const { keys, events, messages, stop } = load(client());
  while (keys.length < 50 || events.length < 50 || messages.length < 50) await sleep(20);
  const before = { keys: keys.length, events: events.length, messages: messages.length };
  const { tenant } = await backup("create", join(place, "one"), "--state", stateDir);
  assert.equal(tenant, null);
  const after = keys.length;
  while (keys.length < after + 10) await sleep(20);
  await stop();
  await server.end("SIGKILL");

  const restored = join(place, "state");
  await backup("restore", join(place, "one"), "--state", restored);
  const second = await start(context, restored);
  const there = await keysIn(second.clientOf());
  assert.deepEqual(
    keys.slice(0, before.keys).filter((key) => !there.has(key)),
    [],
  );
  assert.equal(await valueOf(second.clientOf(), keys[before.keys - 1]!), keys[before.keys - 1]);
  for (const id of events.slice(0, before.events)) assert.equal((await second.clientOf().event("events", id)).state, "delayed");
  const { visible } = await second.clientOf().queue("jobs");
  assert.ok(
    visible >= before.messages && visible < messages.length,
    `${visible} messages of ${before.messages}, and of ${messages.length} later`,
  );
  assert.deepEqual(await foundBy(second.server, "/kv", keys[0]!), [keys[0]]);
  assert.deepEqual(await askSql(second.server, "SELECT a FROM t"), { answer: [["kept"]] });
  assert.deepEqual(await second.clientOf().secretNames("kv"), ["KEY"]);
  // It is no copy of the server at a later time.
  assert.ok((await second.clientOf().keyValueStores("kv"))[0]!.entries < keys.length, "the backup has what was put after it");

  assert.equal(await refused("restore", join(place, "one"), "--state", restored), "state-locked");
  await second.server.end("SIGTERM");
  assert.equal(await refused("restore", join(place, "one"), "--state", restored), "state-not-empty");
  assert.equal(await refused("create", join(place, "one"), "--state", restored), "file-exists");
  assert.equal(await refused("create", join(restored, "two"), "--state", restored), "file-unusable");
  truncateSync(join(place, "one/kv.db"), 4_096);
  assert.equal(await refused("restore", join(place, "one"), "--state", join(place, "other")), "bad-backup");
  writeFileSync(
    join(place, "one/backup.json"),
    JSON.stringify({ format: 1, madeAt: new Date(), tenant: null, files: [{ path: "../x", bytes: 1 }] }),
  );
  assert.equal(await refused("restore", join(place, "one"), "--state", join(place, "other")), "bad-backup");
});

/** Puts and accepts until it is stopped. What is in the lists was confirmed. */
function load(client: Client) {
  const [keys, events, messages]: [string[], string[], string[]] = [[], [], []];
  const over = new AbortController();
  const put = async (worker: number) => {
    for (let count = 0; !over.signal.aborted; count++) {
      const key = `${worker}/${count}`;
      await client.putKeyValue("kv", "main", key, text(key));
      keys.push(key);
    }
  };
  const accept = async () => {
    while (!over.signal.aborted) events.push((await client.acceptEvent("events", "note", { delayS: 100_000 })).id);
  };
  const send = async () => {
    while (!over.signal.aborted) messages.push((await client.sendToQueue("jobs", { body: "x" })).id);
  };
  const working = [put(1), put(2), put(3), accept(), accept(), send()];
  return {
    keys,
    events,
    messages,
    stop: async () => {
      over.abort();
      await Promise.all(working);
    },
  };
}

test("a tenant's backup has nothing of others, makes a server with that tenant alone, and brings the tenant back where it was removed", async (context) => {
  const [stateDir, place] = [temporaryFolder(context), temporaryFolder(context)];
  const first = await start(context, stateDir);
  for (const tenant of ["other", "acme"]) {
    await first.clientOf().createTenant(tenant);
    const client = first.clientOf(tenant);
    await deploy(client, "test/apps/kv", { env: { OWNER: `variable of ${tenant}` } });
    await deploy(client, "test/apps/events");
    await client.setSecret("kv", "KEY", "value");
    await client.putKeyValue("kv", "main", "key", text(`value of ${tenant}`));
    await client.setLimits("kv", { requests: 1_000_000 });
    await client.createToken({ principal: "ci", role: "deployer", apps: null });
    await addRule(await eventsOf(context, first.server, client), `value of ${tenant}`);
  }
  const event = async (tenant: string) =>
    (await first.clientOf(tenant).acceptEvent("events", "note", { delayS: 100_000, payload: { of: tenant } })).id;
  const ids = { other: await event("other"), acme: await event("acme") };
  await backup("create", join(place, "acme"), "--state", stateDir, "--tenant", "acme");
  const all = globSync("**", { cwd: join(place, "acme"), withFileTypes: true }).filter((entry) => entry.isFile());
  const content = all.map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1")).join("\n");
  for (const what of ["variable of", "value of"]) {
    assert.ok(content.includes(`${what} acme`));
    assert.ok(!content.includes(`${what} other`), `the backup has a ${what} another tenant`);
  }
  assert.ok(!all.some(({ name }) => name === "api-token"));
  assert.equal(await refused("create", join(place, "none"), "--state", stateDir, "--tenant", "nobody"), "no-such-tenant");
  assert.equal(await refused("restore", join(place, "acme"), "--state", stateDir, "--tenant", "acme"), "state-locked");

  const alone = await start(context, await restoredIn(place, "acme"));
  assert.deepEqual(
    (await alone.clientOf().tenants()).map(({ name }) => name),
    ["acme", "main"],
  );
  assert.deepEqual(await foundBy(alone.server, "/@acme/kv", "key"), ["value of acme"]);
  await alone.server.end("SIGTERM");

  // Rows of the tenant get other numbers there: those that they had were given to others meanwhile.
  await first.clientOf().removeTenant("acme", true);
  const later = await event("other");
  await first.server.end("SIGTERM");
  await backup("restore", join(place, "acme"), "--state", stateDir, "--tenant", "acme");
  assert.equal(await refused("restore", join(place, "acme"), "--state", stateDir, "--tenant", "acme"), "name-taken");
  const again = await start(context, stateDir);
  for (const tenant of ["acme", "other"] as const) {
    const client = again.clientOf(tenant);
    assert.deepEqual(await foundBy(again.server, `/@${tenant}/kv`, "key"), [`value of ${tenant}`]);
    assert.deepEqual((await client.event("events", ids[tenant])).state, "delayed");
    assert.deepEqual([await client.secretNames("kv"), (await client.tokens()).length], [["KEY"], 1]);
    assert.equal((await client.limits("kv")).limits.requests, 1_000_000);
    const events = await eventsOf(context, again.server, client);
    const { Targets = [] } = await events.send(new sdk.ListTargetsByRuleCommand({ Rule: "kept", EventBusName: "audit" }));
    assert.deepEqual(
      Targets.map(({ Input }) => Input),
      [JSON.stringify(`value of ${tenant}`)],
    );
  }
  assert.equal((await again.clientOf("other").event("events", later)).state, "delayed");
  // What is put from then on is put beside.
  const { id } = await again.clientOf("acme").acceptEvent("events", "note", { delayS: 100_000 });
  assert.equal((await again.clientOf("acme").event("events", id)).state, "delayed");
  await again.clientOf("acme").putKeyValue("kv", "main", "new", text("n"));
  assert.equal((await again.clientOf("acme").keyValueStores("kv"))[0]!.entries, 2);

  const known = new Set(stateParts.map(({ path }) => path.split("/", 1)[0]!));
  const unknown = readdirSync(stateDir).filter((name) => !known.has(name) && !leftOut.some((pattern) => pattern.test(name)));
  assert.deepEqual(unknown, [], "files of the state folder of which nobody says whether a backup has them");
});

async function restoredIn(place: string, name: string): Promise<string> {
  const stateDir = join(place, `state-${name}`);
  await backup("restore", join(place, name), "--state", stateDir);
  return stateDir;
}
