/** Tenants that are hostile to each other by AWS Lambda's API and by functions' URLs, at one server. */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  CreateFunctionUrlConfigCommand,
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  InvokeCommand,
  LambdaClient,
  ListFunctionsCommand,
  PublishLayerVersionCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { SignatureV4 } from "@smithy/signature-v4";
import { until } from "../src/base/clock/until.ts";
import { Sha256 } from "../src/doors/signature/sha256.ts";
import { mayfly, serve, type Server } from "./command.ts";
import { createKey, type KeyPair } from "./lambda/key.ts";
import { zip } from "./lambda/zip.ts";
import { type Scope, temporaryFolder } from "./platform.ts";

/** What the server may open, and how many connections its API has then. */
const DESCRIPTORS = 512;
const API_CONNECTIONS = 32;

interface Reply {
  status: number;
  text: string;
}

describe("hostile tenants at AWS Lambda's API", () => {
  const closing: (() => void | Promise<void>)[] = [];
  const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };
  let server: Server;
  let stateDir: string;
  let admin: KeyPair;
  let lambda: LambdaClient;
  let made = 0;

  before(async () => {
    stateDir = temporaryFolder(scope);
    server = await serve(
      scope,
      stateDir,
      ["--driver", "process", "--blanks", "0", "--domain", "apps.test", "--max-machines", "6"],
      DESCRIPTORS,
    );
    for (const name of ["alice", "bob"])
      assert.equal((await mayfly(["tenant", "create", name, "--api", server.apiUrl, "--state", stateDir])).code, 0);
    admin = await key("tenant-admin", "alice");
    lambda = clientOf(admin);
  });

  after(async () => {
    for (const close of closing) await close();
  });

  const key = (role: string, tenant: string, ...more: string[]) =>
    createKey(server.apiUrl, stateDir, ["--role", role, "--tenant", tenant, ...more], `${role}-${++made}`);

  function clientOf(credentials: KeyPair): LambdaClient {
    const client = new LambdaClient({ endpoint: server.apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
    scope.after(() => client.destroy());
    return client;
  }

  const zipFiles = () => readdirSync(join(stateDir, "lambda-zips"));

  /** Returns the name of a new function of alice's. */
  async function create(code: string, FunctionName = `victim-${++made}`, more: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: "arn:aws:iam::000000000000:role/any",
        Code: { ZipFile: zip([{ name: "index.js", content: code }]) },
        ...more,
      }),
    );
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60 }, { FunctionName });
    return FunctionName;
  }

  async function accountOf(credentials: KeyPair): Promise<string> {
    const { LayerArn } = await clientOf(credentials).send(
      new PublishLayerVersionCommand({ LayerName: "any", Content: { ZipFile: zip([{ name: "a", content: "a" }]) } }),
    );
    return LayerArn!.split(":")[4]!;
  }

  /** @param applyChecksum whether the head has the hash of the body; boto3 and AWS's command line send none */
  async function signed(
    credentials: KeyPair,
    host: string,
    path: string,
    method = "GET",
    applyChecksum = true,
  ): Promise<Record<string, string>> {
    const signer = new SignatureV4({ service: "lambda", region: "us-east-1", credentials, sha256: Sha256, applyChecksum });
    return (await signer.sign({ protocol: "http:", hostname: host, method, path, headers: { host } })).headers;
  }

  /** Sends the path as it is to the gateway. */
  function call(path: string, headers: Record<string, string>): Promise<Reply> {
    const { promise, resolve, reject } = Promise.withResolvers<Reply>();
    const { hostname, port } = new URL(server.gatewayUrl);
    const sent = request({ hostname, port, path, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode!, text }));
    });
    sent.on("error", reject).end();
    return promise;
  }

  test("a URL of AWS_IAM lets nobody in who may not call its function, and does not show the function what it could sign in with", async () => {
    const FunctionName = await create(
      "exports.handler = async ({ headers }) => ({ headers: Object.keys(headers), trace: headers['x-amzn-trace-id'] });",
    );
    const { FunctionUrl } = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "AWS_IAM" }));
    const { host } = new URL(FunctionUrl!);
    const by = async (pair: KeyPair, more: Record<string, string> = {}) => call("/", { ...(await signed(pair, host, "/")), ...more });
    const root = "1-5759e988-bd862e3fe1be46a994272793";
    const own = await by(admin, { "X-Amzn-Trace-Id": `Root=${root}` });
    assert.equal(own.status, 200, own.text);
    const seen = JSON.parse(own.text) as { headers: string[]; trace: string };
    assert.ok(!seen.headers.includes("authorization") && seen.headers.includes("x-amz-date"), own.text);
    assert.match(seen.trace, new RegExp(`^Root=${root};Parent=\\w+;Sampled=0;Lineage=\\w+:1$`));
    assert.equal((await by(await key("invoker", "alice", "--app", FunctionName))).status, 200);
    for (const [role, tenant, ...more] of [
      ["reader", "alice"],
      ["invoker", "alice", "--app", "another"],
      ["tenant-admin", "bob"],
    ] as const)
      assert.equal((await by(await key(role, tenant, ...more))).status, 403, `${role} of ${tenant} ${more.join(" ")}`);
  });

  test("a function's URL by its path has no place at the hosts of apps, and a signature for one counts for no other", async () => {
    const code = "exports.handler = async ({ rawPath }) => rawPath;";
    const idOf = async (FunctionName: string) => {
      const { FunctionUrl } = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "AWS_IAM" }));
      return new URL(FunctionUrl!).hostname.split(".")[0]!;
    };
    const [one, other] = [await idOf(await create(code)), await idOf(await create(code))];
    const path = `/_mayfly/lambda-url/${one}/a`;
    const at = async (host: string, asked = path) => call(asked, await signed(admin, host, path));
    assert.deepEqual(await at("127.0.0.1"), { status: 200, text: "/a" });
    for (const host of ["shop.apps.test", "SHOP.apps.test:80", "a.b.apps.test."]) assert.equal((await at(host)).status, 404, host);
    assert.equal((await at("127.0.0.1", `/_mayfly/lambda-url/${other}/../${one}/a`)).status, 403);
  });

  test("a request that was signed is no other one with headers that were added", async () => {
    const FunctionName = await create("exports.handler = async () => 'done';");
    const command = new InvokeCommand({ FunctionName });
    command.middlewareStack.add(
      (next) => async (args) => {
        (args.request as { headers: Record<string, string> }).headers["x-amz-invocation-type"] = "Event";
        return next(args);
      },
      // After the request was signed.
      { step: "finalizeRequest", priority: "low" },
    );
    await assert.rejects(lambda.send(command), { name: "InvalidSignatureException" });
  });

  test("what was removed leaves nothing that counts for a later app of its name, and no zip file", async () => {
    const FunctionName = await create("exports.handler = async () => 'first';");
    const statement = { StatementId: "anybody", Action: "lambda:InvokeFunctionUrl", Principal: "*", FunctionUrlAuthType: "NONE" as const };
    const { FunctionUrl } = await lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE" }));
    await lambda.send(new AddPermissionCommand({ FunctionName, ...statement }));
    const { host } = new URL(FunctionUrl!);
    assert.deepEqual(await call("/", { host }), { status: 200, text: "first" });
    const before = zipFiles();
    assert.equal(
      (await mayfly(["remove", FunctionName, "--yes", "--tenant", "alice", "--api", server.apiUrl, "--state", stateDir])).code,
      0,
    );
    assert.equal(zipFiles().length, before.length - 1);
    await create("exports.handler = async () => 'second';", FunctionName);
    assert.equal((await call("/", { host })).status, 403);
    await assert.rejects(lambda.send(new GetPolicyCommand({ FunctionName })), { name: "ResourceNotFoundException" });
    await lambda.send(new DeleteFunctionCommand({ FunctionName }));
    assert.equal(zipFiles().length, before.length - 1);
  });

  test("zip files of functions and layers count for the tenant's code, and go with the tenant", async () => {
    const on = ["--api", server.apiUrl, "--state", stateDir];
    assert.equal((await mayfly(["tenant", "create", "carol", ...on])).code, 0);
    assert.equal((await mayfly(["tenant", "limit", "carol", "--code-mb", "1", ...on])).code, 0);
    const carol = clientOf(await key("tenant-admin", "carol"));
    const before = zipFiles().length;
    const publish = (LayerName: string) =>
      carol.send(new PublishLayerVersionCommand({ LayerName, Content: { ZipFile: zip([{ name: "a", content: randomBytes(400_000) }]) } }));
    await publish("one");
    await publish("two");
    await assert.rejects(publish("three"), { name: "CodeStorageExceededException" });
    const Code = { ZipFile: zip([{ name: "index.js", content: randomBytes(400_000) }]) };
    const made = {
      FunctionName: "large",
      Runtime: "nodejs24.x" as const,
      Handler: "index.handler",
      Role: "arn:aws:iam::000000000000:role/any",
      Code,
    };
    await assert.rejects(carol.send(new CreateFunctionCommand(made)), { name: "CodeStorageExceededException" });
    assert.equal(zipFiles().length, before + 2);
    assert.equal((await mayfly(["tenant", "remove", "carol", "--force", "--yes", ...on])).code, 0);
    assert.equal(zipFiles().length, before);
  });

  test("a tenant whose calls wait for ever leaves connections of the API to others, and is told so", async () => {
    const FunctionName = await create("exports.handler = () => new Promise(() => {});", "waits", { Timeout: 600 });
    const path = `/2015-03-31/functions/${FunctionName}/invocations`;
    const { hostname, port, host } = new URL(server.apiUrl);
    const headers = await signed(admin, host, path, "POST");
    const answers: number[] = [];
    const calls = Array.from({ length: API_CONNECTIONS }, () => {
      const sent = request({ hostname, port, path, method: "POST", headers, agent: false }, (response) =>
        answers.push(response.statusCode!),
      );
      return sent.on("error", () => {}).end();
    });
    await until(() => answers.length >= API_CONNECTIONS / 4);
    assert.deepEqual(new Set(answers), new Set([429]));
    assert.equal((await mayfly(["list", "--api", server.apiUrl, "--state", stateDir])).code, 0);
    await clientOf(await key("reader", "bob")).send(new ListFunctionsCommand({}));
    for (const each of calls) each.destroy();
    await until(async () =>
      lambda.send(new ListFunctionsCommand({})).then(
        () => true,
        () => false,
      ),
    );
  });

  test("who knows the id of somebody's key, as presigned URLs show it, takes nothing of what that one's tenant may have under way", async () => {
    const { hostname, port, host } = new URL(server.apiUrl);
    const path = "/2015-03-31/functions/any/invocations";
    const headers = { ...(await signed({ ...admin, secretAccessKey: "a guess" }, host, path, "POST", false)), "content-length": "1000" };
    // None of them sends its body.
    let refused = 0;
    const strangers = Array.from({ length: API_CONNECTIONS }, () => {
      const sent = request(
        { hostname, port, path, method: "POST", headers, agent: false, localAddress: "127.0.0.7" },
        () => (refused += 1),
      );
      sent.on("error", () => (refused += 1)).write("x");
      return sent;
    });
    await until(() => refused >= API_CONNECTIONS / 4);
    const list = "/2015-03-31/functions/";
    const own = await signed(admin, host, list, "GET", false);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    request({ hostname, port, path: list, headers: own, agent: false }, (response) => resolve(response.resume().statusCode!))
      .on("error", reject)
      .end();
    assert.equal(await promise, 200);
    for (const each of strangers) each.destroy();
    await until(async () =>
      lambda.send(new ListFunctionsCommand({})).then(
        () => true,
        () => false,
      ),
    );
  });

  test("what a policy lets another account do is in the audit log of both", async () => {
    const FunctionName = await create("exports.handler = async () => 'done';");
    const bob = await key("tenant-admin", "bob");
    const account = await accountOf(bob);
    await lambda.send(
      new AddPermissionCommand({ FunctionName, StatementId: "bob", Action: "lambda:GetFunctionConfiguration", Principal: account }),
    );
    const { FunctionArn } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
    await clientOf(bob).send(new GetFunctionConfigurationCommand({ FunctionName: FunctionArn! }));
    for (const tenant of ["alice", "bob"]) {
      const { stdout } = await mayfly(["audit", "-n", "100", "--tenant", tenant, "--json", "--api", server.apiUrl, "--state", stateDir]);
      const lines = stdout
        .trim()
        .split("\n")
        .flatMap((line) => [JSON.parse(line) as { of: string; action: string; tenant: string }].flat());
      const line = lines.find(({ action, of }) => action === "lambda:GetFunctionConfiguration" && of === "bob");
      assert.equal(line?.tenant, tenant, stdout);
    }
  });
});
