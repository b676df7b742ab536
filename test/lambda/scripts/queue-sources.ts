/** What AWS was recorded to do with queues whose messages functions get. The functions send to other queues from their machines, as AWS's do. The file is long because its scripts share their functions and queues. */
import assert from "node:assert/strict";
import {
  CreateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
  DeleteEventSourceMappingCommand,
  GetEventSourceMappingCommand,
  InvokeCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateEventSourceMappingCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueUrlCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from "@aws-sdk/client-sqs";
import { until } from "../../../src/base/clock/until.ts";
import type { QueueRecord } from "../../../src/events/sources/queue-source.ts";
import { asRecorded, type Replay, type Scripts } from "../replay.ts";
import { zip } from "../zip.ts";

/** Sends to a queue by the address and without a client, which the machine has none of. */
const sending = `import json, os, urllib.request

def send(queue, body):
    data = json.dumps({"QueueUrl": queue, "MessageBody": body}).encode()
    headers = {"x-amz-target": "AmazonSQS.SendMessage", "content-type": "application/x-amz-json-1.0"}
    urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL_SQS"], data, headers)).read()

`;
/** Tells the queue that a message names what it got, and fails as often as the message says. */
const integration = `${sending}def handler(event, context):
    record = event["Records"][0]
    message = json.loads(record["body"])
    error = None
    if int(record["attributes"]["ApproximateReceiveCount"]) <= message["fail_attempts"]:
        error = "failed attempt"
    send(message["destination"], json.dumps({"event": event, "error": error}))
    if error:
        raise Exception(error)
`;
/** Names those messages as failed that say so, and tells a queue what it got. */
const partly = `${sending}def handler(event, context):
    failed = []
    for record in event["Records"]:
        if int(record["attributes"]["ApproximateReceiveCount"]) <= json.loads(record["body"])["fail_attempts"]:
            failed.append({"itemIdentifier": record["messageId"]})
    result = json.loads(os.environ.get("OVERWRITE_RESULT", "null")) or {"batchItemFailures": failed}
    send(os.environ["DESTINATION"], json.dumps({"event": event, "result": result}))
    return result
`;
/** Tells a queue what it got, with the version that got it. */
const echo = `${sending}def handler(event, context):
    send(os.environ["DESTINATION"], json.dumps({"event": event, "function_version": context.function_version, "CUSTOM_VAR": os.environ.get("CUSTOM_VAR")}))
`;
const raising = `def handler(event, context):
    raise Exception("Test exception (this is intentional)")
`;

/** In the recordings, these differ from run to run. */
const placeholders = new Map([
  ["SenderId", "sender-id"],
  ["SentTimestamp", "sent-timestamp"],
]);

class Case {
  readonly replay: Replay;
  readonly name: string;

  constructor(replay: Replay) {
    this.replay = replay;
    this.name = replay.name("sqs-source");
  }

  async queue(Attributes: Record<string, string> = {}): Promise<{ url: string; arn: string; name: string }> {
    const name = `${this.replay.name("queue")}${Attributes["FifoQueue"] === undefined ? "" : ".fifo"}`;
    const { QueueUrl = "" } = await this.replay.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
    return { url: QueueUrl, name, arn: `arn:aws:sqs:${this.replay.region}:${this.replay.account}:${name}` };
  }

  /** A queue to which the function may send. */
  async destination(): Promise<string> {
    const { url, name } = await this.queue();
    await this.replay.share(name, this.name);
    return url;
  }

  async withDead(
    seconds: number,
    maxReceiveCount: number,
    more: Record<string, string> = {},
  ): Promise<{ url: string; arn: string; dead: string }> {
    const dead = await this.queue(more["FifoQueue"] === undefined ? {} : { FifoQueue: "true" });
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount });
    const queue = await this.queue({ VisibilityTimeout: String(seconds), RedrivePolicy, ...more });
    return { ...queue, dead: dead.url };
  }

  function(code: string, variables: Record<string, string> = {}, more: object = {}): Promise<object> {
    return this.replay.create(this.name, {
      Code: { ZipFile: zip([{ name: "handler.py", content: code }]) },
      Environment: { Variables: variables },
      ...more,
    });
  }

  async map(EventSourceArn: string, more: Partial<CreateEventSourceMappingCommandInput> = {}) {
    const input = { EventSourceArn, FunctionName: this.name, ...more };
    const made = await this.replay.lambda.send(new CreateEventSourceMappingCommand(input));
    this.replay.defer(() => this.replay.lambda.send(new DeleteEventSourceMappingCommand({ UUID: made.UUID! })));
    return made;
  }

  get(UUID: string) {
    return this.replay.lambda.send(new GetEventSourceMappingCommand({ UUID }));
  }

  send(QueueUrl: string, body: unknown, more: object = {}) {
    return this.replay.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: typeof body === "string" ? body : spaced(body), ...more }));
  }

  /** As the recordings show it: bodies that are JSON, and those in them, as values. @param isPlain whether the bodies of records stay texts */
  async receive(QueueUrl: string, isPlain = false, more: object = {}): Promise<{ Messages: Message[] }> {
    const answer = await until(
      async () => {
        const some = await this.replay.sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, ...more }));
        return some.Messages === undefined ? undefined : some;
      },
      { what: "a message", ms: 60_000 },
    );
    const Messages = answer.Messages!.map((message) => Object.assign(message, { Body: shown(parsed(message.Body!), isPlain) }));
    return { ...(asRecorded(answer) as object), Messages };
  }

  /** What functions told the queue, which is emptied. */
  async told<T>(QueueUrl: string, isEnough: (all: readonly T[]) => boolean): Promise<T[]> {
    const all: T[] = [];
    while (!isEnough(all)) {
      const { Messages } = await this.receive(QueueUrl);
      for (const { Body, ReceiptHandle } of Messages) {
        all.push(Body as unknown as T);
        await this.replay.sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
    return all;
  }

  async isEmpty(QueueUrl: string): Promise<void> {
    const { Messages = [] } = await this.replay.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    assert.deepEqual(Messages, []);
  }
}

interface Told {
  event: { Records: QueueRecord[] };
}

/** As Python writes JSON: the recordings have such texts. */
function spaced(value: unknown): string {
  return JSON.stringify(value, null, 1).replaceAll(/\n\s*/g, " ").replaceAll("{ ", "{").replaceAll(" }", "}");
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function shown(value: unknown, isPlain: boolean, key = ""): unknown {
  if (placeholders.has(key)) return placeholders.get(key);
  if (key === "body" && !isPlain) return parsed(String(value));
  if (Array.isArray(value)) return value.map((each) => shown(each, isPlain));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shown(each, isPlain, name)]));
}

