import assert from "node:assert/strict";
import { test } from "node:test";
import type { OperationUpdate } from "./operation.ts";
import type { Callee } from "./store/checkpoint.ts";
import { execution, World } from "./testing/world.ts";

const step = (Id: string, Action: OperationUpdate["Action"], more: Partial<OperationUpdate> = {}): OperationUpdate => ({
  Id,
  Type: "STEP",
  Action,
  ...more,
});
const callOf = (Id: string, FunctionName: string): OperationUpdate => ({
  Id,
  Type: "CHAINED_INVOKE",
  Action: "START",
  Payload: "5",
  ChainedInvokeOptions: { FunctionName },
});
const calleeOf = (name: string, app = "app_a"): Callee => {
  const { name: _, input: __, ...rest } = execution("callee");
  return { ...rest, app, function: name };
};
const succeeded = { kind: "ended", end: { status: "SUCCEEDED", result: '"done"' } } as const;

test("an execution without operations is called once, and its result is kept", async () => {
  const world = new World();
  const id = await world.start();
  assert.equal(world.calls.length, 1);
  assert.equal(world.calls[0]!.begun.page.operations[0]!.result, '"hello"');
  await world.end(id, succeeded);
  const { status, result } = (await world.executions.get(id))!;
  assert.deepEqual([status, result], ["SUCCEEDED", '"done"']);
  assert.deepEqual(await world.history(id), ["ExecutionStarted", "InvocationCompleted", "ExecutionSucceeded"]);
  assert.equal(world.runner.calling, 0);
});

test("the same name and input again give the same execution, and another input is refused", async () => {
  const world = new World();
  const id = await world.start();
  assert.equal(await world.start(), id);
  assert.equal(world.calls.length, 1);
  await assert.rejects(world.start("one", { input: '"other"' }), { code: "execution-exists" });
});

test("an execution that waits is called again when the wait is over, and nothing is called until then", async () => {
  const world = new World();
  const id = await world.start();
  await world.checkpoint(id, { Id: "w", Type: "WAIT", Action: "START", WaitOptions: { WaitSeconds: 60 } });
  await world.end(id, { kind: "pending" });
  await world.pass(59_000);
  assert.equal(world.calls.length, 0);
  await world.pass(2_000);
  const [call] = world.calls;
  assert.deepEqual(call!.begun.updated, ["w"]);
  assert.equal(call!.begun.page.operations[1]!.status, "SUCCEEDED");
  await world.end(id, succeeded);
  const expected = ["ExecutionStarted", "WaitStarted", "InvocationCompleted", "WaitSucceeded", "InvocationCompleted", "ExecutionSucceeded"];
  assert.deepEqual(await world.history(id), expected);
});

test("a step that failed is ready again after its delay, with its attempts counted", async () => {
  const world = new World();
  const id = await world.start();
  await world.checkpoint(
    id,
    step("s", "START"),
    step("s", "RETRY", { Error: { ErrorType: "E" }, StepOptions: { NextAttemptDelaySeconds: 5 } }),
  );
  await world.end(id, { kind: "pending" });
  await world.pass(6_000);
  const { status, attempt } = world.calls[0]!.begun.page.operations[1]!;
  assert.deepEqual([status, attempt], ["READY", 1]);
  await world.checkpoint(id, step("s", "START"), step("s", "SUCCEED", { Payload: "1" }));
  await world.end(id, succeeded);
  const page = await world.executions.history(id, { after: null, most: 100, isReverse: false });
  const details = page!.events.filter(({ type }) => type.startsWith("Step")).map(({ details: { RetryDetails } }) => RetryDetails);
  assert.deepEqual(details, [undefined, { CurrentAttempt: 1, NextAttemptDelaySeconds: 5 }, undefined, { CurrentAttempt: 2 }]);
});

test("what a function has checkpointed is there after the server died, and it is called again", async () => {
  const world = new World();
  const id = await world.start();
  await world.checkpoint(id, step("s", "SUCCEED", { Payload: '"kept"' }));
  const { token } = world.calls[0]!;
  await world.restart();
  const operations = world.calls[0]!.begun.page.operations.map((each) => [each.id, each.status, each.result]);
  assert.deepEqual(operations.slice(1), [["s", "SUCCEEDED", '"kept"']]);
  const late = await world.executions.checkpoint({ id, token, clientToken: null, updates: [], callees: {} });
  assert.deepEqual(late, { kind: "refused", text: "Invalid Checkpoint Token" });
});

