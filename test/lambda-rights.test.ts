/**
 * Every operation of AWS Lambda's API for every kind of principal. What each may is written down here by hand; the operations are those of the API's own table, so that one
 * which is missing here fails.
 */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { accountOf } from "../src/control/lambda/names.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { executionRoutes } from "../src/doors/lambda/durable/execution-routes.ts";
import { invokeRoutes } from "../src/doors/lambda/invoke/invoke-routes.ts";
import { lambdaRoutes } from "../src/doors/lambda/routes.ts";
import { Sha256 } from "../src/doors/signature/sha256.ts";
import { manifestSchema } from "../src/store/catalog/manifest.ts";
import { createScope, type Platform, startPlatform } from "./platform.ts";

/** Nothing is called but what makes the table. */
const nothing = new Proxy({}, { get: () => nothing }) as never;
const routes = [...lambdaRoutes(nothing), ...invokeRoutes(nothing), ...executionRoutes(nothing)];

const roles = ["operator", "tenant-admin", "deployer", "reader", "invoker"] as const;
const KINDS = [...roles, "deployer of another app", "revoked", "expired"] as const;
type Kind = (typeof KINDS)[number];

const readers: Kind[] = ["operator", "tenant-admin", "deployer", "reader"];
const deployers: Kind[] = ["operator", "tenant-admin", "deployer"];
const callers: Kind[] = ["operator", "tenant-admin", "deployer", "invoker"];

const named = (operations: string, kinds: Kind[]) => operations.split(" ").map((operation) => [operation, kinds] as const);
/** Whoever is bounded to some apps gets these of the list, and makes functions of these names: what else there is in the request decides that. */
const bounded: Kind = "deployer of another app";
const allowed = new Map<string, Kind[]>([
  ["ListFunctions", [...readers, bounded]],
  ["CreateFunction", [...deployers, bounded]],
  ...named(
    "SendDurableExecutionCallbackSuccess SendDurableExecutionCallbackFailure SendDurableExecutionCallbackHeartbeat",
    // Whose callback it is, is known by its id alone.
    [...callers, bounded],
  ),
  ...named(
    "GetAccountSettings GetAlias GetEventSourceMapping GetFunction GetFunctionCodeSigningConfig GetFunctionConcurrency GetFunctionConfiguration GetFunctionEventInvokeConfig " +
      "GetFunctionRecursionConfig GetFunctionUrlConfig GetLayerVersion GetLayerVersionByArn GetLayerVersionPolicy GetPolicy GetProvisionedConcurrencyConfig " +
      "GetRuntimeManagementConfig ListAliases ListCodeSigningConfigs ListEventSourceMappings ListFunctionEventInvokeConfigs ListFunctionUrlConfigs " +
      "ListLayerVersions ListLayers ListProvisionedConcurrencyConfigs ListTags ListVersionsByFunction GetResourcePolicy GetCodeSigningConfig ListFunctionsByCodeSigningConfig " +
      "ListCapacityProviders GetCapacityProvider ListFunctionVersionsByCapacityProvider GetFunctionScalingConfig GetDurableExecution GetDurableExecutionHistory " +
      "ListDurableExecutionsByFunction",
    readers,
  ),
  ...named("Invoke InvokeAsync InvokeWithResponseStream CheckpointDurableExecution GetDurableExecutionState StopDurableExecution", callers),
  ...named(
    "AddLayerVersionPermission AddPermission CreateAlias CreateCodeSigningConfig CreateEventSourceMapping CreateFunctionUrlConfig DeleteAlias " +
      "DeleteEventSourceMapping DeleteFunction DeleteFunctionCodeSigningConfig DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig DeleteFunctionUrlConfig DeleteLayerVersion " +
      "DeleteProvisionedConcurrencyConfig PublishLayerVersion PublishVersion PutFunctionCodeSigningConfig PutFunctionConcurrency PutFunctionEventInvokeConfig " +
      "PutFunctionRecursionConfig PutProvisionedConcurrencyConfig PutRuntimeManagementConfig RemoveLayerVersionPermission RemovePermission TagResource UntagResource UpdateAlias " +
      "UpdateEventSourceMapping UpdateFunctionCode UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig UpdateFunctionUrlConfig PutResourcePolicy DeleteResourcePolicy " +
      "UpdateCodeSigningConfig DeleteCodeSigningConfig CreateCapacityProvider UpdateCapacityProvider DeleteCapacityProvider PutFunctionScalingConfig",
    deployers,
  ),
]);