interface Mapping {
  FilterCriteria?: { Filters?: { Pattern?: string | undefined }[] | undefined } | undefined;
}

/** Of mappings, patterns are shown as values. */
function asValues(mapping: Mapping): object {
  const { FilterCriteria, ...rest } = asRecorded(mapping) as Mapping;
  if (FilterCriteria === undefined) return rest;
  return {
    ...rest,
    FilterCriteria: { Filters: FilterCriteria.Filters!.map(({ Pattern }) => ({ Pattern: JSON.parse(Pattern!) as unknown })) },
  };
}

/** Of mappings that change: the recordings have one placeholder for all their times. */
function timeless(mapping: { LastModified?: Date | undefined }): object {
  assert.ok(mapping.LastModified instanceof Date);
  return { ...(asRecorded(mapping) as object), LastModified: "datetime" };
}

const own = "TestSQSEventSourceMapping::";

/** @param body one that fits the pattern @param other one that does not */
function filter(parameter: string, body: unknown, other: unknown): Scripts {
  return {
    async [`${own}test_sqs_event_filter[${parameter}]`](replay) {
      const it = new Case(replay);
      const { url, arn } = await it.queue();
      const pattern = (replay.recorded("create_event_source_mapping_response") as { FilterCriteria: { Filters: { Pattern: unknown }[] } })
        .FilterCriteria.Filters[0]!.Pattern;
      await it.function(echo);
      const destination = await it.destination();
      await replay.lambda.send(
        new UpdateFunctionConfigurationCommand({ FunctionName: it.name, Environment: { Variables: { DESTINATION: destination } } }),
      );
      await replay.updated(it.name);
      await it.send(url, body);
      await it.send(url, other);
      const FilterCriteria = { Filters: [{ Pattern: JSON.stringify(pattern) }] };
      replay.match(
        "create_event_source_mapping_response",
        asValues(await it.map(arn, { MaximumBatchingWindowInSeconds: 1, FilterCriteria })),
      );
      const told = await it.told<Told>(destination, (all) => all.length > 0);
      replay.match(
        "invocation_events",
        told.map(({ event }) => event),
      );
      await until(async () => (await replay.messagesOf(url)) === 0);
    },
  };
}

