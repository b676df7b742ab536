/**
 * Replays what AWS's own EventBridge and EventBridge Scheduler were recorded to answer, through AWS's SDK, against a server, and compares whole answers. The recordings are beside the repository; where
 * they are missing, there are no such tests.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  DeleteRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
  PutEventsCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  TestEventPatternCommand,
} from "@aws-sdk/client-eventbridge";
import * as sdk from "@aws-sdk/client-scheduler";
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { matches } from "../src/patterns/matches.ts";
import { readPattern } from "../src/patterns/read-pattern.ts";
import { serve } from "./command.ts";
import { tried } from "./events/patterns.ts";
import { Placeholders } from "./lambda/compare.ts";
import { createKey } from "./lambda/key.ts";
import type { Recording } from "./lambda/recordings.ts";
import { asRecorded } from "./lambda/replay.ts";
import { createScope, projectDir, temporaryFolder } from "./platform.ts";

const folder = join(projectDir, "..", "shared", "recordings");
const account = "0".repeat(12);
/** What every event has. */
const usual = { id: "1", source: "shop", "detail-type": "order", account, region: "us-east-1", time: "2026-11-30T10:00:00Z" };

/** Recorded tests that are not replayed, and why. */
const leftOut: Readonly<Record<string, string>> = {
  test_schedule_cron_target_sqs: "it waits for the next minute but one",
  tests_schedule_rate_target_sqs: "it waits for two minutes",
};

async function failureOf(call: Promise<unknown>): Promise<Error & { $metadata: { httpStatusCode: number } }> {
  try {
    await call;
  } catch (error) {
    return error as Error & { $metadata: { httpStatusCode: number } };
  }
  return assert.fail("the call should have failed");
}

function recordings(file: string): [test: string, recording: Recording][] {
  return Object.entries(JSON.parse(readFileSync(join(folder, file), "utf8")) as Record<string, Recording>);
}

