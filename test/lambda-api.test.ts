/** AWS Lambda's API by AWS's SDK, where it meets the rest of the platform: machines, other deploys, kills, rights. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, describe, test } from "node:test";
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetProvisionedConcurrencyConfigCommand,
  LambdaClient,
  ListFunctionsCommand,
  PublishLayerVersionCommand,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  TagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  waitUntilPublishedVersionActive,
} from "@aws-sdk/client-lambda";
import { SignatureV4 } from "@smithy/signature-v4";
import { until } from "../src/base/clock/until.ts";
import { Sha256 } from "../src/doors/signature/sha256.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { manifestSchema } from "../src/store/catalog/manifest.ts";
import { mayfly, serve, type Server } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { zip, type ZippedFile } from "./lambda/zip.ts";
import { readFileSync, writeFileSync } from "node:fs";
import { freePort } from "../src/base/testing/listening.ts";
import { join } from "node:path";
import { type Scope, temporaryFolder } from "./platform.ts";

const role = "arn:aws:iam::000000000000:role/any";
const settings = ["--driver", "process", "--blanks", "0"];

function nodeZip(code: string, more: ZippedFile[] = []): Buffer {
  return zip([{ name: "index.js", content: code }, ...more]);
}

const answering = (text: string) => nodeZip(`exports.handler = async () => ${JSON.stringify(text)};`);

describe("AWS Lambda's API", () => {
  const closing: (() => void | Promise<void>)[] = [];
  const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };
  let server: Server;
  let stateDir: string;
  let lambda: LambdaClient;
  let credentials: { accessKeyId: string; secretAccessKey: string };

  before(async () => {
    stateDir = temporaryFolder(scope);
    server = await serve(scope, stateDir, settings);
    credentials = await createKey(server.apiUrl, stateDir);
    lambda = clientOf(server.apiUrl);
  });

  after(async () => {
    for (const close of closing) await close();
  });

  function clientOf(endpoint: string, own = credentials): LambdaClient {
    return new LambdaClient({ endpoint, region: "us-east-1", credentials: own, maxAttempts: 1 });
  }

  function create(name: string, ZipFile: Buffer, more: Partial<CreateFunctionCommandInput> = {}, by = lambda) {
    const input = { FunctionName: name, Role: role, Runtime: "nodejs24.x", Handler: "index.handler", Code: { ZipFile } } as const;
    return by.send(new CreateFunctionCommand({ ...input, ...more }));
  }

  async function settled(name: string): Promise<{ State?: string | undefined; StateReason?: string | undefined }> {
    return until(async () => {
      const shown = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
      return shown.State !== "Pending" && shown.LastUpdateStatus !== "InProgress" && shown;
    });
  }

  const tokenIn = (folder: string) => readFileSync(join(folder, "api-token"), "utf8").trim();
  const call = (path: string, headers: Record<string, string> = { authorization: `Bearer ${tokenIn(stateDir)}` }) =>
    fetch(`${server.gatewayUrl}/${path}`, { headers });
  const called = async (path: string) => (await call(path)).text();

  test("the waiters of AWS's SDK see functions, changes and versions come up, and the function is called at its URL", async () => {
    const patience = { client: lambda, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
    assert.equal((await create("waited", answering("first"))).State, "Pending");
    await waitUntilFunctionActiveV2(patience, { FunctionName: "waited" });
    assert.equal(await called("waited"), "first");
    const changed = await lambda.send(
      new UpdateFunctionCodeCommand({ FunctionName: "waited", ZipFile: answering("second"), Publish: true }),
    );
    assert.equal(changed.Version, "1");
    await waitUntilFunctionUpdatedV2(patience, { FunctionName: "waited" });
    await waitUntilPublishedVersionActive(patience, { FunctionName: "waited", Qualifier: "1" });
    assert.equal(await called("waited"), "second");
  });

  test("a key for one app makes, changes and lists that function, also before it is there, and no other", async () => {
    const made = await mayfly([
      "key",
      "create",
      "pipeline",
      "--role",
      "deployer",
      "--app",
      "piped",
      "--json",
      "--api",
      server.apiUrl,
      "--state",
      stateDir,
    ]);
    const { id, secret } = JSON.parse(made.stdout) as { id: string; secret: string };
    const pipeline = clientOf(server.apiUrl, { accessKeyId: id, secretAccessKey: secret });
    await create("another", answering("another"));
    const get = (FunctionName: string) => pipeline.send(new GetFunctionConfigurationCommand({ FunctionName }));
    await assert.rejects(get("piped"), { name: "ResourceNotFoundException" });
    await assert.rejects(get("another"), { name: "AccessDeniedException" });
    await assert.rejects(create("third", answering("third"), {}, pipeline), { name: "AccessDeniedException", message: /function:third$/ });
    await create("piped", answering("piped"), {}, pipeline);
    await settled("piped");
    assert.equal(await called("piped"), "piped");
    const { Functions = [] } = await pipeline.send(new ListFunctionsCommand({}));
    assert.deepEqual(
      Functions.map(({ FunctionName }) => FunctionName),
      ["piped"],
    );
    await pipeline.send(new DeleteFunctionCommand({ FunctionName: "piped" }));
    pipeline.destroy();
  });

  test("a function has the files of its zip file, its variables, and the files of its layers", async () => {
    const layer = await lambda.send(
      new PublishLayerVersionCommand({
        LayerName: "values",
        Content: { ZipFile: zip([{ name: "values/one.txt", content: "from the layer" }]) },
      }),
    );
    const code = `
      const { readFileSync } = require("node:fs");
      const greeting = require("greeting");
      const layer = process.env.LAMBDA_TASK_ROOT + "/.mayfly-layers/values/one.txt";
      exports.api = { get: async () => [greeting, process.env.COLOUR, readFileSync(__dirname + "/data.txt", "utf8"), readFileSync(layer, "utf8")].join(", ") };`;
    const files = nodeZip(code, [
      { name: "node_modules/greeting/index.js", content: 'module.exports = "hello";' },
      { name: "data.txt", content: "data" },
    ]);
    const more = { Handler: "index.api.get", Layers: [layer.LayerVersionArn!], Environment: { Variables: { COLOUR: "blue" } } };
    await create("files", files, more);
    assert.equal((await settled("files")).State, "Active");
    assert.equal(await called("files"), "hello, blue, data, from the layer");
  });

  test("ES modules, Python and nested names are found as Lambda finds them", async () => {
    await create("module", zip([{ name: "src/app.mjs", content: 'export const run = async () => "a module";' }]), {
      Handler: "src/app.run",
    });
    const python = zip([{ name: "pkg/app.py", content: 'def run(event, context):\n    return {"statusCode": 200, "body": "python"}\n' }]);
    await create("snake", python, { Runtime: "python3.12", Handler: "pkg/app.run" });
    for (const name of ["module", "snake"]) assert.equal((await settled(name)).State, "Active", name);
    assert.equal(await called("module"), "a module");
    assert.equal(await called("snake"), "python");
  });

  test("a version and its alias stay while newer code replaces more revisions than are kept", async () => {
    await create("kept", answering("the first"));
    await settled("kept");
    await lambda.send(new PublishVersionCommand({ FunctionName: "kept" }));
    await lambda.send(new CreateAliasCommand({ FunctionName: "kept", Name: "stable", FunctionVersion: "1" }));
    for (let at = 1; at <= 12; at += 1) {
      await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "kept", ZipFile: answering(`update ${at}`) }));
      await settled("kept");
    }
    const { aliases, revisions } = (await admin().apps()).find(({ app }) => app === "kept")!;
    const first = revisions.find(({ number }) => number === 1);
    assert.ok(first !== undefined, "the revision of the version is gone");
    for (const name of ["stable", "lambda-version-1"])
      assert.deepEqual(
        aliases.find((alias) => alias.name === name)?.targets.map(({ number }) => number),
        [1],
        name,
      );
    assert.equal(await called("kept"), "update 12");
  });

  test("both doors see the same apps: functions are listed by mayfly list, and apps that were deployed otherwise by ListFunctions", async () => {
    await create("from-lambda", answering("hello"));
    await settled("from-lambda");
    assert.ok((await admin().apps()).some(({ app }) => app === "from-lambda"));
    const manifest = (name: string, functions: string[]) =>
      manifestSchema.parse({
        name,
        functions: Object.fromEntries(functions.map((each) => [each, { entry: `${each}.js` }])),
        memoryMb: 192,
      });
    const code = Buffer.from('exports.handler = async () => "deployed";');
    const bundles = (functions: string[]) => functions.map((each) => ({ function: each, format: "cjs" as const, code }));
    await admin().deploy(manifest("alone", ["main"]), bundles(["main"]));
    await admin().deploy(manifest("several", ["a", "b"]), bundles(["a", "b"]));
    const { Functions = [] } = await lambda.send(new ListFunctionsCommand({}));
    const names = Functions.map(({ FunctionName }) => FunctionName);
    for (const name of ["alone", "several--a", "several--b", "from-lambda"])
      assert.ok(names.includes(name), `${name} in ${names.join(" ")}`);
    const alone = await lambda.send(new GetFunctionCommand({ FunctionName: "alone" }));
    assert.equal(alone.Configuration?.MemorySize, 192);
    assert.equal(alone.Configuration.State, "Active");
    assert.equal((await lambda.send(new PublishVersionCommand({ FunctionName: "alone" }))).Version, "1");
    await refused(
      lambda.send(new PublishVersionCommand({ FunctionName: "several--a" })),
      "InvalidParameterValueException",
      /one of several of the app several/,
    );
    await lambda.send(
      new UpdateFunctionCodeCommand({ FunctionName: "alone", ZipFile: nodeZip('exports.handler = async () => "zipped";') }),
    );
    await settled("alone");
    assert.equal(await called("alone"), "zipped");
  });

  test("a function is not for everybody at the gateway, and another zip file opens no app to anybody or anything", async () => {
    await create("guarded", answering("made here"));
    await settled("guarded");
    assert.deepEqual([(await call("guarded", {})).status, await called("guarded")], [401, "made here"]);
    const rules = {
      access: "token",
      ips: { deny: ["10.0.0.0/8"] },
      network: "none",
      secrets: ["KEY"],
      routes: { "GET /who": "main" },
      functions: { main: { entry: "main.js", rate: { perFunction: { calls: 1_000, seconds: 1 } } } },
    };
    const code = { function: "main", format: "cjs" as const, code: Buffer.from('exports.handler = async () => "deployed";') };
    await admin().setSecret("guarded-too", "KEY", "kept");
    await admin().deploy(manifestSchema.parse({ name: "guarded-too", ...rules }), [code]);
    await lambda.send(
      new UpdateFunctionCodeCommand({ FunctionName: "guarded-too", ZipFile: nodeZip("exports.handler = async () => process.env.KEY;") }),
    );
    await settled("guarded-too");
    assert.deepEqual([(await call("guarded-too", {})).status, await called("guarded-too/who")], [401, "kept"]);
    const { manifest } = (await admin().app("guarded-too")).live!;
    const { access, ips, network, secrets, routes } = manifest;
    const { functions, ...ofApp } = rules;
    assert.deepEqual({ access, ips, network, secrets, routes }, ofApp);
    assert.deepEqual(manifest.functions["main"]?.rate, functions.main.rate);
    await admin().deploy(manifestSchema.parse({ name: "open", functions: { main: { entry: "index.js" } } }), [code]);
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "open", ZipFile: answering("open still") }));
    await settled("open");
    assert.equal(await (await call("open", {})).text(), "open still");
  });

  test("a function whose app is removed by another way is gone, and its name is free", async () => {
    await create("removed", answering("one"));
    await settled("removed");
    await admin().removeApp("removed");
    await refused(lambda.send(new GetFunctionCommand({ FunctionName: "removed" })), "ResourceNotFoundException", /Function not found/);
    await create("removed", answering("two"));
    await settled("removed");
    assert.equal(await called("removed"), "two");
  });

  test("a tag chooses the id of a function's URL, which no other function may have then", async () => {
    const Tags = { _custom_id_: "chosen-id" };
    for (const name of ["chooses", "chooses-too"]) await create(name, answering("one"), { Tags });
    const createUrl = (FunctionName: string) => lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" }));
    assert.match((await createUrl("chooses")).FunctionUrl!, /\bchosen-id\b/);
    await refused(createUrl("chooses-too"), "ResourceConflictException", /chosen-id/);
    await lambda.send(
      new TagResourceCommand({
        Resource: (await lambda.send(new GetFunctionCommand({ FunctionName: "chooses-too" }))).Configuration!.FunctionArn,
        Tags: { _custom_id_: "Not.A-Label" },
      }),
    );
    await refused(createUrl("chooses-too"), "InvalidParameterValueException", /1 to 63 of a-z/);
  });

  test("a name that is taken is refused, also if it differs in capitals alone", async () => {
    await create("Taken", answering("one"));
    await refused(create("Taken", answering("two")), "ResourceConflictException", /Function already exist: Taken/);
    await refused(create("taken", answering("two")), "ResourceConflictException", /Function already exist: taken/);
    await settled("Taken");
  });

  test("zip files that nobody should unpack are refused, and code that cannot be deployed makes the function fail with the reason", async () => {
    const bad = {
      damaged: Buffer.from("no zip file"),
      link: zip([{ name: "index.js", content: "/etc/passwd", mode: 0o120777 }]),
      outside: zip([{ name: "../index.js", content: "" }]),
    };
    for (const [name, ZipFile] of Object.entries(bad))
      await refused(create(name, ZipFile), "InvalidParameterValueException", /Could not unzip uploaded file/);
    await create("lying", zip([{ name: "index.js", content: Buffer.alloc(100_000, "x"), deflated: true, saidBytes: 10 }]));
    const failed = await settled("lying");
    assert.equal(failed.State, "Failed");
    assert.match(failed.StateReason ?? "", /bytes|size/i);
    await lambda.send(new DeleteFunctionCommand({ FunctionName: "lying" }));
  });

  test("a dry run changes nothing, and a change with an old revision id is refused", async () => {
    await create("dry", answering("before"));
    await settled("dry");
    const { Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: "dry" }));
    const ZipFile = answering("after");
    const tried = await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "dry", ZipFile, DryRun: true }));
    assert.equal(tried.LastUpdateStatus, "Successful");
    assert.equal(await called("dry"), "before");
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "dry", Timeout: 5, RevisionId: Configuration!.RevisionId }));
    await settled("dry");
    const old = new UpdateFunctionCodeCommand({ FunctionName: "dry", ZipFile, RevisionId: Configuration!.RevisionId });
    await refused(lambda.send(old), "PreconditionFailedException", /Revision Id provided does not match/);
  });

  test("requests without a signature, of a key that may not, and for functions of others are refused", async () => {
    const reader = clientOf(server.apiUrl, await createKeyOf(["reading", "--role", "reader"]));
    await reader.send(new ListFunctionsCommand({}));
    await refused(
      create("forbidden", answering("x"), {}, reader),
      "AccessDeniedException",
      /not authorized to perform: lambda:CreateFunction/,
    );
    const wrong = clientOf(server.apiUrl, { ...credentials, secretAccessKey: "another" });
    await refused(wrong.send(new ListFunctionsCommand({})), "InvalidSignatureException", /does not match/);
    const response = await fetch(`${server.apiUrl}/2015-03-31/functions`);
    assert.equal(response.status, 403);
    assert.equal(response.headers.get("x-amzn-errortype"), "MissingAuthenticationTokenException");
    assert.ok(response.headers.get("x-amzn-requestid"));
    const unknown = await fetch(`${server.apiUrl}/2015-03-31/nothing`);
    assert.equal(unknown.status, 404);
    await unknown.body?.cancel();
    // The management API beside it is untouched.
    assert.equal((await fetch(`${server.apiUrl}/v1/health`)).status, 200);
  });

  test("too many wrong signatures from one address are refused with a time to come again, and a right one from there is not", async () => {
    const from = async (secretAccessKey: string) => {
      const { hostname, port, host } = new URL(server.apiUrl);
      const head = { method: "GET", protocol: "http:", hostname, port: Number(port), path: "/2015-03-31/functions", headers: { host } };
      const signer = new SignatureV4({
        service: "lambda",
        region: "us-east-1",
        credentials: { ...credentials, secretAccessKey },
        sha256: Sha256,
      });
      const { headers } = await signer.sign(head);
      const sent = request({ ...head, headers, localAddress: "127.0.0.2" });
      sent.end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      response.resume();
      return response;
    };
    const answers = [];
    for (let at = 0; at < 45; at++) answers.push(await from("another"));
    assert.equal(answers[0]!.headers["x-amzn-errortype"], "InvalidSignatureException");
    const late = answers.find(({ statusCode }) => statusCode === 429);
    assert.equal(late?.headers["x-amzn-errortype"], "TooManyRequestsException");
    assert.match(late.headers["retry-after"]!, /^[12]$/);
    assert.equal((await from(credentials.secretAccessKey)).statusCode, 200);
    const wrong = clientOf(server.apiUrl, { ...credentials, secretAccessKey: "another" });
    await refused(wrong.send(new ListFunctionsCommand({})), "InvalidSignatureException", /does not match/);
  });

  test("what a killed worker had begun to deploy, the next one deploys, and its records are there; the API answers on a port of its own", async (context) => {
    const folder = temporaryFolder(context);
    const config = join(folder, "config.json");
    const port = await freePort();
    writeFileSync(config, JSON.stringify({ lambda: { listen: `127.0.0.1:${port}` } }));
    const other = await serve(context, join(folder, "state"), [...settings, "--config", config]);
    const own = clientOf(`http://127.0.0.1:${port}`, await createKey(other.apiUrl, join(folder, "state")));
    await create("survivor", answering("still here"), { Tags: { a: "b" } }, own);
    process.kill(other.worker, "SIGKILL");
    const shown = await until(() =>
      own
        .send(new GetFunctionCommand({ FunctionName: "survivor" }))
        .then(({ Configuration, Tags }) => Configuration?.State === "Active" && Tags)
        .catch(() => undefined),
    );
    assert.deepEqual(shown, { a: "b" });
    const headers = { authorization: `Bearer ${tokenIn(join(folder, "state"))}` };
    assert.equal(await (await fetch(`${other.gatewayUrl}/survivor`, { headers })).text(), "still here");
    assert.equal(await other.end("SIGTERM"), 0);
  });

  test("machines are kept ready for what is provisioned, for an alias's new version when it moves, and after a kill of the server", async () => {
    await create("provided", answering("one"));
    await settled("provided");
    await lambda.send(new PublishVersionCommand({ FunctionName: "provided" }));
    await lambda.send(new CreateAliasCommand({ FunctionName: "provided", Name: "ready", FunctionVersion: "1" }));
    const named = { FunctionName: "provided", Qualifier: "ready" };
    const put = await lambda.send(new PutProvisionedConcurrencyConfigCommand({ ...named, ProvisionedConcurrentExecutions: 2 }));
    assert.equal(put.Status, "IN_PROGRESS");
    const boundTo = async (number: number) => {
      const machines = await admin().machines();
      return machines.filter(({ app, state, revision }) => app === "provided" && state === "bound" && revision === number).length;
    };
    const ready = () => until(async () => (await lambda.send(new GetProvisionedConcurrencyConfigCommand(named))).Status === "READY");
    await ready();
    assert.equal(await boundTo(1), 2);
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: "provided", ZipFile: answering("two"), Publish: true }));
    await settled("provided");
    await lambda.send(new UpdateAliasCommand({ FunctionName: "provided", Name: "ready", FunctionVersion: "2" }));
    await ready();
    assert.equal(await boundTo(2), 2);
    process.kill(server.worker, "SIGKILL");
    await until(async () => (await boundTo(2).catch(() => 0)) === 2);
    assert.equal(await boundTo(1), 0);
    await ready();
    await lambda.send(new DeleteProvisionedConcurrencyConfigCommand(named));
    await assert.rejects(lambda.send(new GetProvisionedConcurrencyConfigCommand(named)), {
      name: "ProvisionedConcurrencyConfigNotFoundException",
    });
  });

  async function createKeyOf(args: string[]): Promise<{ accessKeyId: string; secretAccessKey: string }> {
    const made = await mayfly(["key", "create", ...args, "--json", "--api", server.apiUrl, "--state", stateDir]);
    assert.equal(made.code, 0, made.stderr);
    const { id, secret } = JSON.parse(made.stdout) as { id: string; secret: string };
    return { accessKeyId: id, secretAccessKey: secret };
  }

  function admin() {
    return createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
  }
});

async function refused(call: Promise<unknown>, name: string, text: RegExp): Promise<void> {
  await assert.rejects(call, (error: Error) => {
    assert.equal(error.name, name, error.message);
    assert.match(error.message, text);
    return true;
  });
}
