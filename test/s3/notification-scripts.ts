/** The calls of the recorded tests of whom a bucket tells its changes, by their names without parameters. */
import type { Input } from "../sqs/clients.ts";
import type { Replay, Scripts } from "./replay.ts";

const Events = ["s3:ObjectCreated:*"];

function configure(Bucket: string, NotificationConfiguration: Input, SkipDestinationValidation?: boolean): Input {
  return { Bucket, NotificationConfiguration, SkipDestinationValidation };
}

const queueArn = (it: Replay, name: string) => `arn:aws:sqs:us-east-1:${it.account}:${name}`;

export const notificationScripts: Scripts = {
  async test_invalid_lambda_arn(it) {
    const Bucket = await it.create();
    const operation = "PutBucketNotificationConfiguration";
    const to = (LambdaFunctionArn: string) => ({ LambdaFunctionConfigurations: [{ Id: "id123", LambdaFunctionArn, Events }] });
    await it.refused("invalid_not_skip", operation, configure(Bucket, to("invalid-queue"), false));
    await it.refused("invalid_skip", operation, configure(Bucket, to("invalid-queue"), true));
    const missing = to(`arn:aws:lambda:us-east-1:${it.account}:function:my-lambda`);
    await it.refused("lambda-does-not-exist", operation, configure(Bucket, missing, false));
    await it.call(operation, configure(Bucket, missing, true));
    await it.ask("skip_destination_validation", "GetBucketNotificationConfiguration", { Bucket });
  },
  async test_multiple_invalid_sqs_arns(it) {
    const Bucket = await it.create();
    const to = (...arns: string[]) => configure(Bucket, { QueueConfigurations: arns.map((QueueArn) => ({ QueueArn, Events })) });
    const operation = "PutBucketNotificationConfiguration";
    await it.refused("two-queue-arns-invalid", operation, to("invalid_arn", "invalid_arn_2"));
    await it.refused("one-queue-invalid-one-not-existent", operation, to("invalid_arn_2", queueArn(it, "my-queue")));
    await it.refused("multiple-queues-do-not-exist", operation, to(queueArn(it, "my-queue"), queueArn(it, "my-queue-2")));
  },
  async test_filter_rules_case_insensitive(it) {
    const Bucket = await it.create();
    const FilterRules = [
      { Name: "pREFIX", Value: "notif-" },
      { Name: "suffix", Value: ".txt" },
    ];
    const rule = { QueueArn: queueArn(it, "my-queue-1"), Events, Filter: { Key: { FilterRules } } };
    await it.call("PutBucketNotificationConfiguration", configure(Bucket, { QueueConfigurations: [rule] }, true));
    await it.ask("bucket_notification_configuration", "GetBucketNotificationConfiguration", { Bucket });
  },
};
