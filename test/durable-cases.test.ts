/**
 * The cases of ../shared/durable-cases/, each run by AWS's SDK for durable executions in a function, and by AWS's client outside. Where the folder is missing, there are none.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Event,
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  InvokeCommand,
  LambdaClient,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand,
} from "@aws-sdk/client-lambda";
import { until } from "../src/base/clock/until.ts";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { type CallbackAction, type Case, differences, readCases } from "./durable/cases.ts";
import { createKey } from "./lambda/key.ts";
import { createScope, deploy, type Platform, projectDir, startPlatform } from "./platform.ts";

const seed = seedOf();
const random = new Random(seed);
const all = readCases(join(projectDir, "../shared/durable-cases"), random);
/** Their functions end the process, and with it whatever else runs in the machine. */
const CRASHING = new Set(["1-17", "1-18", "3-12"]);
/** Cases that run at the same time: most of their time they wait. */
const AT_ONCE = 8;

if (all === undefined) console.log("# ../shared/durable-cases is missing: its cases were not run");
else
  describe(`the ${all.length} cases of ../shared/durable-cases, with texts of the seed ${seed}`, { concurrency: AT_ONCE }, () => {
    const scope = createScope();
    let platform: Platform;
    let lambda: LambdaClient;

    before(async () => {
      platform = await startPlatform(scope, { driver: "process" });
      await deploy(platform.client, "test/apps/durable-cases");
      await deploy(platform.client, "test/apps/durable-cases", { name: "durable-crashes", concurrency: 1 });
      const credentials = await createKey(platform.running.apiUrl, platform.stateDir);
      lambda = new LambdaClient({ endpoint: platform.running.apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
    });
    after(() => scope.close());

    for (const each of all) test(`${each.number}: ${each.description}`, () => run(each));

    async function run(own: Case): Promise<void> {
      const app = CRASHING.has(own.number) ? "durable-crashes" : "durable-cases";
      const name = `case-${own.number}-${random.below(1e9)}`;
      const answer = await lambda.send(
        new InvokeCommand({
          FunctionName: `${app}--cases`,
          InvocationType: own.isAsync ? "Event" : "RequestResponse",
          DurableExecutionName: name,
          Payload: JSON.stringify(own.input),
        }),
      );
      const arn = answer.DurableExecutionArn!;
      assert.match(arn, new RegExp(`:\\$LATEST/durable-execution/${name}/`));
      for (const action of own.callbacks) await callBack(arn, action);
      if (own.result === undefined) return reaches(own, arn);
      const execution = await ended(arn);
      assert.equal(execution.Status, own.result.ExecutionStatus, JSON.stringify(execution.Error));
      if (own.result.Result !== undefined) assert.deepEqual(JSON.parse(execution.Result ?? "null"), own.result.Result);
      assert.deepEqual(differences(own.history, await historyOf(arn)), []);
      for (const log of own.logs) await hasLogged(app, log);
    }

    /** For an execution whose end the case does not wait for. */
    async function reaches(own: Case, arn: string): Promise<void> {
      await until(async () => differences(own.history, await historyOf(arn)).length === 0);
      await lambda.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn }));
      assert.equal((await ended(arn)).Status, "STOPPED");
    }

    async function ended(arn: string) {
      let execution = await lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
      while (execution.Status === "RUNNING") {
        await sleep(100);
        execution = await lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
      }
      return execution;
    }

    async function historyOf(arn: string): Promise<Event[]> {
      const { Events = [] } = await lambda.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn, MaxItems: 1_000 }));
      return Events;
    }

    async function callBack(arn: string, { CallbackName, Operation, Payload, Delay = 0 }: CallbackAction): Promise<void> {
      let found: Event | undefined;
      await until(async () => {
        found = (await historyOf(arn)).find(
          ({ CallbackStartedDetails, Name }) => CallbackStartedDetails !== undefined && (CallbackName === "*" || Name === CallbackName),
        );
        return found !== undefined;
      });
      await sleep(Delay * 1_000);
      const CallbackId = found!.CallbackStartedDetails!.CallbackId;
      if (Operation === "heartbeat") await lambda.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId }));
      else if (Operation === "failure")
        await lambda.send(new SendDurableExecutionCallbackFailureCommand({ CallbackId, Error: Payload as Record<string, string> }));
      else
        await lambda.send(
          new SendDurableExecutionCallbackSuccessCommand({
            CallbackId,
            ...(Payload !== undefined && { Result: Buffer.from(JSON.stringify(Payload)) }),
          }),
        );
    }

    async function hasLogged(app: string, { match, count }: Case["logs"][number]): Promise<void> {
      const pattern = new RegExp(match.message.slice(1, -1));
      if (count === 0) return;
      const lines = async () =>
        (await platform.client.logs({ app, tail: 10_000 })).filter(({ text }) => pattern.test(text)).map(({ text }) => text);
      await until(async () => (await lines()).length >= count);
      assert.equal((await lines()).length, count, (await lines()).join("\n"));
    }
  });
