/** Events that are published to buses, and the rules and triggers that they start functions by, with AWS's SDK as the client. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as sdk from "@aws-sdk/client-eventbridge";
import { CreateQueueCommand, type Message, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { type Client, createClient } from "../src/doors/admin/client.ts";
import { serve } from "./command.ts";
import { createKey, createNeighbour } from "./lambda/key.ts";
import { createScope, eventually, projectDir, temporaryFolder } from "./platform.ts";

interface Noted {
  event: (Record<string, unknown> & { detail?: Record<string, unknown> }) | null;
}

const region = "eu-central-1";
const account = "0".repeat(12);
const functionArn = (name: string) => `arn:aws:lambda:${region}:${account}:function:${name}`;

describe("event buses", () => {
  const scope = createScope();
  let stateDir: string;
  let file: string;
  let server: Awaited<ReturnType<typeof serve>>;
  let client: Client;
  let events: sdk.EventBridgeClient;
  let sqs: SQSClient;

  const begin = async (): Promise<void> => {
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "1"]);
    client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  };
  const clientOf = (credentials: sdk.EventBridgeClientConfig["credentials"]) => {
    const made = new sdk.EventBridgeClient({ endpoint: server.apiUrl, region, credentials: credentials!, maxAttempts: 1 });
    scope.after(() => made.destroy());
    return made;
  };

  before(async () => {
    stateDir = temporaryFolder(scope);
    file = join(stateDir, "noted");
    writeFileSync(file, "");
    await begin();
    const credentials = await createKey(server.apiUrl, stateDir);
    events = clientOf(credentials);
    sqs = new SQSClient({ endpoint: server.apiUrl, region, credentials });
    scope.after(() => sqs.destroy());
    const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/bus"));
    await client.deploy({ ...manifest, env: { FILE: file } }, bundles);
  });
  after(() => scope.close());

  const noted = () =>
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      // A part of an event that it does not have is null.
      .map((line) => (JSON.parse(line) as Noted).event ?? {});
  const seen = (what: string, fits: (event: NonNullable<Noted["event"]>) => boolean) =>
    eventually(
      what,
      () => noted().filter(fits),
      (all) => all.length > 0,
    );
  const entry = (type: string, detail: object, more: Partial<sdk.PutEventsRequestEntry> = {}): sdk.PutEventsRequestEntry => ({
    Source: "shop",
    DetailType: type,
    Detail: JSON.stringify(detail),
    ...more,
  });
  const publish = (...Entries: sdk.PutEventsRequestEntry[]) => events.send(new sdk.PutEventsCommand({ Entries }));

  test("an event starts the functions whose triggers ask for it, as EventBridge's events are", async () => {
    const Time = new Date("2026-11-30T10:00:00Z");
    const { FailedEntryCount, Entries } = await publish(
      entry("order.paid", { amount: 250, n: 1 }, { Time, Resources: ["order/1"] }),
      entry("order.paid", { amount: 50, n: 2 }),
      entry("order.sent", { amount: 250, n: 3 }),
      entry("order.paid", { amount: 101, n: 4 }),
    );
    assert.equal(FailedEntryCount, 0);
    const [first] = await seen("the first event", ({ detail }) => detail?.["n"] === 1);
    assert.deepEqual(first, {
      version: "0",
      id: Entries![0]!.EventId,
      "detail-type": "order.paid",
      source: "shop",
      account,
      time: "2026-11-30T10:00:00Z",
      region,
      resources: ["order/1"],
      detail: { amount: 250, n: 1 },
    });
    await seen("the last event", ({ detail }) => detail?.["n"] === 4);
    assert.deepEqual(
      noted().map(({ detail }) => detail!["n"]),
      [1, 4],
    );
  });

  test("a bus has a name, and its events go to those who listen to it", async () => {
    const { EventBusArn } = await events.send(new sdk.CreateEventBusCommand({ Name: "audit", Description: "who did what" }));
    assert.equal(EventBusArn, `arn:aws:events:${region}:${account}:event-bus/audit`);
    const { Entries } = await publish(
      entry("note", { n: 5 }, { EventBusName: "audit" }),
      entry("note", { n: 6 }),
      entry("note", { n: 7 }, { EventBusName: "none" }),
      entry("note", { n: 8 }, { EventBusName: EventBusArn }),
    );
    assert.deepEqual(
      Entries!.map(({ ErrorCode }) => ErrorCode),
      [undefined, undefined, "ResourceNotFoundException", undefined],
    );
    await seen("the last event of the bus", ({ detail }) => detail?.["n"] === 8);
    await seen("the first event of the bus", ({ detail }) => detail?.["n"] === 5);
    assert.ok(!noted().some(({ detail }) => detail?.["n"] === 6 || detail?.["n"] === 7));
    const { EventBuses } = await events.send(new sdk.ListEventBusesCommand({}));
    assert.deepEqual(
      EventBuses!.map(({ Name, Description }) => [Name, Description]),
      [
        ["audit", "who did what"],
        ["default", undefined],
      ],
    );
    await assert.rejects(events.send(new sdk.CreateEventBusCommand({ Name: "audit" })), { name: "ResourceAlreadyExistsException" });
    await assert.rejects(events.send(new sdk.DescribeEventBusCommand({ Name: "none" })), { name: "ResourceNotFoundException" });
  });

  test("entries that are no good are told one by one, and the others are taken", async () => {
    const { FailedEntryCount, Entries } = await publish(
      entry("x", {}, { Detail: "[1]" }),
      entry("x", {}, { Source: "aws.s3" }),
      entry("x", {}, { Source: undefined }),
      entry("order.paid", { amount: 1_000, n: 9 }),
    );
    assert.equal(FailedEntryCount, 3);
    assert.deepEqual(
      Entries!.map(({ ErrorCode }) => ErrorCode),
      ["MalformedDetail", "NotAuthorizedForSourceException", "InvalidArgument", undefined],
    );
    await seen("the good one", ({ detail }) => detail?.["n"] === 9);
    await assert.rejects(publish(...Array.from({ length: 11 }, () => entry("x", {}))), { name: "ValidationException" });
  });

  test("a rule starts its targets with what they are to get of an event", async () => {
    const Arn = functionArn("bus--other");
    const EventPattern = JSON.stringify({ "detail-type": ["order.sent"] });
    const { RuleArn } = await events.send(new sdk.PutRuleCommand({ Name: "sent", EventPattern, Tags: [{ Key: "team", Value: "blue" }] }));
    assert.equal(RuleArn, `arn:aws:events:${region}:${account}:rule/sent`);
    const Targets: sdk.Target[] = [
      { Id: "all", Arn },
      { Id: "part", Arn, InputPath: "$.detail.address" },
      { Id: "constant", Arn, Input: '{"constant":1}' },
      {
        Id: "text",
        Arn,
        InputTransformer: {
          InputPathsMap: { n: "$.detail.n", to: "$.detail.address.city" },
          InputTemplate: '{"n": <n>, "text": "to <to> by <aws.events.rule-name>"}',
        },
        RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 600 },
      },
    ];
    await events.send(new sdk.PutTargetsCommand({ Rule: "sent", Targets }));
    const { Targets: listed } = await events.send(new sdk.ListTargetsByRuleCommand({ Rule: "sent" }));
    assert.deepEqual(
      listed!.toSorted((one, other) => (one.Id! < other.Id! ? -1 : 1)),
      Targets.toSorted((one, other) => (one.Id! < other.Id! ? -1 : 1)),
    );
    const { RuleNames } = await events.send(new sdk.ListRuleNamesByTargetCommand({ TargetArn: Arn }));
    assert.deepEqual(RuleNames, ["sent"]);
    await publish(entry("order.sent", { n: 10, address: { city: 'Ulm "an der Donau"' } }));
    await seen("all of the event", ({ detail }) => detail?.["n"] === 10);
    await seen("a part of it", ({ city }) => city === 'Ulm "an der Donau"');
    await seen("a constant", ({ constant }) => constant === 1);
    await seen("a text", ({ n, text }) => n === 10 && text === 'to Ulm "an der Donau" by sent');
    const { Tags } = await events.send(new sdk.ListTagsForResourceCommand({ ResourceARN: RuleArn }));
    assert.deepEqual(Tags, [{ Key: "team", Value: "blue" }]);
  });

  test("a rule that is disabled starts nothing, and one with targets is not removed", async () => {
    await events.send(new sdk.DisableRuleCommand({ Name: "sent" }));
    await publish(entry("order.sent", { n: 11 }));
    await events.send(new sdk.EnableRuleCommand({ Name: "sent" }));
    await publish(entry("order.sent", { n: 12 }));
    await seen("the event after it was enabled", ({ detail }) => detail?.["n"] === 12);
    assert.ok(!noted().some(({ detail }) => detail?.["n"] === 11));
    await assert.rejects(events.send(new sdk.DeleteRuleCommand({ Name: "sent" })), /since it has targets/);
    const Ids = ["all", "part", "constant", "text", "none"];
    const removed = await events.send(new sdk.RemoveTargetsCommand({ Rule: "sent", Ids }));
    assert.deepEqual([removed.FailedEntryCount, removed.FailedEntries![0]!.TargetId], [1, "none"]);
    await events.send(new sdk.DeleteRuleCommand({ Name: "sent" }));
    await assert.rejects(events.send(new sdk.DescribeRuleCommand({ Name: "sent" })), { name: "ResourceNotFoundException" });
  });

  test("what cannot be a target, a pattern or a schedule is refused", async () => {
    const rule = (more: object) => events.send(new sdk.PutRuleCommand({ Name: "wrong", ...more }));
    await assert.rejects(rule({}), /must be specified/);
    await assert.rejects(rule({ EventPattern: '{"a": "b"}' }), { name: "InvalidEventPatternException" });
    await assert.rejects(rule({ ScheduleExpression: "rate(1 minutes)" }), { name: "ValidationException" });
    await assert.rejects(rule({ ScheduleExpression: "rate(1 minute)", EventBusName: "audit" }), /only on the default event bus/);
    await rule({ EventPattern: '{"source":["a"]}' });
    const target = (Arn: string) => events.send(new sdk.PutTargetsCommand({ Rule: "wrong", Targets: [{ Id: "1", Arn }] }));
    await assert.rejects(target("nothing"), /not in correct format/);
    await assert.rejects(target(`arn:aws:states:${region}:${account}:stateMachine:x`), /nothing of this kind is here/);
    await assert.rejects(target(`arn:aws:lambda:${region}:123456789012:function:x`), /of another account/);
    await events.send(new sdk.DeleteRuleCommand({ Name: "wrong" }));
  });

  test("a rule sends to a queue, and what a target gives up goes to one", async () => {
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "orders" }));
    const { QueueUrl: lettersUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "letters" }));
    const { QueueUrl: orderedUrl } = await sqs.send(
      new CreateQueueCommand({ QueueName: "ordered.fifo", Attributes: { FifoQueue: "true" } }),
    );
    const queueArn = (name: string) => `arn:aws:sqs:${region}:${account}:${name}`;
    const EventPattern = JSON.stringify({ "detail-type": ["order.lost"] });
    await events.send(new sdk.PutRuleCommand({ Name: "lost", EventPattern }));
    const DeadLetterConfig = { Arn: queueArn("letters") };
    const RetryPolicy = { MaximumRetryAttempts: 0 };
    const Targets: sdk.Target[] = [
      { Id: "queue", Arn: queueArn("orders"), InputPath: "$.detail" },
      { Id: "ordered", Arn: queueArn("ordered.fifo"), Input: '"in order"', SqsParameters: { MessageGroupId: "lost" } },
      { Id: "fails", Arn: functionArn("bus--fail"), Input: '{"of":"failing"}', DeadLetterConfig, RetryPolicy },
      { Id: "gone", Arn: functionArn("gone"), Input: '{"of":"gone"}', DeadLetterConfig },
    ];
    await events.send(new sdk.PutTargetsCommand({ Rule: "lost", Targets }));
    await publish(entry("order.lost", { n: 13 }));
    const receive = async (url: string | undefined, count: number) => {
      const all: Message[] = [];
      while (all.length < count) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({
            QueueUrl: url,
            WaitTimeSeconds: 10,
            MaxNumberOfMessages: 10,
            MessageAttributeNames: ["All"],
            MessageSystemAttributeNames: ["MessageGroupId"],
          }),
        );
        all.push(...Messages);
      }
      return all;
    };
    assert.deepEqual(
      (await receive(QueueUrl, 1)).map(({ Body }) => Body),
      ['{"n":13}'],
    );
    assert.deepEqual(
      (await receive(orderedUrl, 1)).map(({ Body, Attributes }) => [Body, Attributes?.MessageGroupId]),
      [['"in order"', "lost"]],
    );
    const letters = await receive(lettersUrl, 2);
    assert.deepEqual(letters.map(({ Body }) => Body!).toSorted(), ['{"of":"failing"}', '{"of":"gone"}']);
    const failing = letters.find(({ Body }) => Body!.includes("failing"))!.MessageAttributes!;
    assert.match(failing["ERROR_MESSAGE"]!.StringValue!, /the function failed|it always fails/);
    assert.equal(failing["RETRY_ATTEMPTS"]!.StringValue, "1");
    await events.send(new sdk.RemoveTargetsCommand({ Rule: "lost", Ids: Targets.map(({ Id }) => Id!) }));
    await events.send(new sdk.DeleteRuleCommand({ Name: "lost" }));
  });

  test("tenants have buses of their own, and rights count", async () => {
    const neighbour = await createNeighbour(server.apiUrl, stateDir);
    const theirs = clientOf(neighbour.credentials);
    const { Entries } = await theirs.send(
      new sdk.PutEventsCommand({ Entries: [entry("order.paid", { amount: 500, n: 20 }), entry("x", {}, { EventBusName: "audit" })] }),
    );
    assert.deepEqual(
      Entries!.map(({ ErrorCode }) => ErrorCode),
      [undefined, "ResourceNotFoundException"],
    );
    const other = `arn:aws:events:${region}:${account}:event-bus/audit`;
    await assert.rejects(theirs.send(new sdk.DescribeEventBusCommand({ Name: other })), /no event bus of the account/);
    const invoker = clientOf(await createKey(server.apiUrl, stateDir, ["--role", "invoker"], "publisher"));
    await invoker.send(new sdk.PutEventsCommand({ Entries: [entry("order.paid", { amount: 500, n: 21 })] }));
    await assert.rejects(invoker.send(new sdk.ListRulesCommand({})), { name: "AccessDeniedException" });
    await assert.rejects(invoker.send(new sdk.PutRuleCommand({ Name: "x", EventPattern: "{}" })), { name: "AccessDeniedException" });
    const stranger = clientOf({ accessKeyId: "nobody", secretAccessKey: "nothing" });
    await assert.rejects(stranger.send(new sdk.ListRulesCommand({})), { name: "UnrecognizedClientException" });
    await seen("the event of who may publish", ({ detail }) => detail?.["n"] === 21);
    assert.ok(!noted().some(({ detail }) => detail?.["n"] === 20));
  });

  test("triggers of buses are listed, fired by hand and paused like others", async () => {
    const paid = (await client.triggers("bus")).find(({ name }) => name === "paid");
    assert.deepEqual([paid!.kind, paid!.path, paid!.fired > 0], ["bus", null, true]);
    await client.fireTrigger("bus", "paid", {});
    await seen("a sample", ({ source, detail }) => source === "shop" && detail?.["id"] === "sample");
    await client.pauseTrigger("bus", "paid", true);
    await publish(entry("order.paid", { amount: 500, n: 30 }));
    await client.pauseTrigger("bus", "paid", false);
    await publish(entry("order.paid", { amount: 500, n: 31 }));
    await seen("the event after the pause", ({ detail }) => detail?.["n"] === 31);
    assert.ok(!noted().some(({ detail }) => detail?.["n"] === 30));
  });

  test("a function publishes from its machine to the buses that its manifest names, and does nothing else there", async () => {
    const call = async (operation: string, Entries: object[]) => {
      const { id } = await client.acceptEvent("bus", "publish", { payload: { operation, Entries } });
      const { result } = await eventually(
        "the function",
        () => client.event("bus", id),
        ({ endedAt }) => endedAt !== null,
      );
      return JSON.parse(result!) as { status: number; body: { Entries?: { ErrorCode?: string }[]; __type?: string } };
    };
    const entries = [entry("order.paid", { amount: 500, n: 40 }), entry("note", { n: 41 }, { EventBusName: "audit" })];
    const { status, body } = await call("PutEvents", entries);
    assert.deepEqual([status, body.Entries!.map(({ ErrorCode }) => ErrorCode)], [200, [undefined, "ResourceNotFoundException"]]);
    await seen("the event of the function", ({ detail }) => detail?.["n"] === 40);
    const refused = await call("PutRule", []);
    assert.deepEqual([refused.status, refused.body.__type], [400, "UnknownOperationException"]);
    assert.ok(!noted().some(({ detail }) => detail?.["n"] === 41));
  });

  test("what was published is handled by a server that was killed right after its answer", async () => {
    await publish(...Array.from({ length: 10 }, (_, at) => entry("order.paid", { amount: 500, n: 100 + at })));
    server.child.kill("SIGKILL");
    await server.end("SIGKILL");
    await begin();
    for (let n = 100; n < 110; n++) await seen(`the event ${n}`, ({ detail }) => detail?.["n"] === n);
  });
});
