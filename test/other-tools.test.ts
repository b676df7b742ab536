/** Files of other tools are deployed as they are, by the command line, and called. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { mayfly } from "./command.ts";
import { copyApp, createScope, type Platform, startPlatform, temporaryFolder } from "./platform.ts";

interface Deployed {
  app: string;
  functions: { name: string }[];
  passedOver: { at: string; why: string }[];
}

describe("a deploy without a mayfly.json", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process", blanks: 0 });
  });
  after(() => scope.close());

  const run = (...args: string[]) => mayfly(args, { env: { MAYFLY_STATE_DIR: platform.stateDir } });
  const good = async (...args: string[]) => {
    const { code, stdout, stderr } = await run(...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const deploy = async (...args: string[]) => JSON.parse(await good("deploy", ...args, "--json")) as Deployed;
  const get = async (path: string, init?: RequestInit) => {
    const response = await platform.call(path, init);
    return [response.status, await response.text()];
  };
  const write = (files: Record<string, string | object>) => {
    const folder = temporaryFolder(scope);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
    }
    return folder;
  };

  test("of serverless.yml: routes with parameters, variables by stage, and a list of what was passed over", async () => {
    const { app, functions, passedOver } = await deploy("examples/serverless", "--stage", "prod");
    assert.deepEqual([app, functions.map(({ name }) => name)], ["quotes", ["quotes", "quote", "greet", "nightly"]]);
    assert.deepEqual(
      passedOver.map(({ at }) => at),
      ["functions.nightly.events[0].schedule", "functions.nightly"],
    );
    assert.deepEqual(await get("/quotes/quotes"), [200, '["quotes/1","quotes/2"]']);
    assert.deepEqual(await get("/quotes/quotes/2"), [200, "It is enough.\n"]);
    assert.deepEqual(await get("/quotes/quotes/9"), [404, "There is no such quote.\n"]);
    const greeted = await platform.call("/quotes/greet/Ada/L%C3%B6we", { method: "POST", headers: { "x-mayfly-route": "forged" } });
    assert.deepEqual([greeted.headers.get("x-route"), await greeted.text()], ["ANY /greet/{proxy+}", "Good day, Ada/Löwe!\n"]);
  });

  test("of a SAM template: functions of Python, each with the folder of its code as its root", async () => {
    const { app, passedOver } = await deploy("examples/sam", "--name", "stock", "--parameter", "Currency=USD");
    assert.equal(app, "stock");
    assert.deepEqual(
      passedOver.map(({ at }) => at),
      ["Resources.ReportFunction.Properties.Events.Nightly", "Resources.OrdersTable"],
    );
    assert.deepEqual(await get("/stock/orders/a%20b"), [200, '{"order": "a b", "price": "30 USD"}']);
    assert.deepEqual(await get("/stock/report"), [200, "Report: nothing was sold\n"]);
  });

  test("of what CDK has synthesised: assets, and code that stands in the template", async () => {
    const lambda = (properties: object, path: string, asset?: string) => ({
      Type: "AWS::Lambda::Function",
      Properties: { Runtime: "nodejs22.x", Handler: "index.handler", Role: { "Fn::GetAtt": ["Role", "Arn"] }, ...properties },
      Metadata: { "aws:cdk:path": path, ...(asset !== undefined && { "aws:asset:path": asset }) },
    });
    const uri = (id: string) => ({ IntegrationUri: { "Fn::GetAtt": [id, "Arn"] } });
    const route = (key: string, integration: string) => ({
      RouteKey: key,
      Target: { "Fn::Join": ["", ["integrations/", { Ref: integration }]] },
    });
    const folder = write({
      "cdk.json": { app: "node app.js" },
      "cdk.out/manifest.json": {
        artifacts: { Shop: { type: "aws:cloudformation:stack", properties: { templateFile: "Shop.template.json" } } },
      },
      "cdk.out/Shop.template.json": {
        Resources: {
          HandlerAA11: lambda({ Code: { S3Bucket: "b", S3Key: "k.zip" } }, "Shop/Handler/Resource", "asset.aa11"),
          InlineBB22: lambda(
            { Code: { ZipFile: "exports.handler = async (event) => `inline ${event.routeKey}`;" } },
            "Shop/Inline/Resource",
          ),
          Integration1: { Type: "AWS::ApiGatewayV2::Integration", Properties: uri("HandlerAA11") },
          Integration2: { Type: "AWS::ApiGatewayV2::Integration", Properties: uri("InlineBB22") },
          Route1: { Type: "AWS::ApiGatewayV2::Route", Properties: route("GET /pay/{id}", "Integration1") },
          Route2: { Type: "AWS::ApiGatewayV2::Route", Properties: route("$default", "Integration2") },
        },
      },
      "cdk.out/asset.aa11/index.js": "exports.handler = async (event) => ({ statusCode: 200, body: `paid ${event.pathParameters.id}` });",
    });
    const { app, functions } = await deploy(folder);
    assert.deepEqual([app, functions.map(({ name }) => name)], ["Shop", ["Handler", "Inline"]]);
    assert.deepEqual(await get("/Shop/pay/7"), [200, "paid 7"]);
    assert.deepEqual(await get("/Shop/other"), [200, "inline $default"]);
  });

  test("what was guarded stays guarded, and pages of other origins are answered by the route that they mean", async () => {
    const event = { path: "who/{id}", method: "get", authorizer: { name: "check" }, cors: { origins: ["https://a.example"] } };
    const signed = { path: "signed", method: "get", authorizer: "aws_iam" };
    const functions = {
      who: { handler: "who.handler", events: [{ http: event }] },
      signed: { handler: "who.handler", events: [{ http: signed }] },
    };
    const folder = write({
      "serverless.json": { service: "guarded", provider: { name: "aws", runtime: "nodejs20.x" }, functions },
      "who.js":
        "exports.handler = async ({ httpMethod, resource, pathParameters }) => ({ statusCode: 200, body: [httpMethod, resource, pathParameters.id].join() });",
    });
    const { passedOver } = await deploy(folder);
    const why = passedOver.map((each) => each.why).join("\n");
    assert.match(why, /callers need a token of this server/);
    assert.match(why, /callers sign their requests as for Amazon's IAM/);
    assert.equal((await platform.call("/guarded/signed")).status, 401);
    assert.equal((await platform.call("/guarded/who/7")).status, 401);
    assert.equal((await platform.call("/guarded/who")).status, 401, "the function's own path is guarded as well");
    const headers = { authorization: `Bearer ${platform.running.token}` };
    assert.deepEqual(await get("/guarded/who/7", { headers }), [200, "GET,/who/{id},7"]);
    const asked = { origin: "https://a.example", "access-control-request-method": "GET" };
    const preflight = await platform.call("/guarded/who/7", { method: "OPTIONS", headers: asked });
    assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-origin")], [204, "https://a.example"]);
  });

  test("a dry run deploys nothing and shows what it would, as a table and as JSON", async () => {
    const folder = copyApp(scope, "examples/serverless", {});
    const shown = await good("deploy", folder, "--name", "dry", "--dry-run");
    assert.match(shown, /^The app dry: 256 MB for each machine, at most 1 call at once in each\.$/m);
    assert.match(shown, /^quote +node \(nodejs20\.x\) +src\/quotes\.ts +one +10 s +GET \/quotes\/\{number\}/m);
    assert.match(shown, /^Passed over:\n {2}functions\.nightly\.events\[0\]\.schedule: Nothing here starts functions by schedule yet\.$/m);
    const plan = JSON.parse(await good("deploy", folder, "--name", "dry", "--dry-run", "--json")) as {
      app: string;
      manifest: { routes: object };
    };
    assert.deepEqual([plan.app, Object.keys(plan.manifest.routes).length], ["dry", 3]);
    assert.match(await good("deploy", "examples/hello", "--dry-run"), /^hello +node +\S+/m);
    assert.ok((await platform.client.apps()).every(({ app }) => app !== "dry"));
  });

  test("init --from writes the mayfly.json of such a file, which deploys the same", async () => {
    const folder = copyApp(scope, "examples/serverless", {});
    const args = ["init", "--from", join(folder, "serverless.yml"), "--name", "left"];
    assert.match(await good(...args), /^Wrote \S+mayfly\.json\. Next:/);
    assert.ok(existsSync(join(folder, "mayfly.json")));
    assert.equal((await run(...args)).code, 5, "an existing file is not overwritten");
    const { app, passedOver } = await deploy(folder);
    assert.deepEqual([app, passedOver], ["left", undefined]);
    assert.deepEqual(await get("/left/quotes/1"), [200, "A mayfly lives for a day.\n"]);
    const { functions } = JSON.parse(readFileSync(join(folder, "mayfly.json"), "utf8")) as { functions: object };
    assert.deepEqual(Object.keys(functions), ["quotes", "quote", "greet", "nightly"]);
    const several = await run("init", "--from", "examples/sam/template.yaml");
    assert.deepEqual([several.code, /put together from several folders/.test(several.stderr)], [2, true], several.stderr);
  });

  test("what is wrong with such a file is told with its place, and nothing is deployed", async () => {
    const folder = write({ "serverless.yml": "service: bad\nprovider: {name: aws, runtime: ruby3.2}\nfunctions: {f: {handler: a.b}}\n" });
    const { code, stderr } = await run("deploy", folder);
    assert.equal(code, 2);
    assert.match(stderr, /serverless\.yml cannot be deployed: provider\.runtime: the runtime is "ruby3\.2"/);
    const flag = await run("deploy", "examples/hello", "--stage", "x");
    assert.deepEqual([flag.code, /--stage is for files of other tools/.test(flag.stderr)], [2, true]);
  });
});