function invalidFilter(parameter: string, Pattern: string): Scripts {
  return {
    async [`${own}test_sqs_invalid_event_filter[${parameter}]`](replay) {
      const it = new Case(replay);
      const { arn } = await it.queue();
      await it.function(echo);
      await replay.matchFailure(
        "create_event_source_mapping_exception",
        it.map(arn, { MaximumBatchingWindowInSeconds: 1, FilterCriteria: { Filters: [{ Pattern }] } }),
      );
    },
  };
}

function batchSize(size: number): Scripts {
  return {
    async [`${own}test_sqs_event_source_mapping_batch_size[${size}]`](replay) {
      const it = new Case(replay);
      const destination = await withDestination(it, echo);
      const { url, arn } = await it.queue();
      const made = await it.map(arn, { MaximumBatchingWindowInSeconds: 2, BatchSize: size });
      replay.match("create-event-source-mapping-response", {
        ...(asRecorded(made) as object),
        MaximumBatchingWindowInSeconds: "maximum-batching-window-in-seconds",
      });
      for (const [round, count] of [10, 5].entries())
        replay.match(
          `send-message-batch-result-${count}`,
          await sendMany(it, url, count, (at) => [`${at}-${round}`, `${at}-${round}-message-${at}`]),
        );
      replay.match("Records", await recordsTold(it, destination, 15));
    },
  };
}

function sendMany(it: Case, QueueUrl: string, count: number, entry: (at: number) => [id: string, body: string]) {
  const Entries = Array.from({ length: count }, (_, at) => entry(at)).map(([Id, MessageBody]) => ({ Id, MessageBody }));
  return it.replay.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
}

async function recordsTold(
  it: Case,
  destination: string,
  count: number,
  seen: (batches: number) => void = () => {},
): Promise<QueueRecord[]> {
  const recordsOf = (all: readonly Told[]) => all.flatMap(({ event }) => event.Records);
  const told = await it.told<Told>(destination, (all) => recordsOf(all).length >= count);
  seen(told.length);
  return recordsOf(told).toSorted((one, other) => (one.body < other.body ? -1 : 1));
}

/** The function's own name is needed to share the queue, and the queue's for the function. */
async function withDestination(it: Case, code: string, variables: Record<string, string> = {}, more: object = {}): Promise<string> {
  await it.function(code, variables, more);
  const destination = await it.destination();
  const Environment = { Variables: { ...variables, DESTINATION: destination } };
  await it.replay.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: it.name, Environment }));
  await it.replay.updated(it.name);
  return destination;
}

