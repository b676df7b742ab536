/** Durable executions by AWS's SDK in functions, and what is seen and done of them from outside: AWS's client, the management API and the command line. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  type Event,
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  InvokeCommand,
  LambdaClient,
  ListDurableExecutionsByFunctionCommand,
  type ListDurableExecutionsByFunctionCommandInput,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand,
} from "@aws-sdk/client-lambda";
import { until } from "../src/base/clock/until.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { mayfly } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { createScope, deploy, eventually, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

describe("durable executions", { concurrency: 6 }, () => {
  const scope = createScope();
  let platform: Platform;
  let lambda: LambdaClient;
  let folder: string;
  let started = 0;

  before(async () => {
    platform = await startPlatform(scope, { driver: "process" });
    folder = temporaryFolder(scope);
    await deploy(platform.client, "test/apps/durable");
    await deploy(platform.client, "test/apps/durable", { name: "durable-alone", concurrency: 1 });
    const credentials = await createKey(platform.running.apiUrl, platform.stateDir);
    lambda = new LambdaClient({ endpoint: platform.running.apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
  });
  after(async () => {
    lambda.destroy();
    await scope.close();
  });

  async function start(flow: string, more: object = {}, { name = `run-${started++}`, of = "durable--flows" } = {}): Promise<string> {
    const { DurableExecutionArn } = await lambda.send(
      new InvokeCommand({
        FunctionName: of,
        InvocationType: "Event",
        DurableExecutionName: name,
        Payload: JSON.stringify({ flow, ...more }),
      }),
    );
    return DurableExecutionArn!;
  }

  const shown = (DurableExecutionArn: string) => lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn }));
  const ended = (arn: string) =>
    eventually(
      `the end of ${arn}`,
      () => shown(arn),
      ({ Status }) => Status !== "RUNNING",
      120_000,
    );

  async function resultOf(arn: string): Promise<unknown> {
    const { Status, Result, Error: error } = await ended(arn);
    assert.equal(Status, "SUCCEEDED", JSON.stringify(error));
    return JSON.parse(Result ?? "null");
  }
  const result = async (flow: string, more: object = {}) => resultOf(await start(flow, more));

  async function historyOf(DurableExecutionArn: string, more: object = {}): Promise<Event[]> {
    const { Events = [] } = await lambda.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn, MaxItems: 1_000, ...more }));
    return Events;
  }

  async function eventOf(arn: string, type: string): Promise<Event | undefined> {
    return (await historyOf(arn)).find(({ EventType }) => EventType === type);
  }

  async function callbackOf(arn: string): Promise<string> {
    const find = async () => (await historyOf(arn)).find(({ EventType }) => EventType === "CallbackStarted");
    const event = await eventually("the callback", find, (found) => found !== undefined);
    return event!.CallbackStartedDetails!.CallbackId!;
  }

  test("branches that are enough end a batch, and those that still wait are left behind", async () => {
    assert.deepEqual(await result("firstOf", { enough: 1 }), { reason: "MIN_SUCCESSFUL_REACHED", results: [0], started: 2 });
    const two = (await result("firstOf", { enough: 2 })) as { reason: string; results: number[] };
    assert.deepEqual([two.reason, two.results.toSorted((one, other) => one - other)], ["MIN_SUCCESSFUL_REACHED", [0, 2]]);
  });

  test("a batch tolerates so many failures, or such a share of them, and no more", async () => {
    const counts = { successCount: 2, failureCount: 2, totalCount: 4 };
    assert.deepEqual(await result("tolerant", { failures: 2 }), { completionReason: "ALL_COMPLETED", status: "FAILED", ...counts });
    const exceeded = (await result("tolerant", { failures: 1 })) as { completionReason: string; failureCount: number };
    assert.deepEqual([exceeded.completionReason, exceeded.failureCount], ["FAILURE_TOLERANCE_EXCEEDED", 2]);
    const share = (await result("tolerant", { percentage: 50 })) as { completionReason: string };
    assert.equal(share.completionReason, "ALL_COMPLETED");
  });

  test("a batch ends by a rule of its own", async () => {
    assert.deepEqual(await result("quorum", { reachable: true }), { reason: "CUSTOM_COMPLETION_SUCCEEDED", status: "SUCCEEDED" });
    assert.deepEqual(await result("quorum", { reachable: false }), { reason: "CUSTOM_COMPLETION_FAILED", status: "FAILED" });
  });

  test("contexts within contexts, batches within them, and batches without contexts go on after waits", async () => {
    assert.deepEqual(await result("nested"), [1, 11, 21]);
    assert.deepEqual(await result("flat", { items: [1, 2, 3] }), [2, 4, 6]);
    assert.deepEqual(await result("squares", { items: [1, 2, 3, 4, 5], atOnce: 2 }), [1, 4, 9, 16, 25]);
  });

  test("a condition is looked at again until it holds, or until the attempts are used up", async () => {
    assert.equal(await result("polls", { until: 3 }), 3);
    const failed = await ended(await start("polls", { until: 100 }));
    assert.equal(failed.Status, "FAILED");
    assert.match(failed.Error!.ErrorMessage!, /attempts/);
  });

  test("heartbeats keep a callback open, and a failure that somebody sends is the function's to handle", async () => {
    const arn = await start("heartbeats");
    const CallbackId = await callbackOf(arn);
    await lambda.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId }));
    await lambda.send(
      new SendDurableExecutionCallbackFailureCommand({ CallbackId, Error: { ErrorType: "Refused", ErrorMessage: "no", ErrorData: "42" } }),
    );
    const { Status, Error: error } = await ended(arn);
    assert.deepEqual([Status, error?.ErrorMessage, error?.ErrorData], ["FAILED", "no", "42"]);
    const closed = lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId }));
    await assert.rejects(closed, { name: "CallbackTimeoutException" });
    assert.deepEqual(await result("late"), { name: "CallbackTimeoutError" });
  });

  test("a callback that nobody keeps alive ends by its heartbeat", async () => {
    const { Status, Error: error } = await ended(await start("heartbeats"));
    assert.equal(Status, "FAILED");
    assert.match(error!.ErrorMessage!, /heartbeat/i);
  });

  test("steps are repeated by their strategy; one that may not run twice does not, though its process ended", async () => {
    assert.equal(await result("linear"), 3);
    const arn = await start("once", { file: join(folder, "once") }, { of: "durable-alone--flows" });
    const { interrupted } = (await resultOf(arn)) as { interrupted: string };
    assert.match(interrupted, /interruption/);
  });

  test("promises of operations race, settle, and any of them is enough", async () => {
    assert.deepEqual(await result("combined"), { raced: "fast", settled: ["fulfilled", "rejected"], any: "yes" });
  });

  test("results that are too large to be stored whole are made of those of their steps again", async () => {
    const sizes = Array.from({ length: 8 }, (_, at) => `${at}200000`);
    const arn = await start("large", { parts: 8, bytes: 200_000 });
    assert.deepEqual(await resultOf(arn), sizes);
    const context = (await historyOf(arn)).find(({ EventType, Name }) => EventType === "ContextSucceeded" && Name === "large");
    assert.ok((context!.ContextSucceededDetails!.Result?.Payload ?? "").length < 262_144);
  });

  test("a call gets more operations than fit into it, page by page", async () => {
    assert.equal(await result("many", { count: 1_200 }), (1_200 * 1_199) / 2);
    // 24 results of 200 kB are more than the payload of a call has room for.
    assert.equal(((await result("large", { parts: 24, bytes: 200_000 })) as string[]).length, 24);
  });

  test("results of megabytes, of no value, and texts of any kind come out as they went in", async () => {
    assert.equal(((await result("returns", { bytes: 3_000_000 })) as string).length, 3_000_000);
    assert.equal(await result("none"), null);
    const text = 'ä€𝄞 \u0000\u2028 "\\';
    assert.deepEqual(await result("bytes", { text }), { text, bytes: Buffer.byteLength(text) });
  });

  test("functions are called by name, ARN and alias; what fails or is not there is the caller's to handle", async () => {
    const region = "arn:aws:lambda:us-east-1:000000000000:function";
    assert.deepEqual(await result("calls", { name: "durable--plain", payload: { a: 1 } }), { result: { plain: { a: 1 } } });
    assert.deepEqual(await result("calls", { name: `${region}:durable--plain:$LATEST`, payload: 1 }), { result: { plain: 1 } });
    assert.deepEqual(await result("calls", { name: "durable--flows", payload: { flow: "greet", name: "Ada" } }), { result: "Hello, Ada!" });
    const failed = (await result("calls", { name: "durable--plain", payload: { fails: true } })) as { error: string };
    assert.match(failed.error, /the plain function fails/);
    const missing = (await result("calls", { name: "durable--nobody" })) as { error: string };
    assert.match(missing.error, /Function not found/);
    const foreign = (await result("calls", { name: "durable-alone--plain" })) as { error: string };
    assert.match(foreign.error, /of another app/);
    const inner = (await result("calls", { name: "durable--flows", payload: { flow: "fails" } })) as { error: string };
    assert.match(inner.error, /it fails/);
  });

  test("an execution that takes too long ends, and one that may take more than 15 minutes is not waited for", async () => {
    const arn = await start("waits", { seconds: 600 }, { of: "durable--short" });
    const { Status, Error: error } = await ended(arn);
    assert.deepEqual(
      [Status, (await eventOf(arn, "ExecutionTimedOut"))?.EventType],
      ["TIMED_OUT", "ExecutionTimedOut"],
      JSON.stringify(error),
    );
    const waiting = lambda.send(new InvokeCommand({ FunctionName: "durable--long", Payload: '{"flow":"none"}' }));
    await assert.rejects(waiting, { name: "InvalidParameterValueException", message: /15 minutes/ });
    const long = await start("greet", { name: "Ada" }, { of: "durable--long" });
    assert.equal(await resultOf(long), "Hello, Ada!");
    assert.deepEqual((await shown(long)).DurableConfig, { ExecutionTimeout: 901, RetentionPeriodInDays: 30 });
  });

  test("who waits for an execution gets its result, or its error as of a function that throws", async () => {
    const invoke = (flow: string) =>
      lambda.send(new InvokeCommand({ FunctionName: "durable--flows", Payload: JSON.stringify({ flow, name: "Ada" }) }));
    const good = await invoke("greet");
    assert.deepEqual([good.FunctionError, Buffer.from(good.Payload!).toString()], [undefined, '"Hello, Ada!"']);
    assert.equal((await shown(good.DurableExecutionArn!)).Status, "SUCCEEDED");
    const bad = await invoke("data");
    assert.equal(bad.FunctionError, "Unhandled");
    const { errorMessage, errorType } = JSON.parse(Buffer.from(bad.Payload!).toString()) as Record<string, string>;
    assert.deepEqual([errorMessage, errorType], ["with data", "OwnError"]);
  });

  test("the only function of an app is durable, too, and has the app's name for AWS's client", async () => {
    const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/durable"));
    const functions = { flows: manifest.functions["flows"]! };
    await platform.client.deploy(
      { ...manifest, name: "durable-one", functions },
      bundles.filter((each) => each.function === "flows"),
    );
    assert.equal(await resultOf(await start("greet", { name: "Ada" }, { of: "durable-one" })), "Hello, Ada!");
    // It goes on when the app gets a second function, by which the first one has another name.
    const waiting = await start("approve", {}, { of: "durable-one" });
    const CallbackId = await callbackOf(waiting);
    await deploy(platform.client, "test/apps/durable", { name: "durable-one" });
    await lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from("yes") }));
    assert.deepEqual(await resultOf(waiting), { answer: "yes" });
  });

  test("a name starts an execution once, as long as its input is the same", async () => {
    const first = await start("greet", { name: "Ada" }, { name: "named" });
    assert.equal(await start("greet", { name: "Ada" }, { name: "named" }), first);
    await assert.rejects(start("greet", { name: "Bob" }, { name: "named" }), { name: "DurableExecutionAlreadyStartedException" });
    await ended(first);
    assert.equal(await start("greet", { name: "Ada" }, { name: "named" }), first);
    const others = start("greet", {}, { name: "with blank" });
    await assert.rejects(others, { name: "ValidationException" });
  });

  test("a stopped execution keeps the error that it was stopped with, and calls nobody any more", async () => {
    const arn = await start("waits", { seconds: 600 });
    const Error = { ErrorType: "Enough", ErrorMessage: "nobody needs it", ErrorData: "7", StackTrace: ["here"] };
    const { StopTimestamp } = await lambda.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn, Error }));
    const stopped = await ended(arn);
    assert.deepEqual([stopped.Status, stopped.Error], ["STOPPED", Error]);
    assert.deepEqual(stopped.EndTimestamp, StopTimestamp);
    const again = await lambda.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn }));
    assert.deepEqual([again.StopTimestamp, (await shown(arn)).Error], [StopTimestamp, Error]);
    assert.deepEqual((await eventOf(arn, "ExecutionStopped"))?.ExecutionStoppedDetails?.Error?.Payload, Error);
  });

  test("a history is read in pages, backwards, and without what is private", async () => {
    const arn = await start("greet", { name: "Ada" });
    await ended(arn);
    const whole = await historyOf(arn);
    assert.deepEqual(
      whole.map(({ EventId }) => EventId),
      whole.map((_, at) => at + 1),
    );
    const pages: Event[] = [];
    for (let Marker: string | undefined; ;) {
      const page = await lambda.send(
        new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn, MaxItems: 2, ReverseOrder: true, ...(Marker && { Marker }) }),
      );
      assert.ok(page.Events!.length <= 2);
      pages.push(...page.Events!);
      Marker = page.NextMarker;
      if (Marker === undefined) break;
    }
    assert.deepEqual(pages.toReversed(), whole);
    const bare = await historyOf(arn, { IncludeExecutionData: false });
    assert.equal(JSON.stringify(bare).includes("Ada"), false);
    assert.equal(bare.length, whole.length);
    const { InputPayload, Result, Status } = await lambda.send(
      new GetDurableExecutionCommand({ DurableExecutionArn: arn, IncludeExecutionData: false }),
    );
    assert.deepEqual([InputPayload, Result, Status], [undefined, undefined, "SUCCEEDED"]);
    await assert.rejects(historyOf(arn, { Marker: "no marker" }), { name: "InvalidParameterValueException" });
    await assert.rejects(historyOf(arn, { MaxItems: 1_001 }), { name: "ValidationException" });
  });

  test("executions are listed, the newest first, by name, status and time", async () => {
    const of = "durable-alone--long";
    const list = async (more: Partial<ListDurableExecutionsByFunctionCommandInput> = {}) => {
      const page = await lambda.send(new ListDurableExecutionsByFunctionCommand({ FunctionName: of, ...more }));
      return page.DurableExecutions!.map(({ DurableExecutionName }) => DurableExecutionName);
    };
    const [a, b, c] = ["list-a", "list-b", "list-c"] as const;
    await ended(await start("none", {}, { name: a, of }));
    const open = await start("waits", { seconds: 600 }, { name: b, of });
    await ended(await start("data", {}, { name: c, of }));
    assert.deepEqual(await list(), [c, b, a]);
    assert.deepEqual(await list({ ReverseOrder: true }), [a, b, c]);
    assert.deepEqual(await list({ Statuses: ["RUNNING"] }), [b]);
    assert.deepEqual(await list({ Statuses: ["SUCCEEDED", "FAILED"] }), [c, a]);
    assert.deepEqual(await list({ DurableExecutionName: a }), [a]);
    assert.deepEqual(await list({ StartedAfter: new Date(Date.now() + 60_000) }), []);
    assert.deepEqual(await list({ StartedBefore: new Date(Date.now() + 60_000), Qualifier: "$LATEST" }), [c, b, a]);
    const first = await lambda.send(new ListDurableExecutionsByFunctionCommand({ FunctionName: of, MaxItems: 2 }));
    assert.deepEqual(await list({ MaxItems: 2, Marker: first.NextMarker! }), [a]);
    await lambda.send(new StopDurableExecutionCommand({ DurableExecutionArn: open }));
    assert.deepEqual(await list({ Statuses: ["STOPPED"] }), [b]);
    await assert.rejects(list({ Statuses: ["LOST" as "RUNNING"] }), { name: "ValidationException" });
  });

  test("a request at the gateway starts an execution, and gets its result as that of any function", async () => {
    const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
      const response = await platform.call(path, { method: "POST", body: JSON.stringify(body), headers });
      return { status: response.status, text: await response.text(), run: response.headers.get("mayfly-run") };
    };
    const greet = { flow: "greet", name: "Ada" };
    const key = { "idempotency-key": "greet Ada once" };
    const first = await post("/durable/flows", greet, key);
    assert.deepEqual([first.status, first.text], [200, "Hello, Ada!"]);
    assert.equal((await platform.client.run("durable", first.run!)).status, "SUCCEEDED");
    assert.deepEqual(await post("/durable/flows", greet, key), first);
    const other = await post("/durable/flows", { ...greet, name: "Bob" }, key);
    assert.match(`${other.status} ${other.text}`, /^409 .*execution-exists/);
    const long = await post("/durable/long", greet);
    assert.equal(long.status, 202);
    const { id } = JSON.parse(long.text) as { id: string };
    const ends = (run: string) =>
      eventually(
        "its end",
        () => platform.client.run("durable", run),
        ({ status }) => status !== "RUNNING",
      );
    assert.equal((await ends(id)).result, '"Hello, Ada!"');
    const failed = await post("/durable/flows", { flow: "data" });
    assert.match(`${failed.status} ${failed.text}`, /^500 .*execution-failed.* failed: OwnError: with data/);
    const old = await post("/durable@1/flows", greet);
    assert.match(`${old.status} ${old.text}`, /^400 .*newest code/);
  });

  test("an event of a durable function starts an execution that has the event's id as its name", async () => {
    const accepted = await platform.client.acceptEvent("durable", "flows", { payload: { flow: "greet", name: "Ada" } });
    const later = await platform.call("/durable/flows", {
      method: "POST",
      body: JSON.stringify({ flow: "greet", name: "Bob" }),
      headers: { prefer: "respond-async" },
    });
    assert.equal(later.status, 202);
    const { id } = (await later.json()) as { id: string };
    for (const [event, greeting] of [
      [accepted.id, "Ada"],
      [id, "Bob"],
    ] as const) {
      const run = () => platform.client.run("durable", event).catch(() => undefined);
      const found = await eventually("its end", run, (each) => each !== undefined && each.status !== "RUNNING");
      assert.deepEqual([found!.status, found!.result], ["SUCCEEDED", `"Hello, ${greeting}!"`]);
      const done = () => platform.client.event("durable", event);
      assert.equal((await eventually("the event", done, ({ endedAt }) => endedAt !== null)).state, "succeeded");
    }
  });

  test("the command line lists, shows, follows, answers and stops executions, in plain words and as JSON", async () => {
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await mayfly(["runs", ...args, "--api", platform.running.apiUrl, "--state", platform.stateDir]);
      assert.equal(code, 0, stderr);
      return stdout;
    };
    const arn = await start("approve", {}, { name: "by-hand", of: "durable-alone--flows" });
    const callback = await callbackOf(arn);
    const words = () => run("show", "durable-alone", "by-hand");
    await until(async () => (await words()).includes(`waits for the callback approval (${callback}) until `));
    assert.match(await run("list", "durable-alone", "--only", "running", "--function", "flows"), /by-hand +flows +running/);
    const { runs } = JSON.parse(await run("list", "durable-alone", "--json")) as { runs: { id: string; name: string; status: string }[] };
    const { id, status } = runs.find(({ name }) => name === "by-hand")!;
    assert.equal(status, "RUNNING");
    const explained = await platform.client.explain("durable-alone");
    assert.ok(
      explained.now.some((sentence) =>
        sentence.startsWith("The durable execution by-hand of flows has not ended: it waits for the callback"),
      ),
    );
    assert.match(await run("history", "durable-alone", id), /ExecutionStarted[\s\S]+ContextStarted +approval[\s\S]+CallbackStarted/);
    const refused = async (...args: string[]) =>
      (
        await mayfly([
          "runs",
          "answer",
          "durable-alone",
          "by-hand",
          ...args,
          "--api",
          platform.running.apiUrl,
          "--state",
          platform.stateDir,
        ])
      ).stderr;
    assert.match(await refused("yes", "--callback", "none"), /The durable execution by-hand waits for no callback none\./);
    assert.match(await refused("yes", "--fail", "no"), /a text or --fail, not both/);
    await start("approve", {}, { name: "answered", of: "durable-alone--flows" });
    await until(async () => (await run("show", "durable-alone", "answered")).includes("waits for the callback approval"));
    assert.match(
      await run("answer", "durable-alone", "answered", "yes", "--callback", "approval"),
      /The callback approval of answered is completed/,
    );
    await until(async () => (await run("show", "durable-alone", "answered")).includes("succeeded"));
    assert.match(await run("history", "durable-alone", "answered"), /CallbackSucceeded.*yes/);
    await start("approve", {}, { name: "declined", of: "durable-alone--flows" });
    await until(async () => (await run("show", "durable-alone", "declined")).includes("waits for the callback approval"));
    await run("answer", "durable-alone", "declined", "--fail", "too expensive");
    await until(async () => !(await run("show", "durable-alone", "declined")).includes(" running "));
    assert.match(await run("history", "durable-alone", "declined"), /CallbackFailed.*too expensive/);
    assert.match(await run("stop", "durable-alone", "by-hand", "--reason", "ordered twice"), /has ended/);
    assert.match(await run("show", "durable-alone", id), /stopped[\s\S]+ordered twice/);
    const none = await mayfly(["runs", "show", "durable-alone", "nobody", "--api", platform.running.apiUrl, "--state", platform.stateDir]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /There is no durable execution nobody in the app/);
  });
});
