/** The AWS CLI and boto3, as Debian has them, against a server: older than the API, so that what is new in its answers must not be in their way. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { loadConfig } from "../src/base/config/load.ts";
import { fetchProgramRoot, hostCommand, imageSuite } from "../src/images/debian/program-root.ts";
import { serve } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { nodeEcho } from "./lambda/replay.ts";
import { zip } from "./lambda/zip.ts";
import { type Scope, temporaryFolder } from "./platform.ts";

const run = promisify(execFile);
const role = "arn:aws:iam::000000000000:role/any";

describe("Debian's clients of AWS", () => {
  const closing: (() => void | Promise<void>)[] = [];
  const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };
  let root: string;
  let python: string[];
  let folder: string;
  let apiUrl: string;
  let gatewayUrl: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    root = await fetchProgramRoot({ suite: imageSuite, packages: ["awscli", "python3-boto3"], cacheDir: loadConfig({}).cacheDir });
    python = await hostCommand(root, "/usr/bin/python3.11");
    folder = temporaryFolder(scope);
    const stateDir = join(folder, "state");
    mkdirSync(stateDir);
    ({ apiUrl, gatewayUrl } = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]));
    const { accessKeyId, secretAccessKey } = await createKey(apiUrl, stateDir);
    env = {
      HOME: folder,
      LANG: "C.UTF-8",
      PYTHONHOME: join(root, "usr"),
      PYTHONPATH: join(root, "usr/lib/python3/dist-packages"),
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: "eu-central-1",
      AWS_EC2_METADATA_DISABLED: "true",
      ENDPOINT: apiUrl,
    };
    writeFileSync(join(folder, "first.zip"), nodeEcho("first"));
    writeFileSync(join(folder, "second.zip"), zip([{ name: "index.js", content: 'exports.handler = async () => "second";\n' }]));
    writeFileSync(join(folder, "layer.zip"), zip([{ name: "nodejs/value.txt", content: "of a layer" }]));
  });

  after(async () => {
    for (const close of closing) await close();
  });

  async function called(path: string): Promise<string> {
    const token = readFileSync(join(folder, "state", "api-token"), "utf8").trim();
    return (await fetch(`${gatewayUrl}/${path}`, { headers: { authorization: `Bearer ${token}` } })).text();
  }

  const aws = (...args: string[]) => awsOf("lambda", ...args);

  async function awsOf(...args: string[]): Promise<Record<string, unknown>> {
    const [program, ...rest] = python;
    const command = [...rest, join(root, "usr/bin/aws"), "--endpoint-url", apiUrl, "--output", "json", ...args];
    const { stdout } = await run(program!, command, { env, cwd: folder });
    return stdout.trim() === "" ? {} : (JSON.parse(stdout) as Record<string, unknown>);
  }

  test("aws lambda makes a function, waits for it, changes, publishes and removes it", async () => {
    const made = await aws(
      "create-function",
      "--function-name",
      "cli",
      "--runtime",
      "nodejs18.x",
      "--handler",
      "index.handler",
      "--role",
      role,
      "--zip-file",
      "fileb://first.zip",
    );
    assert.equal(made["State"], "Pending");
    assert.equal(made["FunctionArn"], "arn:aws:lambda:eu-central-1:000000000000:function:cli");
    await aws("wait", "function-active-v2", "--function-name", "cli");
    assert.equal((await aws("publish-version", "--function-name", "cli"))["Version"], "1");
    await aws("update-function-code", "--function-name", "cli", "--zip-file", "fileb://second.zip");
    await aws("wait", "function-updated-v2", "--function-name", "cli");
    assert.equal(await called("cli"), "second");
    await aws(
      "update-function-configuration",
      "--function-name",
      "cli",
      "--memory-size",
      "256",
      "--environment",
      "Variables={COLOUR=blue}",
    );
    await aws("wait", "function-updated", "--function-name", "cli");
    const alias = await aws("create-alias", "--function-name", "cli", "--name", "live", "--function-version", "1");
    assert.equal(alias["AliasArn"], "arn:aws:lambda:eu-central-1:000000000000:function:cli:live");
    assert.equal(await called("cli"), "second", "an alias called live is not where other calls go");
    const shown = (await aws("get-function", "--function-name", "cli:live")) as { Configuration: { Version: string } };
    assert.equal(shown.Configuration.Version, "1");
    const { Functions } = (await aws("list-functions")) as { Functions: { FunctionName: string; MemorySize: number }[] };
    assert.deepEqual(
      Functions.map(({ FunctionName, MemorySize }) => [FunctionName, MemorySize]),
      [["cli", 256]],
    );
    await aws("add-permission", "--function-name", "cli", "--statement-id", "s", "--action", "lambda:InvokeFunction", "--principal", "*");
    await aws("tag-resource", "--resource", made["FunctionArn"], "--tags", "team=blue");
    assert.deepEqual(await aws("list-tags", "--resource", made["FunctionArn"] as string), { Tags: { team: "blue" } });
    await aws("delete-function", "--function-name", "cli");
    await assert.rejects(
      aws("get-function", "--function-name", "cli"),
      /ResourceNotFoundException\) when calling the GetFunction operation: Function not found: arn:aws:lambda:eu-central-1:000000000000:function:cli/,
    );
  });

  test("aws events and aws scheduler make a rule, its target and a schedule, and publish", async () => {
    const arn = "arn:aws:lambda:eu-central-1:000000000000:function:any";
    const pattern = '{"source":["shop"]}';
    const put = await awsOf("events", "put-rule", "--name", "paid", "--event-pattern", pattern);
    assert.equal(put["RuleArn"], "arn:aws:events:eu-central-1:000000000000:rule/paid");
    await awsOf("events", "put-targets", "--rule", "paid", "--targets", `Id=1,Arn=${arn}`);
    const { Targets } = await awsOf("events", "list-targets-by-rule", "--rule", "paid");
    assert.deepEqual(Targets, [{ Id: "1", Arn: arn }]);
    const entries = JSON.stringify([{ Source: "other", DetailType: "order.paid", Detail: "{}" }]);
    assert.equal((await awsOf("events", "put-events", "--entries", entries))["FailedEntryCount"], 0);
    const event = JSON.stringify({ id: "1", source: "shop", account: "0", time: "2026-11-30T10:00:00Z", region: "r", "detail-type": "t" });
    assert.equal((await awsOf("events", "test-event-pattern", "--event-pattern", pattern, "--event", event))["Result"], true);
    await assert.rejects(
      awsOf("events", "describe-rule", "--name", "none"),
      /ResourceNotFoundException.*Rule none does not exist on EventBus default/,
    );
    const target = JSON.stringify({ Arn: arn, RoleArn: role });
    const schedule = [
      "--name",
      "nightly",
      "--schedule-expression",
      "rate(1 day)",
      "--target",
      target,
      "--flexible-time-window",
      "Mode=OFF",
    ];
    const made = await awsOf("scheduler", "create-schedule", ...schedule);
    assert.equal(made["ScheduleArn"], "arn:aws:scheduler:eu-central-1:000000000000:schedule/default/nightly");
    assert.equal((await awsOf("scheduler", "get-schedule", "--name", "nightly"))["State"], "ENABLED");
    await awsOf("scheduler", "delete-schedule", "--name", "nightly");
  });

  test("boto3 pages, waits, uses layers and signs URLs", async () => {
    const script = `
import boto3, json, os, time, urllib.request, urllib.error
client = boto3.client("lambda", endpoint_url=os.environ["ENDPOINT"])
role = "${role}"
zip_file = open("first.zip", "rb").read()
layer = client.publish_layer_version(LayerName="values", Content={"ZipFile": open("layer.zip", "rb").read()}, CompatibleRuntimes=["nodejs18.x"])
for name in ["one", "two", "three"]:
    client.create_function(FunctionName=name, Role=role, Runtime="nodejs18.x", Handler="index.handler", Code={"ZipFile": zip_file}, Layers=[layer["LayerVersionArn"]], Tags={"n": name})
    client.get_waiter("function_active_v2").wait(FunctionName=name)
pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
names = [f["FunctionName"] for page in pages for f in page["Functions"]]
url = client.generate_presigned_url("get_function_configuration", Params={"FunctionName": "one"}, ExpiresIn=60)
signed = json.load(urllib.request.urlopen(url))
try:
    urllib.request.urlopen(url.replace("/one/", "/two/"))
    changed = 200
except urllib.error.HTTPError as error:
    changed = error.code
try:
    client.get_function(FunctionName="four")
    missing = None
except client.exceptions.ResourceNotFoundException as error:
    missing = str(error)
code = urllib.request.urlopen(client.get_function(FunctionName="one")["Code"]["Location"]).read()
for name in names:
    client.delete_function(FunctionName=name)
print(json.dumps({"names": names, "layers": signed["Layers"], "changed": changed, "missing": missing, "same": code == zip_file}))
`;
    const [program, ...rest] = python;
    const { stdout } = await run(program!, [...rest, "-c", script], { env, cwd: folder });
    const seen = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual(seen["names"], ["one", "three", "two"]);
    assert.equal((seen["layers"] as { Arn: string }[])[0]!.Arn, "arn:aws:lambda:eu-central-1:000000000000:layer:values:1");
    assert.equal(seen["changed"], 403);
    assert.match(String(seen["missing"]), /Function not found: .*:four/);
    assert.equal(seen["same"], true);
  });
});