test("a token is good for one checkpoint, and the same checkpoint again gets the same answer", async () => {
  const world = new World();
  const id = await world.start();
  const { token } = world.calls[0]!;
  const call = { id, token, clientToken: "c", updates: [step("s", "SUCCEED", { Payload: "1" })], callees: {} };
  const first = await world.executions.checkpoint(call);
  assert.deepEqual(await world.executions.checkpoint(call), first);
  assert.deepEqual(await world.history(id), ["ExecutionStarted", "StepSucceeded"]);
  assert.equal((await world.executions.checkpoint({ ...call, clientToken: "other" })).kind, "refused");
});

test("a checkpoint that is refused changes nothing", async () => {
  const world = new World();
  const id = await world.start();
  const bad = await world.checkpoint(id, step("a", "SUCCEED"), { Id: "w", Type: "WAIT", Action: "CANCEL" });
  assert.deepEqual(bad, { kind: "refused", text: "Cannot cancel a WAIT that does not exist or has already completed." });
  assert.deepEqual(await world.history(id), ["ExecutionStarted"]);
  assert.equal((await world.checkpoint(id, step("a", "SUCCEED"))).kind, "done");
});

test("callbacks come from outside: a result, a failure, heartbeats, and time-outs of both kinds", async () => {
  const world = new World();
  const id = await world.start();
  const callback = (Id: string, CallbackOptions: OperationUpdate["CallbackOptions"] = {}): OperationUpdate => ({
    Id,
    Type: "CALLBACK",
    Action: "START",
    CallbackOptions,
  });
  const answer = await world.checkpoint(
    id,
    callback("a"),
    callback("b"),
    callback("c", { TimeoutSeconds: 10 }),
    callback("d", { HeartbeatTimeoutSeconds: 10 }),
  );
  assert.equal(answer.kind, "done");
  const ids = answer.kind === "done" ? answer.operations.map((each) => each.callback!.id) : [];
  await world.end(id, { kind: "pending" });
  const { executions } = world;
  assert.equal(await executions.callBack(ids[0]!, { kind: "succeed", result: "1" }), "done");
  assert.equal(await executions.callBack(ids[0]!, { kind: "succeed", result: "2" }), "closed");
  assert.equal(await executions.callBack(ids[1]!, { kind: "fail", error: { ErrorType: "No" } }), "done");
  assert.equal(await executions.callBack("bm9uZQ==", { kind: "heartbeat" }), "unknown");
  await world.pass(6_000);
  assert.equal(await executions.callBack(ids[3]!, { kind: "heartbeat" }), "done");
  await world.end(id, { kind: "pending" });
  await world.pass(5_000);
  await world.end(id, { kind: "pending" });
  await world.pass(6_000);
  await world.end(id, { kind: "pending" });
  const states = world.calls[0]!.begun.page.operations.slice(1).map((each) => [each.status, each.result ?? each.error?.ErrorType]);
  assert.deepEqual(states, [
    ["SUCCEEDED", "1"],
    ["FAILED", "No"],
    ["TIMED_OUT", "Callback.Timeout"],
    ["TIMED_OUT", "Callback.Heartbeat"],
  ]);
});

test("a chained call is an execution of its own, whose end wakes the caller", async () => {
  const world = new World();
  const id = await world.start();
  const callee = calleeOf("charge");
  const call = world.calls[0]!;
  const updates = [callOf("i", "charge")];
  const answer = await world.executions.checkpoint({ id, token: call.token, clientToken: null, updates, callees: { i: callee } });
  assert.equal(answer.kind, "done");
  await world.end(id, { kind: "pending" });
  const [called] = world.calls;
  assert.equal(called!.begun.execution.function, "charge");
  await called!.end({ kind: "ended", end: { status: "FAILED", error: { ErrorType: "Broke" } } });
  const found = world.calls[0]!.begun.page.operations[1]!;
  assert.deepEqual([found.status, found.error?.ErrorType], ["FAILED", "Broke"]);
  await world.end(id, succeeded);
  const expected = [
    "ExecutionStarted",
    "ChainedInvokeStarted",
    "InvocationCompleted",
    "ChainedInvokeFailed",
    "InvocationCompleted",
    "ExecutionSucceeded",
  ];
  assert.deepEqual(await world.history(id), expected);
});

test("a function that breaks off is called again, and fails when it has stored nothing many times in a row", async () => {
  const world = new World();
  const id = await world.start();
  const broken = { kind: "broken", error: { ErrorType: "Runtime.ExitError" } } as const;
  for (let times = 1; times < 10; times++) {
    await world.end(id, broken);
    await world.pass(70_000);
    assert.equal(world.calls.length, 1, `after ${times} times`);
  }
  await world.end(id, broken);
  const { status, error } = (await world.executions.get(id))!;
  assert.deepEqual([status, error?.ErrorType], ["FAILED", "Runtime.ExitError"]);
});