export const queueSourceScripts: Scripts = {
  ...filter(
    "and",
    { "my-key-one": "my-value-one", "my-key-two": "my-value-two" },
    { "my-key-one": "other-value-", "my-key-two": "my-value-two" },
  ),
  ...filter("exists-filter", { test2: "7411" }, { test5: "74545" }),
  ...filter("filter0-item_matching0-item_not_matching0", { testItem: "test24" }, { testItem: "tesWER" }),
  ...filter("filter2-item_matching2-item_not_matching2", { test2: "go", testItem: "test45" }, { test2: "go", testItem: "test67" }),
  ...filter("filter4-item_matching4-this is a test string", { test2: 105 }, "this is a test string"),
  ...filter("filter5-item_matching5-item_not_matching5", { test2: 93 }, { test2: 105 }),
  ...filter("filter6-item_matching6-item_not_matching6", { test2: 105 }, { test2: 200 }),
  ...filter("numeric-prefix", { test2: "us-1-48454" }, { test2: "eu-wert" }),
  ...filter("numeric-smaller", { "my-number": 99 }, { "my-number": 100 }),
  ...filter("prefix", { "my-key": "yes-value" }, { "my-key": "no-value" }),
  ...filter("single", { "my-key": "my-value" }, { "my-key": "other-value" }),
  ...filter("valid-json-filter", { "my-key": "my-value" }, "plain-string"),
  ...invalidFilter("None", "null"),
  ...invalidFilter("simple string", "simple string"),
  ...invalidFilter("invalid_filter3", '{"eventSource": []}'),
  ...batchSize(15),
  ...batchSize(10_000),

  async [`${own}test_duplicate_event_source_mappings`](replay) {
    const it = new Case(replay);
    const { arn } = await it.queue();
    await it.function(echo);
    replay.match("create", await it.map(arn));
    await replay.matchFailure("error", it.map(arn));
    const other = new Case(replay);
    await other.function(echo);
    await other.map(arn);
  },

  async [`${own}test_event_source_mapping_default_batch_size`](replay) {
    const it = new Case(replay);
    const [one, two] = [await it.queue(), await it.queue()];
    await it.function(echo);
    const made = await it.map(one.arn);
    replay.match("create-event-source-mapping", made);
    const update = new UpdateEventSourceMappingCommand({ UUID: made.UUID!, FunctionName: it.name, BatchSize: 11 });
    await replay.matchFailure("invalid-update-event-source-mapping", replay.lambda.send(update));
    await replay.matchFailure("invalid-create-event-source-mapping", it.map(two.arn, { BatchSize: 11 }));
  },

  async [`${own}test_sqs_event_source_mapping_batching_reserved_concurrency`](replay) {
    const it = new Case(replay);
    const destination = await withDestination(it, echo);
    const reserved = { FunctionName: it.name, ReservedConcurrentExecutions: 2 };
    replay.match("put_concurrency_resp", await replay.lambda.send(new PutFunctionConcurrencyCommand(reserved)));
    const { url, arn } = await it.queue();
    const made = await it.map(arn, { MaximumBatchingWindowInSeconds: 1, BatchSize: 20, ScalingConfig: { MaximumConcurrency: 2 } });
    replay.match("create-event-source-mapping-response", made);
    // The window begins with the first message: all of them come within it.
    await Promise.all([0, 1, 2].map((round) => sendMany(it, url, 10, (at) => [`${at}-${round}`, `${at}-${round}-message`])));
    let batches = 0;
    const records = await recordsTold(it, destination, 30, (count) => void (batches = count));
    replay.match("Records", records);
    replay.match("batch_info", { total_batches_received: batches });
  },

  async [`${own}test_sqs_event_source_mapping_update`](replay) {
    const it = new Case(replay);
    const destination = await withDestination(it, echo);
    const version = async (CUSTOM_VAR: string) => {
      const Environment = { Variables: { DESTINATION: destination, CUSTOM_VAR } };
      await replay.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: it.name, Environment }));
      await replay.updated(it.name);
      const { FunctionArn, Version } = await replay.lambda.send(new PublishVersionCommand({ FunctionName: it.name }));
      await replay.active(it.name, Version);
      return FunctionArn!;
    };
    const one = await version("a");
    const { url, arn } = await it.queue();
    const made = await it.map(arn, { FunctionName: one, MaximumBatchingWindowInSeconds: 1 });
    replay.match("create-event-source-mapping-response", timeless(made));
    await it.send(url, { foo: "bar" });
    const first = await it.told<Told>(destination, (all) => all.length > 0);
    replay.match("events", first);
    const two = await version("b");
    const UUID = made.UUID!;
    replay.match("updated_esm", timeless(await replay.lambda.send(new UpdateEventSourceMappingCommand({ UUID, FunctionName: two }))));
    replay.match("updated_event_source_mapping", timeless(await it.get(UUID)));
    await it.send(url, { foo: "bar2" });
    replay.match("events_postupdate", [...first, ...(await it.told<Told>(destination, (all) => all.length > 0))]);
    await it.isEmpty(url);
  },

  async test_esm_with_not_existing_sqs_queue(replay) {
    const it = new Case(replay);
    await it.function(echo);
    await replay.matchFailure("error", it.map(`arn:aws:sqs:${replay.region}:${replay.account}:not-existing-queue`));
  },

  async test_failing_lambda_retries_after_visibility_timeout(replay) {
    const it = new Case(replay);
    await it.function(integration, {}, { Timeout: 2 });
    const destination = await it.destination();
    replay.match("get_destination_queue_url", await replay.sqs.send(new GetQueueUrlCommand({ QueueName: destination.split("/").at(-1) })));
    const { url, arn } = await it.queue({ VisibilityTimeout: "2" });
    const { UUID } = await it.map(arn, { BatchSize: 1 });
    replay.match("event_source_mapping", await it.get(UUID!));
    await it.send(url, { destination, fail_attempts: 1 });
    replay.match("first_attempt", await it.receive(destination, true));
    replay.match("second_attempt", await it.receive(destination, true));
    await until(async () => (await replay.messagesOf(url)) === 0);
  },

  async test_fifo_message_group_parallelism(replay) {
    const it = new Case(replay);
    const destination = await withDestination(it, echo);
    const { url, arn } = await it.queue({ FifoQueue: "true", ContentBasedDeduplication: "true", VisibilityTimeout: "60" });
    const made = await it.map(arn, { Enabled: false, BatchSize: 1 });
    replay.match("create_esm_disabled", timeless(made));
    for (let at = 0; at < 5; at++) await it.send(url, `message-${at}`, { MessageGroupId: "fixed" });
    const UUID = made.UUID!;
    replay.match("update_esm_enabling", timeless(await replay.lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: true }))));
    replay.match("get_esm_enabled", timeless(await it.get(UUID)));
    const told = await it.told<Told>(destination, (all) => all.length >= 5);
    assert.deepEqual(
      told.map(({ event }) => event.Records[0]!.body),
      [0, 1, 2, 3, 4].map((at) => `message-${at}`),
    );
  },

  async test_redrive_policy_with_failing_lambda(replay) {
    const it = new Case(replay);
    await it.function(integration, {}, { Timeout: 1 });
    const destination = await it.destination();
    replay.match("get_destination_queue_url", await replay.sqs.send(new GetQueueUrlCommand({ QueueName: destination.split("/").at(-1) })));
    const { url, arn, dead } = await it.withDead(1, 2);
    await it.map(arn, { BatchSize: 1 });
    await it.send(url, { destination, fail_attempts: 2 });
    replay.match("first_attempt", await it.receive(destination, true));
    replay.match("second_attempt", await it.receive(destination, true));
    replay.match("dlq_response", await it.receive(dead));
  },

  async test_report_batch_item_failures(replay) {
    const it = new Case(replay);
    const destination = await withDestination(it, partly);
    replay.match("get_destination_queue_url", await replay.sqs.send(new GetQueueUrlCommand({ QueueName: destination.split("/").at(-1) })));
    const { url, arn, dead } = await it.withDead(2, 2, { FifoQueue: "true" });
    const Entries = [0, 1, 1, 2].map((fail_attempts, at) => ({
      Id: `message-${at + 1}`,
      MessageBody: spaced({ message: at + 1, fail_attempts }),
      MessageGroupId: "1",
      MessageDeduplicationId: `dedup-${at + 1}`,
    }));
    replay.match("send_message_batch", await replay.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries })));
    const FunctionResponseTypes: ["ReportBatchItemFailures"] = ["ReportBatchItemFailures"];
    replay.match(
      "create_event_source_mapping",
      await it.map(arn, { BatchSize: 10, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes }),
    );
    replay.match("first_invocation", await it.receive(destination));
    replay.match("second_invocation", await it.receive(destination));
    replay.match("dlq_response", await it.receive(dead));
  },

  async test_report_batch_item_failures_invalid_result_json_batch_fails(replay) {
    const it = new Case(replay);
    const destination = await withDestination(it, partly, { OVERWRITE_RESULT: '{"batchItemFailures": [{"foo":"notvalid"}]}' });
    replay.match("get_destination_queue_url", await replay.sqs.send(new GetQueueUrlCommand({ QueueName: destination.split("/").at(-1) })));
    const { url, arn, dead } = await it.withDead(1, 2);
    await it.map(arn, { BatchSize: 10, MaximumBatchingWindowInSeconds: 0, FunctionResponseTypes: ["ReportBatchItemFailures"] });
    await it.send(url, { message: 1, fail_attempts: 0 });
    replay.match("first_invocation", await it.receive(destination, true));
    replay.match("second_invocation", await it.receive(destination, true));
    replay.match("dlq_response", await it.receive(dead));
  },

  async test_report_batch_item_failures_on_lambda_error(replay) {
    const it = new Case(replay);
    await it.function(integration, {}, { Timeout: 1 });
    const { url, arn, dead } = await it.withDead(1, 2);
    await replay.sqs.send(
      new SendMessageBatchCommand({
        QueueUrl: url,
        Entries: [
          { Id: "message-1", MessageBody: "{not a json body" },
          { Id: "message-2", MessageBody: spaced({ message: 2, fail_attempts: 0 }) },
        ],
      }),
    );
    await it.map(arn, { FunctionResponseTypes: ["ReportBatchItemFailures"] });
    const messages: Message[] = [];
    while (messages.length < 2) messages.push(...(await it.receive(dead, false, { MaxNumberOfMessages: 10 })).Messages);
    replay.match(
      "dlq_messages",
      messages.toSorted((one) => (typeof one.Body === "string" ? -1 : 1)),
    );
  },

  async "TestLambdaDestinationSqs::test_lambda_destination_default_retries"(replay) {
    const it = new Case(replay);
    const { url, arn } = await it.queue();
    await it.function(raising);
    const DestinationConfig = { OnSuccess: { Destination: arn }, OnFailure: { Destination: arn } };
    const put = new PutFunctionEventInvokeConfigCommand({ FunctionName: it.name, DestinationConfig });
    replay.match("put_function_event_invoke_config", await replay.lambda.send(put));
    await replay.lambda.send(
      new InvokeCommand({ FunctionName: it.name, InvocationType: "Event", Payload: JSON.stringify({ raise_error: 1 }) }),
    );
    replay.match("receive_message_result", await it.receive(url));
  },

  async "TestLambdaDestinationSqs::test_retries"(replay) {
    const it = new Case(replay);
    const { url, arn } = await it.queue();
    await it.function(raising.replace("Test exception (this is intentional)", "intentional failure"));
    const DestinationConfig = { OnFailure: { Destination: arn } };
    await replay.lambda.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName: it.name, MaximumRetryAttempts: 2, DestinationConfig }),
    );
    const Payload = JSON.stringify({ message: "hello" });
    await replay.lambda.send(new InvokeCommand({ FunctionName: it.name, InvocationType: "Event", Payload }));
    await it.receive(url, false, { VisibilityTimeout: 0 });
    const received = (await it.receive(url, false, { AttributeNames: ["All"] })) as { Messages: (Message & { Attributes: object })[] };
    const times = { ApproximateFirstReceiveTimestamp: "timestamp", SentTimestamp: "timestamp" };
    const Messages = received.Messages.map((message) => ({ ...message, Attributes: { ...message.Attributes, ...times } }));
    replay.match("queue_destination_payload", { ...received, Messages });
  },

  async test_sqs_queue_as_lambda_dead_letter_queue(replay) {
    const it = new Case(replay);
    const { url, arn } = await it.queue();
    const made = (await it.function(raising, {}, { DeadLetterConfig: { TargetArn: arn } })) as {
      CreateFunctionResponse: { DeadLetterConfig: object };
    };
    replay.match("lambda-response-dlq-config", made.CreateFunctionResponse.DeadLetterConfig);
    await replay.lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: it.name, MaximumRetryAttempts: 0 }));
    await replay.lambda.send(
      new InvokeCommand({ FunctionName: it.name, InvocationType: "Event", Payload: JSON.stringify({ raise_error: 1 }) }),
    );
    replay.match("messages", await it.receive(url, false, { MessageAttributeNames: ["All"] }));
  },
};
