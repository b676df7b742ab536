/** Which queues buckets can tell of changes, and what becomes of what they are told. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { accountOf } from "../../control/lambda/names.ts";
import type { Notice } from "../../services/objects/object.ts";
import { World } from "../../services/queues/testing/world.ts";
import { EVENT_BUS } from "./notification-targets.ts";
import { notifying } from "./notify.ts";

const world = new World();
after(() => world.close());
const { queues } = world;
const published: unknown[] = [];
const sent: unknown[] = [];
let why: string | null = null;
const { targets, deliver } = notifying({
  functions: {
    knows: (arn, { app = "app_own" }) => arn.endsWith(":function:own") && app === "app_own",
    send: async (_arn, _tenant, { trace }) => sent.push(trace) > 0,
  },
  queues,
  buses: {
    publish: async (tenant, events) => {
      published.push([tenant, ...events]);
      return events.map(() => (why === null ? { is: "done" } : { is: "refused", why }));
    },
  },
  triggers: { deliver: async () => false },
});
const arnOf = (name: string) => `arn:aws:sqs:us-east-1:${accountOf("ten_a")}:${name}`;
const notice = (target: string): Notice => ({
  seq: 1,
  at: 0,
  event: "ObjectCreated:Put",
  rule: "r",
  target,
  bucket: "photos",
  tenant: "ten_a",
  region: "us-east-1",
  key: "a",
  size: 1,
  etag: "e",
  version: undefined,
  author: undefined,
});

test("a function names the queues that its app may use, and no other of its tenant", async () => {
  for (const [name, sharedWith] of [
    ["own", []],
    ["others", []],
    ["shared", ["app_own"]],
  ] as const)
    await queues.create({ tenant: "ten_a", app: name === "own" ? "app_own" : "app_other", name, settings: { sharedWith }, tags: {} });
  const asked = async (app: string | undefined) =>
    Promise.all(
      ["own", "others", "shared"].map(async (name) => (await targets.problemOf(arnOf(name), { tenant: "ten_a", app })) === undefined),
    );
  assert.deepEqual(await asked("app_own"), [true, false, true]);
  assert.deepEqual(await asked(undefined), [true, true, true]);
});

test("a function names functions of its own app alone", async () => {
  const functionArn = `arn:aws:lambda:us-east-1:${accountOf("ten_a")}:function:own`;
  const problem = (app: string | undefined) => targets.problemOf(functionArn, { tenant: "ten_a", app });
  assert.equal(await problem("app_own"), undefined);
  assert.equal(await problem(undefined), undefined);
  assert.deepEqual(await problem("app_other"), [`${functionArn}, null`, `Not authorized to invoke function [${functionArn}]`]);
});

test("a notice for a queue that is gone is passed over, and one that a bus does not take now is kept", async () => {
  await deliver(notice(arnOf("gone")));
  await deliver(notice(arnOf("own")));
  const { visible } = await queues.find({ tenant: "ten_a", name: "own" });
  assert.equal(visible, 1);
  await deliver(notice(EVENT_BUS));
  why = "one of them has too many events waiting";
  await assert.rejects(deliver(notice(EVENT_BUS)), /did not take the change of a bucket: one of them has too many/);
  assert.equal(published.length, 2);
});

test("what a notice starts belongs to the trace of the request that made the change", async () => {
  why = null;
  const trace = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "" };
  const header = "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1";
  const made = (target: string) => ({ ...notice(target), seq: 2, author: { principal: "ada", peer: "", request: "r", trace } });
  await queues.create({ tenant: "ten_a", app: null, name: "traced", settings: {}, tags: {} });
  const targets = [arnOf("traced"), EVENT_BUS, `arn:aws:lambda:us-east-1:${accountOf("ten_a")}:function:own`];
  for (const target of targets) await deliver(made(target));
  const received = await queues.messages.receive({ tenant: "ten_a", name: "traced" }, { most: 1, waitMs: 0 });
  assert.deepEqual([received.map((each) => each.trace), sent], [[header], [header]]);
  assert.deepEqual((published.at(-1) as { trace: unknown }[])[1]?.trace, trace);
});
