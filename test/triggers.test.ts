/** What starts functions besides calls, on a whole server: times, webhooks and CloudEvents, by real clients. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CloudEvent, emitterFor, HTTP, httpTransport, Mode } from "cloudevents";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { mayfly, serve } from "./command.ts";
import { createScope, eventually, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

interface Noted {
  event: { trigger?: string; time?: string; of?: string; type?: string; id?: string; body?: object; data?: unknown };
  invocation: string;
}

const SECRET = "whsec_test";

function noted(file: string): Noted[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Noted);
}

describe("a server with triggers", () => {
  const scope = createScope();
  let platform: Platform;
  let file: string;

  before(async () => {
    platform = await startPlatform(scope, { driver: "process", blanks: 1 });
    file = join(temporaryFolder(scope), "noted");
    writeFileSync(file, "");
    await platform.client.setSecret("triggers", "HOOK", SECRET);
    await platform.deploy("test/apps/triggers", { env: { FILE: file } });
  });
  after(() => scope.close());

  const seen = (what: string, fits: (event: Noted["event"]) => boolean) =>
    eventually(
      what,
      () => noted(file).filter(({ event }) => fits(event)),
      (all) => all.length > 0,
    );
  const trigger = async (name: string) => (await platform.client.triggers("triggers")).find((each) => each.name === name)!;

  test("a schedule starts its function at its times, each once, until it is paused", async () => {
    await eventually(
      "three times",
      () => noted(file).filter(({ event }) => event.trigger === "tick").length,
      (count) => count >= 3,
    );
    await platform.client.pauseTrigger("triggers", "tick", true);
    const { paused, nextTimes, last, fired } = await trigger("tick");
    assert.deepEqual([paused, nextTimes], [true, []]);
    assert.ok(last !== null && fired >= 3);
    const times = noted(file).flatMap(({ event }) => (event.trigger === "tick" ? [event.time!] : []));
    assert.equal(new Set(times).size, times.length);
    assert.ok(times.every((time) => time.endsWith(".000Z")));
  });

  test("a trigger is listed with its next times, and fired by hand with its payload or a given one", async () => {
    const { nextTimes, definition } = await trigger("yearly");
    assert.deepEqual(
      nextTimes.map((at) => new Date(at).toISOString().slice(4)),
      ["-12-31T23:00:00.000Z", "-12-31T23:00:00.000Z", "-12-31T23:00:00.000Z"],
    );
    assert.equal((definition as { missed: string }).missed, "once");
    const state = ["--state", platform.stateDir];
    const { stdout } = await mayfly(["trigger", "list", "triggers", ...state]);
    assert.match(stdout, /yearly +note +0 0 1 1 \* Europe\/Berlin +never +in /);
    assert.match(stdout, /stripe +note +stripe at \/_mayfly\/hooks\/triggers\/stripe/);
    await mayfly(["trigger", "fire", "triggers", "yearly", ...state]);
    await seen("the trigger's payload", ({ of }) => of === "the year");
    await mayfly(["trigger", "fire", "triggers", "yearly", "--data", '{"of":"my own"}', ...state]);
    await seen("the given payload", ({ of }) => of === "my own");
    await platform.client.fireTrigger("triggers", "stripe", {});
    await seen("the sample of Stripe", ({ type }) => type === "payment_intent.succeeded");
    await assert.rejects(platform.client.fireTrigger("triggers", "nobody", {}), { code: "no-such-trigger" });
  });

  function stripe(body: string, key = SECRET): Promise<Response> {
    const at = Math.floor(Date.now() / 1_000);
    const signature = createHmac("sha256", key).update(`${at}.${body}`).digest("hex");
    const headers = { "stripe-signature": `t=${at},v1=${signature}`, "content-type": "application/json" };
    return fetch(`${platform.running.gatewayUrl}/_mayfly/hooks/triggers/stripe`, { method: "POST", headers, body });
  }

  test("a webhook is taken once if it is signed, and refused otherwise", async () => {
    const body = JSON.stringify({ id: "evt_7", type: "charge.refunded" });
    const first = await stripe(body);
    const { events } = (await first.json()) as { events: { id: string; isNew: boolean }[] };
    assert.deepEqual([first.status, events.length, events[0]!.isNew], [202, 1, true]);
    assert.deepEqual(await (await stripe(body)).json(), { events: [{ id: events[0]!.id, isNew: false }] });
    await seen("the delivery", ({ type }) => type === "charge.refunded");
    const forged = await stripe(JSON.stringify({ id: "evt_8", type: "x" }), "other");
    assert.deepEqual([forged.status, ((await forged.json()) as { error: { code: string } }).error.code], [401, "webhook-refused"]);
    await platform.client.pauseTrigger("triggers", "stripe", true);
    assert.equal((await stripe(JSON.stringify({ id: "evt_9", type: "x" }))).status, 503);
    await platform.client.pauseTrigger("triggers", "stripe", false);
    assert.equal(noted(file).filter(({ event }) => event.type === "charge.refunded").length, 1);
  });

  test("wrong signatures count as wrong credentials, and right ones are taken however many there were", async () => {
    const statuses = new Set<number>();
    while (!statuses.has(429)) {
      const forged = await stripe(JSON.stringify({ id: "evt_10", type: "x" }), "other");
      statuses.add(forged.status);
      await forged.arrayBuffer();
      if (forged.status === 429) assert.match(forged.headers.get("retry-after")!, /^\d+$/);
    }
    assert.deepEqual([...statuses], [401, 429]);
    assert.equal((await stripe(JSON.stringify({ id: "evt_10", type: "x" }))).status, 202);
  });

  test("nothing but what is there is answered below the platform's path", async () => {
    for (const path of [
      "hooks/triggers/none",
      "hooks/none/stripe",
      "hooks/triggers/yearly",
      "hooks/@none/triggers/stripe",
      "hooks/",
      "hooks/a/b/c",
    ]) {
      const response = await fetch(`${platform.running.gatewayUrl}/_mayfly/${path}`, { method: "POST", body: "{}" });
      assert.deepEqual([path, response.status], [path, 404]);
      await response.arrayBuffer();
    }
    const got = await fetch(`${platform.running.gatewayUrl}/_mayfly/hooks/triggers/stripe`);
    assert.deepEqual([got.status, /no-such-hook.*takes a GET/.test(await got.text())], [404, true]);
  });

  test("the CloudEvents SDK sends structured, binary and in batches", async () => {
    const url = `${platform.running.gatewayUrl}/_mayfly/hooks/triggers/clouds`;
    const headers = { authorization: `Bearer ${SECRET}` };
    const event = new CloudEvent({ id: "c1", source: "/shop", type: "order.paid", data: { n: 1 } });
    for (const [id, mode] of [
      ["c1", Mode.STRUCTURED],
      ["c2", Mode.BINARY],
    ] as const) {
      await emitterFor(httpTransport(url), { mode })(event.cloneWith({ id }), { headers });
      const [{ event: got }] = (await seen(`the event ${id}`, (each) => each.id === id)) as [Noted];
      assert.deepEqual([got.type, got.data], ["order.paid", { n: 1 }]);
    }
    const batch = [event.cloneWith({ id: "c3" }), event.cloneWith({ id: "c4" }), event.cloneWith({ id: "c1" })];
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/cloudevents-batch+json" },
      body: JSON.stringify(batch),
    });
    const { events } = (await response.json()) as { events: { isNew: boolean }[] };
    assert.deepEqual(
      events.map(({ isNew }) => isNew),
      [true, true, false],
    );
    await seen("the last of the batch", ({ id }) => id === "c4");
    const refused = await fetch(url, { method: "POST", ...HTTP.structured(event) } as RequestInit);
    assert.equal(refused.status, 401);
    const asked = await fetch(url, { method: "OPTIONS", headers: { "webhook-request-origin": "events.example" } });
    assert.deepEqual([asked.status, asked.headers.get("webhook-allowed-origin")], [200, "events.example"]);
  });

  test("the examples do what they say", async () => {
    await platform.deploy("examples/nightly-report");
    const { id } = await platform.client.fireTrigger("nightly-report", "nightly", { payload: { time: "2026-11-30T02:00:00.000Z" } });
    const report = await eventually(
      "the report",
      () => platform.client.event("nightly-report", id),
      ({ endedAt }) => endedAt !== null,
    );
    assert.equal(report.result, '{"day":"2026-11-29","orders":2}');
    await platform.client.setSecret("webhook", "GITHUB_HOOK", "s");
    await platform.deploy("examples/webhook");
    const body = JSON.stringify({ ref: "refs/heads/main", commits: [{}] });
    const signature = `sha256=${createHmac("sha256", "s").update(body).digest("hex")}`;
    const headers = { "x-hub-signature-256": signature, "x-github-delivery": "d", "x-github-event": "push" };
    const response = await fetch(`${platform.running.gatewayUrl}/_mayfly/hooks/webhook/github`, { method: "POST", body, headers });
    const [{ id: pushed }] = ((await response.json()) as { events: [{ id: string }] }).events;
    const ended = await eventually(
      "the push",
      () => platform.client.event("webhook", pushed),
      ({ endedAt }) => endedAt !== null,
    );
    assert.equal(ended.result, '"1 commits to refs/heads/main"');
    const other = { ...headers, "x-github-event": "ping" };
    const filtered = await fetch(`${platform.running.gatewayUrl}/_mayfly/hooks/webhook/github`, { method: "POST", body, headers: other });
    assert.deepEqual([filtered.status, await filtered.json()], [202, { events: [] }]);
  });

  test("the example of events publishes what a webhook brings, and another function gets it", async () => {
    await platform.client.setSecret("events", "HOOK", "s");
    await platform.deploy("examples/events");
    const body = JSON.stringify({ type: "order.paid", data: { order: "o-7", amount: 42 } });
    const [id, time] = ["msg_1", String(Math.floor(Date.now() / 1_000))];
    const signature = createHmac("sha256", "s").update(`${id}.${time}.${body}`).digest("base64");
    const headers = { "webhook-id": id, "webhook-timestamp": time, "webhook-signature": `v1,${signature}` };
    const response = await fetch(`${platform.running.gatewayUrl}/_mayfly/hooks/events/orders`, { method: "POST", body, headers });
    assert.equal(response.status, 202);
    const [invoice] = await eventually(
      "the invoice",
      async () =>
        (await platform.client.events("events", { state: "ended", limit: 10 })).events.filter((each) => each.function === "invoice"),
      (all) => all.length > 0,
    );
    const { result, source } = await platform.client.event("events", invoice!.id);
    assert.match(result!, /^"invoice for o-7: 42 \(event [\w-]+\)"$/);
    assert.deepEqual(source, { kind: "bus", name: "invoice" });
  });

  test("another revision brings its own triggers, and one that is paused stays so", async () => {
    await platform.deploy("test/apps/triggers", { env: { FILE: file, MORE: "1" } });
    assert.equal((await trigger("tick")).paused, true);
    await platform.client.pauseTrigger("triggers", "tick", false);
    const functions = { note: { entry: "note.ts", handler: "handler", triggers: [] } };
    await platform.deploy("test/apps/triggers", { env: { FILE: file }, functions });
    assert.deepEqual(await platform.client.triggers("triggers"), []);
    assert.equal((await fetch(`${platform.running.gatewayUrl}/_mayfly/hooks/triggers/stripe`, { method: "POST" })).status, 404);
    await platform.client.point("triggers", "live", [{ revision: "1", weight: 1 }]);
    assert.equal((await platform.client.triggers("triggers")).length, 4);
  });
});

test("a server that is killed again and again starts each time of a schedule with one event", async (t) => {
  const stateDir = temporaryFolder(t);
  const file = join(stateDir, "noted");
  writeFileSync(file, "");
  const begin = () => serve(t, stateDir, ["--driver", "process", "--blanks", "1"]);
  let server = await begin();
  const token = readFileSync(join(stateDir, "api-token"), "utf8").trim();
  const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/triggers"));
  const client = createClient({ url: server.apiUrl, token });
  await client.setSecret("triggers", "HOOK", SECRET);
  await client.deploy({ ...manifest, env: { FILE: file } }, bundles);
  const ticks = () => noted(file).filter(({ event }) => event.trigger === "tick");
  for (let death = 0; death < 3; death++) {
    const before = ticks().length;
    await eventually(
      "another time",
      () => ticks().length,
      (count) => count > before,
    );
    server.child.kill("SIGKILL");
    await server.end("SIGKILL");
    server = await begin();
  }
  const before = ticks().length;
  await eventually(
    "a time after the last death",
    () => ticks().length,
    (count) => count > before,
  );
  assert.equal(await server.end("SIGTERM"), 0);
  const events = Map.groupBy(ticks(), ({ event }) => event.time!);
  for (const [time, all] of events) assert.equal(new Set(all.map(({ invocation }) => invocation)).size, 1, time);
  t.diagnostic(`${events.size} times over 3 deaths, each one event`);
});