if (!existsSync(folder)) console.log("AWS's recordings are not beside the repository: nothing is replayed");
else {
  const recorded = ["events/patterns.json", "events/schedule.json", "scheduler.json"].flatMap(recordings);
  describe(`${recorded.length} recordings of the answers of EventBridge and its Scheduler, read from ${folder}`, () => {
    const scope = createScope();
    let events: EventBridgeClient;
    let scheduler: sdk.SchedulerClient;
    let sqs: SQSClient;

    before(async () => {
      const stateDir = temporaryFolder(scope);
      const { apiUrl } = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
      const credentials = await createKey(apiUrl, stateDir);
      events = new EventBridgeClient({ endpoint: apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
      scope.after(() => events.destroy());
      scheduler = new sdk.SchedulerClient({ endpoint: apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
      scope.after(() => scheduler.destroy());
      sqs = new SQSClient({ endpoint: apiUrl, region: "us-east-1", credentials });
      scope.after(() => sqs.destroy());
    });
    after(() => scope.close());

    const trying = (Event: string, EventPattern: string) => events.send(new TestEventPatternCommand({ Event, EventPattern }));
    const compare = (recording: unknown, answer: unknown) =>
      assert.deepEqual(new Placeholders(account).differences(recording, asRecorded(answer)), []);

    /** @param recorded the error as it was recorded */
    async function compareFailure(error: unknown, call: Promise<unknown>): Promise<void> {
      const { Error: wanted, ResponseMetadata } = error as { Error: Record<string, string>; ResponseMetadata: { HTTPStatusCode: number } };
      const thrown = await failureOf(call);
      const message = wanted["MessageRaw"] ?? wanted["Message"];
      assert.deepEqual(
        [thrown.name, thrown.message, thrown.$metadata.httpStatusCode],
        [wanted["Code"], message, ResponseMetadata.HTTPStatusCode],
      );
    }

    async function compareTried(name: string, recording: Recording): Promise<void> {
      const own = tried[name];
      const text = JSON.stringify(recording);
      const [, quoted] = /\[Source: \(String\)\\"(.*?)\\"; line: 1, column: \d+\]/s.exec(text) ?? [];
      const pattern = quoted === undefined ? JSON.stringify(own!.pattern) : (JSON.parse(`"${quoted.replaceAll("\\\\", "\\")}"`) as string);
      const call = trying(JSON.stringify({ ...usual, ...own?.event }), pattern);
      if (!name.endsWith("_EXC")) assert.equal((await call).Result, !name.endsWith("_NEG"), `${pattern} of ${JSON.stringify(own!.event)}`);
      else await compareFailure((recording[name] as { exception_message: unknown }).exception_message, call);
    }

    const scripts: Record<string, (recording: Recording, parameter: string) => Promise<void>> = {
      test_event_pattern: (recording, name) => compareTried(name, recording),
      async test_event_pattern_source(recording) {
        const test = (source: string) => trying(JSON.stringify(usual), JSON.stringify({ source: [source] }));
        compare(recording["eventbridge-test-event-pattern-response"], await test("shop"));
        compare(recording["eventbridge-test-event-pattern-response-no-match"], await test("other"));
      },
      test_array_event_payload: (recording) => compareFailure(recording["array-event-payload-exc"], trying("[]", '{"a":["b"]}')),
      test_invalid_event_payload: (recording) => compareFailure(recording["plain-string-payload-exc"], trying('{"a": b', '{"a":["b"]}')),
      test_plain_string_payload: (recording) => compareFailure(recording["plain-string-payload-exc"], trying("plain", '{"a":["b"]}')),
      test_invalid_json_event_pattern: (recording, pattern) =>
        compareFailure(recording["invalid-pattern"], trying(JSON.stringify(usual), pattern)),
      test_put_rule_with_schedule_rate: (recording) => compareRule(recording, "rate(1 minute)"),
      tests_put_rule_with_schedule_cron: (recording, expression) => compareRule(recording, expression || "cron(0 20 * * ? *)"),
      tests_put_rule_with_invalid_schedule_cron: (recording, ScheduleExpression) =>
        compareFailure(recording["invalid-put-rule"], events.send(new PutRuleCommand({ Name: "invalid", ScheduleExpression }))),
      test_put_events_with_rule_pattern_anything_but: (recording) =>
        compareMessages(recording["rule-anything-but"], { command: [{ "anything-but": ["no-message"] }] }, [
          { command: "display-message", payload: "baz" },
          { command: null, payload: "baz" },
          { command: "no-message", payload: "baz" },
        ]),
      test_put_events_with_rule_pattern_exists_true: (recording) =>
        compareMessages(recording["rule-exists-true"], { key: [{ exists: true }] }, [
          { "no-key": "no-value", payload: "baz" },
          { key: "value", payload: "baz" },
        ]),
      test_put_events_with_rule_pattern_exists_false: (recording) =>
        compareMessages(recording["rule-exists-false"], { key: [{ exists: false }] }, [
          { key: "value", payload: "baz" },
          { "no-key": "no-value", payload: "baz" },
        ]),
      test_create_schedule_with_valid_cron_expressions: async (recording, expression) =>
        compare(recording["create-schedule"], await createSchedule(expression)),
      tests_create_schedule_with_valid_schedule_expression: async (recording) =>
        compare(recording["valid-schedule-expression"], await createSchedule("at(2050-12-31T23:59:59)")),
      tests_create_schedule_with_invalid_schedule_expression: (recording, expression) =>
        compareFailure(recording["invalid-schedule-expression"], createSchedule(expression)),
      async test_tag_resource(recording) {
        const ResourceArn = await createGroup([]);
        await scheduler.send(new sdk.TagResourceCommand({ ResourceArn, Tags: [{ Key: "TagKey", Value: "TagValue" }] }));
        compare(recording["list-tagged-schedule"], await scheduler.send(new sdk.ListTagsForResourceCommand({ ResourceArn })));
      },
      async test_untag_resource(recording) {
        const ResourceArn = await createGroup([{ Key: "TagKey", Value: "TagValue" }]);
        await scheduler.send(new sdk.UntagResourceCommand({ ResourceArn, TagKeys: ["TagKey"] }));
        compare(recording["list-untagged-schedule"], await scheduler.send(new sdk.ListTagsForResourceCommand({ ResourceArn })));
      },
    };

    /** One event after the other, as their messages are compared in the order of the events. */
    async function compareMessages(recording: unknown, detail: object, details: readonly object[]): Promise<void> {
      const name = `messages-${++made}`;
      const Source = "core.update-account-command";
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
      const EventPattern = JSON.stringify({ source: [Source], "detail-type": [Source], detail });
      await events.send(new PutRuleCommand({ Name: name, EventPattern }));
      const Arn = `arn:aws:sqs:us-east-1:${account}:${name}`;
      await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: "1", Arn }] }));
      const messages: object[] = [];
      for (const each of details) {
        await events.send(new PutEventsCommand({ Entries: [{ Source, DetailType: Source, Detail: JSON.stringify(each) }] }));
        const isWanted = matches(readPattern(EventPattern), { source: Source, "detail-type": Source, detail: each });
        const wanted = messages.length + (isWanted ? 1 : 0);
        do {
          const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: isWanted ? 10 : 0 }));
          for (const { Body, ...message } of Messages) messages.push(Object.assign(message, { Body: JSON.parse(Body!) as unknown }));
        } while (messages.length < wanted);
      }
      compare(recording, messages);
      await events.send(new RemoveTargetsCommand({ Rule: name, Ids: ["1"] }));
      await events.send(new DeleteRuleCommand({ Name: name }));
    }

    async function createGroup(Tags: sdk.Tag[]): Promise<string> {
      const { ScheduleGroupArn } = await scheduler.send(new sdk.CreateScheduleGroupCommand({ Name: `group-${++made}`, Tags }));
      return ScheduleGroupArn!;
    }

    function createSchedule(ScheduleExpression: string): Promise<sdk.CreateScheduleCommandOutput> {
      const Target = { Arn: `arn:aws:lambda:us-east-1:${account}:function:any`, RoleArn: `arn:aws:iam::${account}:role/any` };
      const given = { ScheduleExpression, Target, FlexibleTimeWindow: { Mode: "OFF" } as const };
      return scheduler.send(new sdk.CreateScheduleCommand({ Name: `schedule-${++made}`, ...given }));
    }

    let made = 0;
    async function compareRule(recording: Recording, ScheduleExpression: string): Promise<void> {
      const Name = `rule-${++made}-`;
      const same = new Placeholders(account);
      const put = await events.send(new PutRuleCommand({ Name, ScheduleExpression }));
      const listed = await events.send(new ListRulesCommand({ NamePrefix: Name }));
      assert.deepEqual(
        [...same.differences(recording["put-rule"], asRecorded(put)), ...same.differences(recording["list-rules"], asRecorded(listed))],
        [],
      );
    }

    for (const [title, recording] of recorded) {
      const [, name = "", parameter = ""] = /(?:^|::)(\w+)(?:\[([^]*)\])?$/.exec(title)!;
      const script = scripts[name];
      if (script !== undefined) test(title, () => script(recording, parameter));
    }

    test("every recorded test is replayed, or left out with a reason", () => {
      const names = new Set(recorded.map(([title]) => /(?:^|::)(\w+)(?:\[|$)/.exec(title)![1]!));
      assert.deepEqual(
        [...names].filter((name) => scripts[name] === undefined && leftOut[name] === undefined),
        [],
      );
      assert.deepEqual(
        Object.keys(leftOut).filter((name) => scripts[name] !== undefined || !names.has(name)),
        [],
      );
    });
  });
}
