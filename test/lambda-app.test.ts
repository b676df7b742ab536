/** Several functions of AWS Lambda's API in one app, by the tag mayfly:app: by AWS's SDK, and as the other doors see it. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutProvisionedConcurrencyConfigCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { until } from "../src/base/clock/until.ts";
import { mayfly, serve, type Server } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { zip } from "./lambda/zip.ts";
import { type Scope, temporaryFolder } from "./platform.ts";

const region = "us-east-1";
const role = "arn:aws:iam::000000000000:role/any";
const conflict = "ResourceConflictException";
const invalid = "InvalidParameterValueException";

/** Says which code, environment and process answered. */
const tells = (code: string) =>
  zip([
    {
      name: "index.js",
      content: `exports.handler = async (event, context) => {
  if (event.call) return (await fetch("http://" + event.call + ".mayfly.internal/")).json();
  console.log("worked as ${code}");
  return { code: ${JSON.stringify(code)}, who: process.env.WHO, pid: process.pid, name: context.functionName, version: context.functionVersion, memory: context.memoryLimitInMB };
};`,
    },
  ]);

interface Told {
  code: string;
  who?: string;
  pid: number;
  name: string;
  version: string;
  memory: string;
}

describe("functions that share an app", () => {
  const closing: (() => void | Promise<void>)[] = [];
  const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };
  let server: Server;
  let stateDir: string;
  let credentials: { accessKeyId: string; secretAccessKey: string };
  let lambda: LambdaClient;

  before(async () => {
    stateDir = temporaryFolder(scope);
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
    credentials = await createKey(server.apiUrl, stateDir);
    lambda = clientOf(credentials);
  });

  after(async () => {
    for (const close of closing) await close();
  });

  const clientOf = (keys: typeof credentials) => new LambdaClient({ endpoint: server.apiUrl, region, credentials: keys, maxAttempts: 1 });

  async function create(app: string, FunctionName: string, more: Partial<CreateFunctionCommandInput> = {}, by = lambda): Promise<void> {
    const Code = { ZipFile: tells(FunctionName) };
    const Tags = { "mayfly:app": app };
    await by.send(
      new CreateFunctionCommand({ FunctionName, Role: role, Runtime: "nodejs24.x", Handler: "index.handler", Code, Tags, ...more }),
    );
    const settled = await settle(FunctionName, by);
    assert.deepEqual([settled.State, settled.StateReason], ["Active", undefined]);
  }

  async function settle(FunctionName: string, by = lambda) {
    await until(async () => {
      const { State, LastUpdateStatus } = await by.send(new GetFunctionConfigurationCommand({ FunctionName }));
      return State !== "Pending" && LastUpdateStatus !== "InProgress";
    });
    return by.send(new GetFunctionConfigurationCommand({ FunctionName }));
  }

  async function update(FunctionName: string, code: string): Promise<void> {
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: tells(code) }));
    assert.equal((await settle(FunctionName)).LastUpdateStatus, "Successful");
  }

  async function invoke(FunctionName: string, event: object = {}, Qualifier?: string): Promise<Told> {
    const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Qualifier, Payload: JSON.stringify(event) }));
    const text = Buffer.from(Payload!).toString();
    assert.equal(FunctionError, undefined, text);
    return JSON.parse(text) as Told;
  }

  async function run(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await mayfly([...args, "--api", server.apiUrl, "--state", stateDir]);
    assert.equal(code, 0, stderr);
    return stdout;
  }

  const refused = (call: Promise<unknown>, name: string, text: RegExp) => assert.rejects(call, { name, message: text });

  const apps = async () =>
    (JSON.parse(await run("list", "--json")) as { apps: { app: string; live: { manifest: { functions: object } } }[] }).apps;
  const functionsOf = async (app: string) => {
    const found = (await apps()).find((each) => each.app === app);
    return found && Object.keys(found.live.manifest.functions);
  };
  const arnOf = (name: string) => `arn:aws:lambda:${region}:000000000000:function:${name}`;

  test("each has its own code, runtime and settings, and the other doors see one app", async () => {
    await create("shop", "cart", { Environment: { Variables: { WHO: "cart" } }, MemorySize: 256 });
    await create("shop", "pay", { Environment: { Variables: { WHO: "pay" } }, Timeout: 9 });
    const python = zip([
      { name: "index.py", content: "def handler(event, context):\n  return {'code': 'report', 'name': context.function_name}\n" },
    ]);
    await create("shop", "report", { Runtime: "python3.13", Code: { ZipFile: python } });
    const [cart, pay, report] = [await invoke("cart"), await invoke("pay"), await invoke("report")];
    assert.deepEqual([cart.code, cart.who, cart.memory, cart.name], ["cart", "cart", "256", "cart"]);
    assert.deepEqual([pay.code, pay.who, pay.memory, pay.version], ["pay", "pay", "128", "$LATEST"]);
    assert.deepEqual([report.code, report.name], ["report", "report"]);
    assert.notEqual(cart.pid, pay.pid, "each has machines of its own");

    assert.deepEqual(await functionsOf("shop"), ["cart", "pay", "report"]);
    assert.deepEqual(
      (await lambda.send(new ListFunctionsCommand({}))).Functions?.map(({ FunctionName }) => FunctionName),
      ["cart", "pay", "report"],
    );
    const paged: (string | undefined)[] = [];
    for (let Marker: string | undefined, first = true; first || Marker !== undefined; first = false) {
      const page = await lambda.send(new ListFunctionsCommand({ MaxItems: 1, Marker }));
      paged.push(...page.Functions!.map(({ FunctionName }) => FunctionName));
      Marker = page.NextMarker;
    }
    assert.deepEqual(paged, ["cart", "pay", "report"]);
    const { Tags, Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: "pay" }));
    assert.deepEqual([Tags, Configuration?.Timeout, Configuration?.FunctionArn], [{ "mayfly:app": "shop" }, 9, arnOf("pay")]);

    const { token } = JSON.parse(await run("token", "create", "caller", "--role", "invoker", "--json")) as { token: string };
    const called = await fetch(`${server.gatewayUrl}/shop/cart`, {
      method: "POST",
      body: "{}",
      headers: { authorization: `Bearer ${token}` },
    });
    assert.deepEqual([called.status, ((await called.json()) as Told).who], [200, "cart"]);
    await until(async () => {
      const lines = await run("logs", "shop");
      return lines.includes("worked as cart") && lines.includes("worked as pay");
    });
    assert.match(await run("versions", "shop"), /FUNCTION[\s\S]*\(all\)/);
    assert.match(await run("bill", "shop"), /cart[\s\S]*pay/);
  });

  test("a deploy of one function changes nothing of the others, which keep their machines", async () => {
    const before = await invoke("pay");
    await update("cart", "cart 2");
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "cart", Environment: { Variables: { WHO: "another" } } }));
    await settle("cart");
    assert.deepEqual(await invoke("pay"), before);
    const after = await invoke("cart");
    assert.deepEqual([after.code, after.who], ["cart 2", "another"]);
  });

  test("functions of an app call each other by name, as they are now", async () => {
    assert.equal((await invoke("cart", { call: "pay" })).code, "pay");
    await update("pay", "pay 2");
    assert.equal((await invoke("cart", { call: "pay" })).code, "pay 2");
  });

  test("versions, aliases and provisioned concurrency are each function's own", async () => {
    await lambda.send(new PublishVersionCommand({ FunctionName: "cart" }));
    await lambda.send(new PublishVersionCommand({ FunctionName: "pay" }));
    await update("cart", "cart 3");
    assert.equal((await lambda.send(new PublishVersionCommand({ FunctionName: "cart" }))).Version, "2");
    for (const [FunctionName, FunctionVersion] of [
      ["cart", "1"],
      ["pay", "1"],
    ] as const)
      await lambda.send(new CreateAliasCommand({ FunctionName, Name: "prod", FunctionVersion }));
    const versions = async (name: string) => [
      (await invoke(name, {}, "1")).code,
      (await invoke(name, {}, "prod")).code,
      (await invoke(name)).code,
    ];
    assert.deepEqual(
      [await versions("cart"), await versions("pay")],
      [
        ["cart 2", "cart 2", "cart 3"],
        ["pay 2", "pay 2", "pay 2"],
      ],
    );
    await lambda.send(new UpdateAliasCommand({ FunctionName: "cart", Name: "prod", FunctionVersion: "2" }));
    assert.deepEqual([(await invoke("cart", {}, "prod")).version, (await invoke("pay", {}, "prod")).version], ["2", "1"]);
    await lambda.send(
      new PutProvisionedConcurrencyConfigCommand({ FunctionName: "pay", Qualifier: "1", ProvisionedConcurrentExecutions: 1 }),
    );
    await until(async () => {
      const found = await lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName: "pay", Qualifier: "1" }));
      return found.Status === "READY";
    });
    await lambda.send(new DeleteFunctionCommand({ FunctionName: "cart", Qualifier: "1" }));
    assert.deepEqual(
      (await lambda.send(new ListVersionsByFunctionCommand({ FunctionName: "cart" }))).Versions?.map(({ Version }) => Version),
      ["$LATEST", "2"],
    );
    assert.equal((await invoke("pay", {}, "1")).code, "pay 2");
  });

  test("functions that are created at the same time are all there", async () => {
    const names = Array.from({ length: 8 }, (_, at) => `many-${at}`);
    await Promise.all(names.map((name) => create("many", name)));
    assert.deepEqual(await functionsOf("many"), names);
    assert.deepEqual(await Promise.all(names.map(async (name) => (await invoke(name)).code)), names);
  });

  test("a function that is deleted leaves the others; the app goes with the last one", async () => {
    await create("pair", "left");
    await create("pair", "right");
    const before = await invoke("right");
    await lambda.send(new PublishVersionCommand({ FunctionName: "left" }));
    await lambda.send(new DeleteFunctionCommand({ FunctionName: "left" }));
    assert.deepEqual([await functionsOf("pair"), await invoke("right")], [["right"], before]);
    await assert.rejects(invoke("left"), { name: "ResourceNotFoundException" });
    const { aliases } = JSON.parse(await run("versions", "pair", "--json")) as { aliases: { name: string }[] };
    assert.deepEqual(
      aliases.map(({ name }) => name),
      ["live"],
      "what kept the code of its version is gone",
    );
    await lambda.send(new DeleteFunctionCommand({ FunctionName: "right" }));
    assert.equal(await functionsOf("pair"), undefined);
  });

  test("an app that is removed takes its functions along", async () => {
    await create("gone", "gone-a");
    await create("gone", "gone-b");
    await run("remove", "gone", "--yes");
    for (const name of ["gone-a", "gone-b"]) await assert.rejects(invoke(name), { name: "ResourceNotFoundException" });
    await create("gone", "gone-c");
    assert.deepEqual(await functionsOf("gone"), ["gone-c"]);
  });

  test("the tag is given when a function is created, and stays", async () => {
    const tag = (name: string, app: string) => lambda.send(new TagResourceCommand({ Resource: arnOf(name), Tags: { "mayfly:app": app } }));
    await refused(tag("cart", "other"), invalid, /can be given when the function is created, and stays: this function is in the app shop/);
    await refused(lambda.send(new UntagResourceCommand({ Resource: arnOf("cart"), TagKeys: ["mayfly:app"] })), invalid, /stays/);
    await tag("cart", "shop");
    await create("alone", "alone", { Tags: {} });
    await refused(tag("alone", "shop"), invalid, /this function is in the app alone/);
    await refused(create("alone", "joins"), conflict, /The tag mayfly:app is alone, but that app was deployed as a whole/);
    await refused(create("shop", "cart"), conflict, /^Function already exist: cart$/);
    await refused(create("shop", "shop", { Tags: {} }), conflict, /the app shop is that of other functions/);
    await refused(create("a.b", "dotted"), invalid, /must be the name of an app/);
    await create("shop", "shop");
    assert.equal((await invoke("shop")).code, "shop");
  });

  test("what is live follows from the functions' deploys alone", async () => {
    for (const args of [
      ["rollback", "shop"],
      ["promote", "shop", "1"],
    ]) {
      const { code, stderr } = await mayfly([...args, "--api", server.apiUrl, "--state", stateDir]);
      assert.notEqual(code, 0);
      assert.match(stderr, /deployed one by one/, args.join(" "));
    }
  });

  test("whoever is bounded to an app has all of its functions, and no other", async () => {
    const mine = clientOf(await createKey(server.apiUrl, stateDir, ["--role", "deployer", "--app", "team"], "team-key"));
    await create("team", "team-a", {}, mine);
    await create("team", "team-b", {}, mine);
    assert.deepEqual(
      (await mine.send(new ListFunctionsCommand({}))).Functions?.map(({ FunctionName }) => FunctionName),
      ["team-a", "team-b"],
    );
    await mine.send(new UpdateFunctionCodeCommand({ FunctionName: "team-a", ZipFile: tells("again") }));
    await settle("team-a", mine);
    const denied = "AccessDeniedException";
    await refused(mine.send(new GetFunctionCommand({ FunctionName: "cart" })), denied, /not authorized to perform: lambda:GetFunction/);
    await refused(create("shop", "team-c", {}, mine), denied, /not authorized to perform: lambda:CreateFunction/);
    await refused(create("team", "team-d", { Tags: {} }, mine), denied, /not authorized to perform: lambda:CreateFunction/);
  });

  test("a server that is killed during deploys loses no function, and finishes them", async () => {
    const sent = ["cart", "pay", "shop"].map((FunctionName) =>
      lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: tells(`${FunctionName} at last`) })),
    );
    await Promise.all(sent);
    await server.end("SIGKILL");
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
    lambda = clientOf(credentials);
    for (const name of ["cart", "pay", "shop"]) {
      assert.equal((await settle(name)).LastUpdateStatus, "Successful");
      assert.equal((await invoke(name)).code, `${name} at last`);
    }
    assert.deepEqual(await functionsOf("shop"), ["cart", "pay", "report", "shop"]);
    assert.deepEqual([(await invoke("report")).code, (await invoke("cart", {}, "2")).code], ["report", "cart 3"]);
  });
});
