/** Schedules of EventBridge Scheduler's API, with AWS's SDK as the client. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import * as sdk from "@aws-sdk/client-scheduler";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { serve } from "./command.ts";
import { createKey, createNeighbour } from "./lambda/key.ts";
import { createScope, eventually, projectDir, temporaryFolder } from "./platform.ts";

const region = "eu-central-1";
const account = "0".repeat(12);
const RoleArn = `arn:aws:iam::${account}:role/any`;
const Arn = `arn:aws:lambda:${region}:${account}:function:bus--other`;

describe("EventBridge Scheduler", () => {
  const scope = createScope();
  let stateDir: string;
  let file: string;
  let server: Awaited<ReturnType<typeof serve>>;
  let scheduler: sdk.SchedulerClient;

  const clientOf = (credentials: sdk.SchedulerClientConfig["credentials"]) => {
    const made = new sdk.SchedulerClient({ endpoint: server.apiUrl, region, credentials: credentials!, maxAttempts: 1 });
    scope.after(() => made.destroy());
    return made;
  };

  before(async () => {
    stateDir = temporaryFolder(scope);
    file = join(stateDir, "noted");
    writeFileSync(file, "");
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "1"]);
    scheduler = clientOf(await createKey(server.apiUrl, stateDir));
    const client = createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
    const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/bus"));
    await client.deploy({ ...manifest, env: { FILE: file } }, bundles);
  });
  after(() => scope.close());

  const seen = (what: string, fits: (event: Record<string, unknown>) => boolean) =>
    eventually(
      what,
      () =>
        readFileSync(file, "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => (JSON.parse(line) as { event: Record<string, unknown> }).event)
          .filter(fits),
      (all) => all.length > 0,
    );

  const off = { Mode: "OFF" } as const;
  const soon = () => `at(${new Date(Date.now() + 2_000).toISOString().slice(0, 19)})`;
  const create = (Name: string, more: Partial<sdk.CreateScheduleCommandInput> = {}) =>
    scheduler.send(
      new sdk.CreateScheduleCommand({
        Name,
        ScheduleExpression: "rate(1 hour)",
        FlexibleTimeWindow: off,
        Target: { Arn, RoleArn },
        ...more,
      }),
    );
  const get = (Name: string, GroupName?: string) => scheduler.send(new sdk.GetScheduleCommand({ Name, GroupName }));

  test("a schedule starts its function at its time, with its input, and is removed afterwards if it says so", async () => {
    const Input = '{"of":"once","when":"<aws.scheduler.scheduled-time>","by":"<aws.scheduler.schedule-arn>"}';
    const ScheduleExpression = soon();
    const { ScheduleArn } = await create("once", { ScheduleExpression, ActionAfterCompletion: "DELETE", Target: { Arn, RoleArn, Input } });
    assert.equal(ScheduleArn, `arn:aws:scheduler:${region}:${account}:schedule/default/once`);
    await create("kept", { ScheduleExpression, Target: { Arn, RoleArn } });
    const [event] = await seen("the event of the schedule", ({ of }) => of === "once");
    assert.deepEqual(event, { of: "once", when: `${/\((.*)\)/.exec(ScheduleExpression)![1]}Z`, by: ScheduleArn });
    const [usual] = await seen("the event without an input", ({ source }) => source === "aws.scheduler");
    assert.deepEqual(usual!["resources"], [ScheduleArn.replace("/once", "/kept")]);
    await assert.rejects(get("once"), { name: "ResourceNotFoundException", message: "Schedule once does not exist." });
    assert.equal((await get("kept")).ScheduleExpression, ScheduleExpression);
  });

  test("a schedule is shown as it was made, changed, disabled and removed", async () => {
    const StartDate = new Date("2027-01-01T00:00:00Z");
    const Target = { Arn, RoleArn, RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 600 } };
    const given = {
      ScheduleExpression: "cron(0 3 ? * MON-FRI *)",
      ScheduleExpressionTimezone: "Europe/Berlin",
      Description: "nightly",
      StartDate,
      FlexibleTimeWindow: { Mode: "FLEXIBLE", MaximumWindowInMinutes: 15 } as const,
      Target,
    };
    await create("nightly", given);
    const { $metadata: _metadata, CreationDate, LastModificationDate, ...shown } = await get("nightly");
    assert.ok(Math.abs(CreationDate!.getTime() - Date.now()) < 600_000 && LastModificationDate !== undefined);
    assert.deepEqual(shown, {
      ...given,
      Arn: `arn:aws:scheduler:${region}:${account}:schedule/default/nightly`,
      Name: "nightly",
      GroupName: "default",
      State: "ENABLED",
      ActionAfterCompletion: "NONE",
    });
    await scheduler.send(new sdk.UpdateScheduleCommand({ ...given, Name: "nightly", State: "DISABLED" }));
    const changed = await get("nightly");
    assert.deepEqual([changed.State, changed.CreationDate], ["DISABLED", CreationDate]);
    await assert.rejects(create("nightly"), { name: "ConflictException", message: "Schedule nightly already exists." });
    await create("again", { ClientToken: "the same" });
    await create("again", { ClientToken: "the same" });
    await scheduler.send(new sdk.DeleteScheduleCommand({ Name: "nightly" }));
    await assert.rejects(get("nightly"), { name: "ResourceNotFoundException" });
    await assert.rejects(scheduler.send(new sdk.UpdateScheduleCommand({ ...given, Name: "nightly" })), {
      name: "ResourceNotFoundException",
    });
  });

  test("groups hold schedules apart, are listed in pages, and take theirs along", async () => {
    const group = (Name: string) => new sdk.CreateScheduleGroupCommand({ Name, Tags: [{ Key: "team", Value: "blue" }] });
    const { ScheduleGroupArn } = await scheduler.send(group("reports"));
    await assert.rejects(scheduler.send(group("reports")), { name: "ConflictException" });
    await assert.rejects(create("x", { GroupName: "none" }), { name: "ResourceNotFoundException" });
    for (const Name of ["a1", "a2", "b1", "a3"]) await create(Name, { GroupName: "reports", ...(Name === "a2" && { State: "DISABLED" }) });
    const names = async (more: sdk.ListSchedulesCommandInput) => {
      const all: string[] = [];
      for await (const page of sdk.paginateListSchedules({ client: scheduler, pageSize: 2 }, { GroupName: "reports", ...more }))
        all.push(...page.Schedules!.map(({ Name }) => Name!));
      return all;
    };
    assert.deepEqual(await names({}), ["a1", "a2", "a3", "b1"]);
    assert.deepEqual(await names({ NamePrefix: "a" }), ["a1", "a2", "a3"]);
    assert.deepEqual(await names({ NamePrefix: "a1" }), ["a1"]);
    assert.deepEqual(await names({ State: "DISABLED" }), ["a2"]);
    const { ScheduleGroups } = await scheduler.send(new sdk.ListScheduleGroupsCommand({}));
    assert.deepEqual(
      ScheduleGroups!.map(({ Name, State }) => [Name, State]),
      [
        ["default", "ACTIVE"],
        ["reports", "ACTIVE"],
      ],
    );
    const { Tags } = await scheduler.send(new sdk.ListTagsForResourceCommand({ ResourceArn: ScheduleGroupArn }));
    assert.deepEqual(Tags, [{ Key: "team", Value: "blue" }]);
    await scheduler.send(new sdk.DeleteScheduleGroupCommand({ Name: "reports" }));
    assert.deepEqual(await names({}), []);
    await assert.rejects(scheduler.send(new sdk.DeleteScheduleGroupCommand({ Name: "default" })), { name: "ValidationException" });
  });

  test("what is no schedule is refused, and tenants and rights count", async () => {
    await assert.rejects(create("x", { FlexibleTimeWindow: { Mode: "FLEXIBLE" } }), { name: "ValidationException" });
    await assert.rejects(create("x", { ScheduleExpressionTimezone: "Nowhere" }), { name: "ValidationException" });
    await assert.rejects(create("x", { ScheduleExpression: "every day" }), /Invalid Schedule Expression every day/);
    await assert.rejects(create("x", { Target: { Arn: `arn:aws:sns:${region}:${account}:x`, RoleArn } }), /nothing of this kind is here/);
    const theirs = clientOf((await createNeighbour(server.apiUrl, stateDir)).credentials);
    assert.deepEqual((await theirs.send(new sdk.ListSchedulesCommand({}))).Schedules, []);
    await assert.rejects(theirs.send(new sdk.GetScheduleCommand({ Name: "kept" })), { name: "ResourceNotFoundException" });
    const reader = clientOf(await createKey(server.apiUrl, stateDir, ["--role", "reader"], "reader"));
    assert.equal((await reader.send(new sdk.GetScheduleCommand({ Name: "kept" }))).Name, "kept");
    await assert.rejects(reader.send(new sdk.DeleteScheduleCommand({ Name: "kept" })), { name: "AccessDeniedException" });
  });
});