test("a stopped execution takes no checkpoint, and one that takes too long ends by itself", async () => {
  const world = new World();
  const id = await world.start();
  assert.equal(typeof (await world.executions.stop(id, { ErrorType: "Enough" })), "number");
  assert.equal((await world.checkpoint(id, step("a", "SUCCEED"))).kind, "refused");
  await world.end(id, succeeded);
  assert.equal((await world.executions.get(id))!.status, "STOPPED");
  const other = await world.start("other", { timeoutMs: 10_000 });
  await world.pass(11_000);
  assert.equal((await world.executions.get(other))!.status, "TIMED_OUT");
  assert.deepEqual((await world.history(other)).at(-1), "ExecutionTimedOut");
});

test("what is inside of a context that has ended is not handed to the function again, unless its result has to be made again", async () => {
  const world = new World();
  const id = await world.start();
  const context = (Id: string, Action: OperationUpdate["Action"], more = {}): OperationUpdate => ({ Id, Type: "CONTEXT", Action, ...more });
  await world.checkpoint(
    id,
    context("c", "START"),
    step("in-c", "SUCCEED", { ParentId: "c" }),
    context("d", "START"),
    step("in-d", "SUCCEED", { ParentId: "d" }),
  );
  await world.checkpoint(id, context("c", "SUCCEED"), context("d", "SUCCEED", { ContextOptions: { ReplayChildren: true } }));
  await world.end(id, { kind: "broken", error: {} });
  await world.pass(1_000);
  assert.deepEqual(
    world.calls[0]!.begun.page.operations.slice(1).map((each) => each.id),
    ["c", "d", "in-d"],
  );
});

test("a wait that ends while the function is being called is told at its next checkpoint", async () => {
  const world = new World();
  const id = await world.start();
  await world.checkpoint(id, { Id: "w", Type: "WAIT", Action: "START", WaitOptions: { WaitSeconds: 1 } });
  await world.pass(2_000);
  const answer = await world.checkpoint(id);
  assert.deepEqual(answer.kind === "done" && answer.operations.map((each) => [each.id, each.status]), [["w", "SUCCEEDED"]]);
  await world.checkpoint(id, step("s", "SUCCEED"));
  await world.end(id, succeeded);
  assert.equal((await world.executions.get(id))!.status, "SUCCEEDED");
});

test("a function that waits for nothing fails", async () => {
  const world = new World();
  const id = await world.start();
  await world.end(id, { kind: "pending" });
  assert.equal((await world.executions.get(id))!.status, "FAILED");
});

test("what has ended is forgotten after its retention, and the name is free again", async () => {
  const world = new World();
  const id = await world.start();
  await world.end(id, succeeded);
  await world.commit.run("forget", { now: world.clock.wall() + 86_399_000 });
  assert.notEqual(await world.executions.get(id), null);
  await world.commit.run("forget", { now: world.clock.wall() + 86_401_000 });
  assert.equal(await world.executions.get(id), null);
  assert.notEqual(await world.start("one", { input: '"other"' }), id);
});

test("an app has so many executions that have not ended, chained calls among them; one that ends makes room for another", async () => {
  const world = new World();
  world.limits.open = 2;
  const id = await world.start();
  const { token } = world.calls[0]!;
  const callees = { a: calleeOf("charge"), b: calleeOf("charge") };
  const answer = await world.executions.checkpoint({
    id,
    token,
    clientToken: null,
    updates: [callOf("a", "charge"), callOf("b", "charge")],
    callees,
  });
  assert.deepEqual(answer.kind === "done" && answer.operations.map((each) => [each.status, each.error?.ErrorType]), [
    ["STARTED", undefined],
    ["FAILED", "TooManyRequestsException"],
  ]);
  await assert.rejects(world.start("two"), { code: "too-many-executions" });
  await world.end(id, succeeded);
  await world.start("two");
  await assert.rejects(world.start("three"), { code: "too-many-executions" });
});

test("an execution goes on when the app of a function that it has called is removed", async () => {
  const world = new World();
  const id = await world.start();
  const { token } = world.calls[0]!;
  const callees = { a: calleeOf("charge", "app_b") };
  await world.executions.checkpoint({ id, token, clientToken: null, updates: [callOf("a", "charge")], callees });
  await world.end(id, { kind: "pending" });
  const { effects } = await world.commit.run("removeApp", { app: "app_b", now: world.clock.wall() });
  world.runner.take(effects);
  await world.pass(1_000);
  const [, call] = world.calls.find(({ begun }) => begun.execution.id === id)!.begun.page.operations;
  assert.deepEqual([call!.status, call!.error?.ErrorType], ["FAILED", "ResourceNotFoundException"]);
});