test("every operation of the API's table has its principals here, and no other one", () => {
  assert.deepEqual([...new Set(routes.map(({ operation }) => operation))].toSorted(), [...allowed.keys()].toSorted());
});

describe("AWS Lambda's API of a server with two tenants", () => {
  const scope = createScope();
  const keys = new Map<Kind, { accessKeyId: string; secretAccessKey: string }>();
  /** For the parameters of paths. */
  const values: Record<string, string> = { FunctionName: "mine", VersionNumber: "1" };
  let platform: Platform;
  before(async () => {
    platform = await startPlatform(scope, { driver: "process", blanks: 0 });
    const { apiUrl, token } = platform.running;
    await platform.client.createTenant("acme");
    const acme = createClient({ url: apiUrl, token, tenant: "acme" });
    for (const app of ["mine", "other"]) {
      const manifest = manifestSchema.parse({ name: app, functions: { web: { entry: "a.js" } } });
      await acme.deploy(manifest, [{ function: "web", format: "cjs", code: Buffer.from("exports.handler = async () => 1;") }]);
    }
    const db = new DatabaseSync(join(platform.stateDir, "catalog.db"), { readOnly: true });
    const { id: tenant } = db.prepare("SELECT id FROM tenants WHERE name = 'acme'").get() as { id: string };
    db.close();
    values["Resource"] = values["ResourceArn"] = `arn:aws:lambda:us-east-1:${accountOf(tenant)}:function:mine`;
    const make = async (kind: Kind, asked: Parameters<typeof acme.createKey>[0], client = acme) => {
      const { id, secret } = await client.createKey(asked);
      keys.set(kind, { accessKeyId: id, secretAccessKey: secret });
      return id;
    };
    await make("operator", { principal: "op", role: "operator" }, platform.client);
    for (const role of roles.slice(1)) await make(role, { principal: role, role });
    await make("deployer of another app", { principal: "bounded", role: "deployer", apps: ["other"] });
    await acme.revokeKey(await make("revoked", { principal: "gone", role: "tenant-admin" }));
    // No request of this test takes as long.
    await make("expired", { principal: "late", role: "tenant-admin", expiresInSeconds: 1 });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
  });
  after(() => scope.close());

  /** The name of AWS's error, or the status. */
  async function ask(kind: Kind, method: string, path: string): Promise<string> {
    const { hostname, port, host } = new URL(platform.running.apiUrl);
    const [pathname, search = ""] = path.split("?") as [string, string?];
    const query = Object.fromEntries(new URLSearchParams(search));
    const head = { method, protocol: "http:", hostname, port: Number(port), path: pathname, query, headers: { host } };
    const signer = new SignatureV4({ service: "lambda", region: "us-east-1", credentials: keys.get(kind)!, sha256: Sha256 });
    const { headers } = await signer.sign(head);
    const sent = request({ hostname, port, method, path, headers });
    sent.end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    await text(response);
    return String(response.headers["x-amzn-errortype"] ?? response.statusCode);
  }

  for (const { operation, method, path } of routes) {
    test(`${operation} (${method} ${path}) answers whom it should, and refuses everybody else`, async () => {
      const asked = encodeURI(path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "none")).replace(/=\*$/, "=none");
      // Readers first: what the others may do can change what there is.
      for (const kind of [...KINDS].toReversed()) {
        const answer = await ask(kind, method, asked);
        if (kind === "revoked" || kind === "expired")
          assert.equal(
            answer,
            ["UnrecognizedClientException", "TooManyRequestsException"].find((each) => each === answer),
            kind,
          );
        else if (allowed.get(operation)!.includes(kind)) assert.notEqual(answer, "AccessDeniedException", kind);
        else assert.equal(answer, "AccessDeniedException", kind);
      }
    });
  }
});
