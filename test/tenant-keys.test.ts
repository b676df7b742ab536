/** Apps that keep their callers' tenants apart: a machine serves one tenant id only, whichever door a call comes by. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { after, before, describe, test } from "node:test";
import { text } from "node:stream/consumers";
import { CreateFunctionCommand, InvokeCommand, LambdaClient, waitUntilFunctionActiveV2 } from "@aws-sdk/client-lambda";
import { until } from "../src/base/clock/until.ts";
import { Random, seedOf } from "../src/base/testing/random.ts";
import { manifestSchema } from "../src/store/catalog/manifest.ts";
import { createKey } from "./lambda/key.ts";
import { zip } from "./lambda/zip.ts";
import { createScope, type Platform, startPlatform } from "./platform.ts";

/** Each machine has an id, and remembers the tenant ids that it has ever been called for. */
const seen = `const machine = require("node:crypto").randomUUID();
const tenants = new Set();
exports.default = { async fetch(request) {
  tenants.add(request.headers.get("x-amz-tenant-id"));
  await new Promise((resolve) => setTimeout(resolve, 2));
  return Response.json({ machine, tenants: [...tenants], given: [...request.headers].filter(([name]) => /tenant/i.test(name)) });
} };`;
/** Calls the others of its app by name. */
const relay = `exports.default = { async fetch(request) {
  const { searchParams: asked } = new URL(request.url);
  const headers = asked.has("as") ? { "x-amz-tenant-id": asked.get("as") } : {};
  return fetch("http://" + asked.get("to") + ".mayfly.internal/", { headers });
} };`;

interface Seen {
  machine: string;
  tenants: (string | null)[];
  given: [string, string][];
}

