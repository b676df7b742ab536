/** Queues by their real clients: AWS's SDK for JavaScript, and Debian's AWS CLI, which speaks the older protocol. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { loadConfig } from "../src/base/config/load.ts";
import { fetchProgramRoot, hostCommand, imageSuite } from "../src/images/debian/program-root.ts";
import { mayfly, serve, type Server } from "./command.ts";
import { createKey, type KeyPair } from "./lambda/key.ts";
import { projectDir, type Scope, temporaryFolder } from "./platform.ts";

const run = promisify(execFile);
const region = "eu-central-1";
const driver = ["--driver", "process", "--blanks", "0"];

describe("queues by their clients", () => {
  const closing: (() => void | Promise<void>)[] = [];
  const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };
  let stateDir: string;
  let server: Server;
  let operator: KeyPair;

  before(async () => {
    stateDir = temporaryFolder(scope);
    server = await serve(scope, stateDir, driver);
    operator = await createKey(server.apiUrl, stateDir);
  });

  after(async () => {
    for (const close of closing) await close();
  });

  function client(credentials: KeyPair): SQSClient {
    const made = new SQSClient({ endpoint: server.apiUrl, region, credentials, maxAttempts: 1 });
    scope.after(() => made.destroy());
    return made;
  }

  test("a receive that waits gets a message that is sent meanwhile", async () => {
    const sqs = client(operator);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "meanwhile" }));
    const waiting = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
    assert.equal((await waiting).Messages?.[0]?.Body, "hello");
  });

  test("a receive whose client leaves takes no message", async () => {
    const sqs = client(operator);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "waits" }));
    const leaving = new AbortController();
    const left = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), { abortSignal: leaving.signal });
    // The receive has come to the server when these are answered.
    for (let calls = 0; calls < 3; calls++) await sqs.send(new GetQueueUrlCommand({ QueueName: "waits" }));
    leaving.abort();
    await assert.rejects(left);
    const waiting = sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
    const { Messages } = await waiting;
    assert.equal(Messages?.[0]?.Body, "hello");
  });

  test("other tenants and principals have no way to a queue", async () => {
    const sqs = client(operator);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: "private" }));
    const made = await mayfly(["tenant", "create", "neighbour", "--api", server.apiUrl, "--state", stateDir]);
    assert.equal(made.code, 0, made.stderr);
    const neighbour = client(await createKey(server.apiUrl, stateDir, ["--tenant", "neighbour", "--role", "tenant-admin"], "n"));
    await assert.rejects(neighbour.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" })), { name: "AccessDenied" });
    await assert.rejects(neighbour.send(new GetQueueUrlCommand({ QueueName: "private" })), { name: "QueueDoesNotExist" });
    assert.deepEqual((await neighbour.send(new ListQueuesCommand({}))).QueueUrls, undefined);
    const own = await neighbour.send(new CreateQueueCommand({ QueueName: "private" }));
    assert.notEqual(own.QueueUrl, QueueUrl);
    const reader = client(await createKey(server.apiUrl, stateDir, ["--role", "reader"], "r"));
    await reader.send(new GetQueueUrlCommand({ QueueName: "private" }));
    await assert.rejects(reader.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" })), { name: "AccessDenied" });
    const forged = client({ ...operator, secretAccessKey: "wrong" });
    await assert.rejects(forged.send(new ListQueuesCommand({})), { name: "SignatureDoesNotMatch" });
  });

  test("a principal that is bounded to an app has the queues of that app alone", async () => {
    for (const app of ["queue-source", "events"]) {
      const deployed = await mayfly(["deploy", join(projectDir, "test/apps", app), "--api", server.apiUrl, "--state", stateDir]);
      assert.equal(deployed.code, 0, deployed.stderr);
    }
    const key = (app: string) => createKey(server.apiUrl, stateDir, ["--role", "deployer", "--app", app], app);
    const [own, other] = [client(await key("queue-source")), client(await key("events"))];
    const all = client(operator);
    const { QueueUrl: tenants } = await all.send(new CreateQueueCommand({ QueueName: "of-the-tenant" }));
    const { QueueUrl } = await own.send(new CreateQueueCommand({ QueueName: "of-the-app" }));
    await own.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
    assert.deepEqual((await own.send(new ListQueuesCommand({}))).QueueUrls, [QueueUrl]);
    const missing = { name: "QueueDoesNotExist" };
    await assert.rejects(own.send(new SendMessageCommand({ QueueUrl: tenants, MessageBody: "x" })), missing);
    await assert.rejects(own.send(new GetQueueUrlCommand({ QueueName: "of-the-tenant" })), missing);
    await assert.rejects(other.send(new ReceiveMessageCommand({ QueueUrl })), missing);
    await assert.rejects(other.send(new CreateQueueCommand({ QueueName: "of-the-app" })), { name: "QueueNameExists" });
    assert.equal((await other.send(new ListQueuesCommand({}))).QueueUrls, undefined);
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: `arn:aws:sqs:${region}:${"0".repeat(12)}:of-the-tenant`,
      maxReceiveCount: 1,
    });
    await assert.rejects(own.send(new CreateQueueCommand({ QueueName: "leads-out", Attributes: { RedrivePolicy } })), missing);
    const shared = await mayfly(["queue", "share", "of-the-app", "events", "--api", server.apiUrl, "--state", stateDir]);
    assert.equal(shared.code, 0, shared.stderr);
    const same = [
      "queue",
      "create",
      "of-the-app",
      "--app",
      "queue-source",
      "--visibility",
      "7",
      "--api",
      server.apiUrl,
      "--state",
      stateDir,
    ];
    assert.match((await mayfly(same)).stderr, /whose visibility time differs/);
    const long = ["queue", "send", "of-the-tenant", "--api", server.apiUrl, "--state", stateDir];
    assert.match((await mayfly(long, { input: "x".repeat(1_000_000) })).stdout, /^Sent as/);
    const purge = (...more: string[]) => mayfly(["queue", "purge", "of-the-app", ...more, "--api", server.apiUrl, "--state", stateDir]);
    assert.match((await purge()).stderr, /add --yes/);
    assert.equal((await other.send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.[0]?.Body, "x");
    assert.equal((await purge("--yes")).stdout, "1 message removed.\n");
    await assert.rejects(other.send(new DeleteQueueCommand({ QueueUrl })), missing);
  });

  test("a confirmed message is there after kill -9 of the server", async () => {
    const { QueueUrl = "" } = await client(operator).send(new CreateQueueCommand({ QueueName: "kept" }));
    const Entries = Array.from({ length: 10 }, (_, at) => ({ Id: String(at), MessageBody: `message ${at}` }));
    await client(operator).send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    process.kill(server.worker, "SIGKILL");
    await server.end("SIGKILL");
    server = await serve(scope, stateDir, driver);
    const sqs = client(operator);
    const url = (await sqs.send(new GetQueueUrlCommand({ QueueName: "kept" }))).QueueUrl;
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }));
    assert.deepEqual(
      Messages.map(({ Body }) => Body),
      Entries.map(({ MessageBody }) => MessageBody),
    );
    for (const { ReceiptHandle } of Messages) await sqs.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle }));
  });

  test("Debian's AWS CLI sends, receives and deletes, and is told in its own protocol what is wrong", async () => {
    const root = await fetchProgramRoot({ suite: imageSuite, packages: ["awscli", "python3-boto3"], cacheDir: loadConfig({}).cacheDir });
    const [program, ...rest] = await hostCommand(root, "/usr/bin/python3.11");
    const env = {
      HOME: stateDir,
      LANG: "C.UTF-8",
      PYTHONHOME: join(root, "usr"),
      PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
      AWS_ACCESS_KEY_ID: operator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
      AWS_DEFAULT_REGION: region,
      AWS_EC2_METADATA_DISABLED: "true",
    };
    const aws = async (...args: string[]) => {
      const all = [...rest, join(root, "usr/bin/aws"), "--endpoint-url", server.apiUrl, "--output", "json", "sqs", ...args];
      const { stdout } = await run(program, all, { env });
      return stdout.trim() === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
    };
    const { QueueUrl } = await aws(
      "create-queue",
      "--queue-name",
      "cli.fifo",
      "--attributes",
      "FifoQueue=true,ContentBasedDeduplication=true",
    );
    const queue = ["--queue-url", String(QueueUrl)];
    await aws("send-message", ...queue, "--message-body", 'a <b> & "c"\r\n', "--message-group-id", "g");
    const { Messages } = await aws("receive-message", ...queue, "--attribute-names", "All");
    const [got] = Messages as { Body: string; ReceiptHandle: string; Attributes: Record<string, string> }[];
    assert.equal(got!.Body, 'a <b> & "c"\r\n');
    assert.equal(got!.Attributes["MessageGroupId"], "g");
    await aws("delete-message", ...queue, "--receipt-handle", got!.ReceiptHandle);
    const { Attributes } = await aws("get-queue-attributes", ...queue, "--attribute-names", "All");
    assert.equal((Attributes as Record<string, string>)["ApproximateNumberOfMessages"], "0");
    await assert.rejects(aws("send-message", ...queue, "--message-body", "x"), /MissingParameter.*MessageGroupId/s);
  });
});
