/** Calls that are run later, on a whole server: accepted, repeated, given up, and none lost by kill -9. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { text } from "node:stream/consumers";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { listening } from "../src/base/testing/listening.ts";
import { signatureOf } from "../src/events/http-performer.ts";
import { after, before, describe, test } from "node:test";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { mayfly, type Server, serve } from "./command.ts";
import { createScope, eventually, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

const app = join(projectDir, "test/apps/events");
const later = { prefer: "respond-async" };

/** The events that were noted, in the order in which they were. */
function noted<T = Record<string, unknown>>(file: string): T[] {
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

describe("a server that takes calls to run them later", () => {
  const scope = createScope();
  let platform: Platform;
  let file: string;

  before(async () => {
    platform = await startPlatform(scope, { driver: "process", blanks: 1 });
    file = join(temporaryFolder(scope), "noted");
    writeFileSync(file, "");
    await platform.deploy("test/apps/events", { env: { FILE: file } });
  });
  after(() => scope.close());

  async function accept(path: string, { headers = {}, ...init }: Omit<RequestInit, "headers"> & { headers?: Record<string, string> } = {}) {
    const response = await platform.call(path, { ...init, headers: { ...later, ...headers } });
    const answer = await response.text();
    assert.equal(response.status, 202, answer);
    return JSON.parse(answer) as { id: string; isNew: boolean };
  }
  const ended = (id: string) =>
    eventually(
      `the event ${id}`,
      async () => platform.client.event("events", id),
      ({ endedAt }) => endedAt !== null,
    );

  test("a request is answered at once, run as it came, and its result goes to its destination", async () => {
    const { id } = await accept("/events/web/some/path?a=b", { method: "PUT", body: "the body", headers: { "x-own": "kept" } });
    const { state, attempts, result } = await ended(id);
    assert.deepEqual([state, attempts], ["succeeded", 1]);
    assert.deepEqual(JSON.parse(result!), { method: "PUT", pathname: "/some/path", header: "kept", body: "the body" });
    const [record] = await eventually(
      "the record of the result",
      () => noted<{ requestContext?: { requestId: string }; responsePayload: object }>(file),
      (all) => all.some(({ requestContext }) => requestContext?.requestId === id),
    );
    assert.equal((record!.responsePayload as { body: string }).body, "the body");
  });

  test("a function that fails is run again, then its event is a dead letter, which can be run again and removed", async () => {
    const { id } = await accept("/events/web?fail=1", { method: "POST", body: "x" });
    const { state, attempts, why } = await ended(id);
    assert.deepEqual([state, attempts], ["dead", 2]);
    assert.match(why!, /failed 2 times, the last time because it answered with the status 503/);
    await platform.logged("events", new RegExp(`The event ${id} is given up`));
    const { events } = await platform.client.deadLetters("events", {});
    assert.deepEqual(
      events.map((event) => event.id),
      [id],
    );
    assert.deepEqual(await platform.client.redriveDeadLetters("events", [id]), { count: 1 });
    assert.equal((await ended(id)).state, "dead");
    assert.deepEqual(await platform.client.purgeDeadLetters("events", []), { count: 1 });
    assert.deepEqual((await platform.client.deadLetters("events", {})).events, []);
  });

  test("an exception is a failure of the function's, and explain, list and show say why it waits", async () => {
    const { id } = await platform.client.acceptEvent("events", "never", { payload: { a: 1 } });
    const shown = await ended(id);
    assert.equal(shown.state, "dead");
    assert.equal(shown.payload, '{"a":1}');
    const listed = await mayfly(["events", "list", "events", "--only", "ended", "--state", platform.stateDir]);
    assert.match(listed.stdout, new RegExp(`${id} +never +dead +call`));
    const { stdout } = await mayfly(["dlq", "list", "events", "--state", platform.stateDir]);
    assert.match(stdout, new RegExp(`${id} +never +dead +call`));
    const show = await mayfly(["dlq", "show", "events", id, "--state", platform.stateDir]);
    assert.match(show.stdout, /Payload:\n\{"a":1\}/);
  });

  test("an idempotency key takes one call, a delay waits, a paused function waits, and a cancelled call does not run", async () => {
    const key = { "idempotency-key": "once" };
    const first = await accept("/events/web", { headers: key });
    assert.deepEqual(await accept("/events/web", { headers: key }), { id: first.id, isNew: false });
    const delayed = await accept("/events/web", { headers: { "mayfly-delay": "3600" } });
    assert.equal((await platform.client.event("events", delayed.id)).state, "delayed");
    await platform.client.retryEvent("events", delayed.id);
    assert.equal((await ended(delayed.id)).state, "succeeded");
    await platform.client.pauseEvents("events", "web", true);
    const [waiting, cancelled] = [await accept("/events/web"), await accept("/events/web")];
    await platform.client.cancelEvent("events", cancelled.id);
    assert.equal((await platform.client.event("events", waiting.id)).state, "waiting");
    await platform.client.pauseEvents("events", "web", false);
    assert.equal((await ended(waiting.id)).state, "succeeded");
    assert.equal((await platform.client.event("events", cancelled.id)).state, "cancelled");
    await assert.rejects(platform.client.cancelEvent("events", cancelled.id), {
      code: "wrong-event-state",
      message: /is cancelled; only one that has not ended/,
    });
    await assert.rejects(platform.client.retryEvent("events", cancelled.id), { code: "wrong-event-state" });
    await assert.rejects(platform.client.cancelEvent("events", crypto.randomUUID()), { code: "no-such-event" });
    await assert.rejects(platform.client.pauseEvents("events", "nope", true), { code: "no-such-function" });
    await platform.client.pauseEvents("events", "nope", false);
  });

  test("a result goes to a URL, signed, and again until the receiver takes it", async () => {
    const received: { headers: IncomingHttpHeaders; body: string }[] = [];
    const server = createServer(async (request, response) => {
      received.push({ headers: request.headers, body: await text(request) });
      response.writeHead(received.length === 1 ? 500 : 200).end();
    });
    const port = await listening(server);
    afterwards(scope, () => void server.close());
    const receiver = await startPlatform(scope, { driver: "process", blanks: 0, egress: { allow: [`127.0.0.1:${port}`] } });
    await receiver.client.setSecret("events", "HOOK", "a key");
    const onSuccess = { url: `http://127.0.0.1:${port}/hook`, secret: "HOOK" };
    const { manifest, bundles } = await bundleApp(app);
    const web = { ...manifest.functions["web"]!, async: { ...manifest.functions["web"]!.async!, onSuccess } };
    await receiver.client.deploy({ ...manifest, functions: { ...manifest.functions, web } }, bundles);
    const { id } = (await (await receiver.call("/events/web", { method: "POST", body: "b", headers: later })).json()) as { id: string };
    await eventually(
      "the second delivery",
      () => received.length,
      (count) => count === 2,
      120_000,
    );
    const [first, second] = received.map(({ headers }) => headers);
    assert.equal(first!["webhook-id"], second!["webhook-id"]);
    const { "webhook-id": hook, "webhook-timestamp": at, "webhook-signature": signature } = second!;
    assert.equal(signature, signatureOf("a key", String(hook), String(at), Buffer.from(received[1]!.body)));
    assert.equal((JSON.parse(received[1]!.body) as { requestContext: { requestId: string } }).requestContext.requestId, id);
  });

  test("what cannot be taken is refused at once", async () => {
    const refused = async (path: string, headers: Record<string, string> = {}, body?: Uint8Array<ArrayBuffer>) => {
      const response = await platform.call(path, { method: "POST", headers: { ...later, ...headers }, ...(body && { body }) });
      return [response.status, ((await response.json()) as { error: { code: string } }).error.code];
    };
    assert.deepEqual(await refused("/events/none"), [404, "no-such-route"]);
    assert.deepEqual(await refused("/events/web", { "mayfly-delay": "soon" }), [400, "bad-request"]);
    assert.deepEqual(await refused("/events/web", {}, new Uint8Array(1_048_577)), [413, "body-too-large"]);
  });
});

test("20,000 accepted calls over 30 deaths of the server: each runs to its end at least once, and each result is recorded once", async (t) => {
  const seed = seedOf();
  t.diagnostic(`seed ${seed}`);
  const random = new Random(seed);
  const folder = temporaryFolder(t);
  const [stateDir, file] = [join(folder, "state"), join(folder, "noted")];
  writeFileSync(file, "");
  const accepted = new Set<string>();
  const start = () => serve(t, stateDir, ["--driver", "process", "--blanks", "1"]);

  let server = await start();
  const { manifest, bundles } = await bundleApp(app);
  await clientOf(server, stateDir).deploy({ ...manifest, env: { FILE: file } }, bundles);
  let next = 0;
  for (let deaths = 0; deaths < 30 || accepted.size < 20_000; deaths++) {
    if (deaths > 0) server = await start();
    const stop = new AbortController();
    const senders = Array.from({ length: 32 }, () => send(server, stop.signal));
    await Promise.race([sleep(random.between(100, 600)), ...senders]);
    await eventually(
      "calls that were accepted",
      () => accepted.size,
      (count) => count >= (20_000 / 30) * (deaths + 1),
    );
    server.child.kill("SIGKILL");
    stop.abort();
    await Promise.all(senders);
    await server.end("SIGKILL");
  }
  server = await start();
  const client = clientOf(server, stateDir);
  await eventually(
    "the calls that are left",
    async () => (await client.events("events", { state: "open", limit: 1 })).events.length,
    (count) => count === 0,
    300_000,
  );

  const runs = Map.groupBy(noted<{ invocation: string }>(file), ({ invocation }) => invocation);
  const recorded = new Map<string, number>();
  for (let before: number | undefined; ;) {
    const page = await client.events("events", { state: "ended", limit: 500, ...(before !== undefined && { before }) });
    for (const { id, state } of page.events) {
      assert.equal(state, "succeeded");
      recorded.set(id, (recorded.get(id) ?? 0) + 1);
    }
    if (page.next === null) break;
    before = page.next;
  }
  const missing = [...accepted].filter((id) => !recorded.has(id) || !runs.has(id));
  assert.deepEqual(missing, []);
  assert.ok([...recorded.values()].every((count) => count === 1));
  const again = [...runs.values()].filter((all) => all.length > 1).length;
  t.diagnostic(`${accepted.size} calls were accepted over 30 deaths or more; ${runs.size} ran, ${again} of them more than once`);
  assert.equal(await server.end("SIGTERM"), 0);

  /** Sends calls until the server dies. A call counts as accepted if its answer has come. */
  async function send({ gatewayUrl }: Server, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const id = `call ${next++}`;
      try {
        const body = JSON.stringify({ id, crash: next % 500 === 0 });
        const response = await fetch(`${gatewayUrl}/events/note`, {
          method: "POST",
          body,
          signal,
          headers: { ...later, "content-type": "application/json", "idempotency-key": id },
        });
        const answer = (await response.json()) as { id: string };
        if (response.status === 202) accepted.add(answer.id);
      } catch {
        // The server is dead, and what it did not answer may be there or not.
        return;
      }
    }
  }
});

function clientOf(server: Server, stateDir: string): Client {
  return createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
}