describe("an app that keeps tenants apart", () => {
  const scope = createScope();
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process", blanks: 2 });
  });
  after(() => scope.close());

  const functions = { seen, shared: seen, relay, open: relay };
  async function deploy(name: string, more: object = {}): Promise<void> {
    const manifest = manifestSchema.parse({
      name,
      isolation: "tenant-key",
      functions: {
        seen: { entry: "seen.js" },
        shared: { entry: "shared.js", isolation: "none" },
        relay: { entry: "relay.js" },
        open: { entry: "open.js", isolation: "none" },
      },
      ...more,
    });
    const code = Object.entries(functions).map(([each, source]) => ({ function: each, format: "cjs" as const, code: Buffer.from(source) }));
    await platform.client.deploy(manifest, code);
  }
  async function call(path: string, tenant?: string): Promise<{ status: number; body: Seen & { error?: { code: string } } }> {
    // Functions of AWS Lambda's API are for holders of tokens and keys.
    const token = { authorization: `Bearer ${platform.running.token}` };
    const response = await platform.call(path, { headers: tenant === undefined ? token : { ...token, "x-amz-tenant-id": tenant } });
    return { status: response.status, body: (await response.json()) as Seen };
  }
  const seenBy = async (path: string, tenant?: string) => {
    const { status, body } = await call(path, tenant);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  };

  const seed = seedOf();
  test(`never shares a machine between two ids, under load and while it is deployed (seed ${seed})`, async () => {
    const random = new Random(seed);
    await deploy("load", { maxMachines: 3, queue: 1_000 });
    const ids = Array.from({ length: 8 }, (_, at) => `tenant ${at}`);
    const served = new Map<string, string>();
    const callers = Array.from({ length: 16 }, async () => {
      for (let round = 0; round < 25; round++) {
        const id = random.pick(ids);
        const { machine, tenants } = await seenBy("/load/seen", id);
        assert.deepEqual(tenants, [id], "the machine has been called for this id alone");
        assert.equal(served.get(machine) ?? id, id);
        served.set(machine, id);
      }
    });
    const deploys = (async () => {
      for (const version of ["1", "2"]) await deploy("load", { maxMachines: 3, queue: 1_000, env: { VERSION: version } });
    })();
    await Promise.all([...callers, deploys]);
    assert.ok(new Set(served.values()).size > 3, "more ids were called than there may be machines");
  });

  test("has one machine for many calls of one id, and blanks that serve any id", async () => {
    await deploy("warm");
    const [first, again] = [await seenBy("/warm/seen", "a"), await seenBy("/warm/seen", "a")];
    assert.equal(first.machine, again.machine);
    assert.notEqual((await seenBy("/warm/seen", "b")).machine, first.machine);
    const isBlank = ({ app }: { app: string | null }) => app === null;
    await until(async () => (await platform.client.machines()).some(isBlank), { ms: 60_000 });
  });

  test("refuses calls without an id, with two, and with what is none", async () => {
    await deploy("strict");
    for (const id of [undefined, "", "a,b", "ä", "x".repeat(257)]) {
      const raw = await rawCall("/strict/seen", id === undefined ? [] : ["X-Amz-Tenant-Id", id]);
      assert.deepEqual([raw.status, JSON.parse(raw.body).error.code], [400, "tenant-id-needed"], String(id));
    }
    const twice = await rawCall("/strict/seen", ["X-Amz-Tenant-Id", "a", "x-amz-tenant-id", "b"]);
    assert.deepEqual([twice.status, JSON.parse(twice.body).error.code], [400, "tenant-id-needed"]);
  });

  test("tells the function one id, however the header was spelled", async () => {
    await deploy("spelled");
    const raw = await rawCall("/spelled/seen", ["X_Amz_Tenant_Id", "other", "X-AMZ-Tenant-ID", "own", "X-Amz_Tenant-Id", "third"]);
    assert.deepEqual(JSON.parse(raw.body).given, [["x-amz-tenant-id", "own"]]);
  });

  test("calls itself for the id of the machine, and shares what is for everybody", async () => {
    await deploy("within");
    const own = await seenBy("/within/seen", "a");
    assert.equal((await seenBy("/within/relay?to=seen", "a")).machine, own.machine);
    assert.equal((await seenBy("/within/relay?to=seen&as=b", "a")).machine, own.machine, "a machine of one id cannot call for another");
    const shared = await seenBy("/within/shared");
    assert.equal((await seenBy("/within/shared", "b")).machine, shared.machine);
    assert.equal((await seenBy("/within/relay?to=shared", "a")).machine, shared.machine);
    assert.notEqual(shared.machine, own.machine);
    assert.equal((await seenBy("/within/open?to=seen&as=a")).machine, own.machine);
    assert.equal((await call("/within/open?to=seen")).body.error?.code, "tenant-id-needed");
  });

  test("has no more ids at a time than it may, and forgets those of which nothing is there", async () => {
    await deploy("few", { tenantKeys: { most: 2 }, maxMachines: 2 });
    await seenBy("/few/seen", "a");
    await seenBy("/few/seen", "b");
    const third = await call("/few/seen", "c");
    assert.deepEqual([third.status, third.body.error?.code], [429, "too-many-tenant-ids"]);
    // The code of both machines is replaced, so that they go.
    await deploy("few", { tenantKeys: { most: 2 }, maxMachines: 2, env: { VERSION: "2" } });
    await until(async () => (await call("/few/seen", "c")).status === 200, { ms: 60_000 });
  });

  test("cannot have machines kept ready that would be for nobody", () => {
    const parsed = manifestSchema.safeParse({ name: "a", isolation: "tenant-key", minMachines: 1, functions: { b: { entry: "b.js" } } });
    assert.match(parsed.error?.message ?? "", /minMachines.*reservedBlanks|reservedBlanks/s);
  });

  test("can be made by AWS Lambda's API, and is the same one at the gateway", async () => {
    const credentials = await createKey(platform.running.apiUrl, platform.stateDir);
    const lambda = new LambdaClient({ endpoint: platform.running.apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
    const content = `const machine = require("node:crypto").randomUUID(); const tenants = new Set();
exports.handler = async (event, context) => {
  tenants.add(context.tenantId ?? event.headers["x-amz-tenant-id"]);
  return { machine, tenants: [...tenants] };
};`;
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: "apart",
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: "arn:aws:iam::000000000000:role/any",
        Code: { ZipFile: zip([{ name: "index.js", content }]) },
        TenancyConfig: { TenantIsolationMode: "PER_TENANT" },
      }),
    );
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60 }, { FunctionName: "apart" });
    const invoke = async (TenantId?: string) => {
      const { Payload } = await lambda.send(new InvokeCommand({ FunctionName: "apart", ...(TenantId !== undefined && { TenantId }) }));
      return JSON.parse(Buffer.from(Payload!).toString()) as Seen;
    };
    const own = await invoke("a");
    assert.deepEqual(own.tenants, ["a"]);
    assert.deepEqual((await invoke("b")).tenants, ["b"]);
    assert.equal((await seenBy("/apart/apart", "a")).machine, own.machine);
    assert.equal((await call("/apart/apart")).body.error?.code, "tenant-id-needed");
    await assert.rejects(invoke(), { name: "InvalidParameterValueException" });
    await assert.rejects(invoke("a,b"), { name: "ValidationException" });
  });

  /** Headers as they are, also twice. */
  async function rawCall(path: string, headers: string[]): Promise<{ status: number; body: string }> {
    const { hostname, port, host } = new URL(platform.running.gatewayUrl);
    const sent = request({ hostname, port, path, headers: ["host", host, ...headers] });
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    return { status: response.statusCode!, body: await text(response) };
  }
});
