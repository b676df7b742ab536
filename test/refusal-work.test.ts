/**
 * Refusals do not tell whether a name exists, by their text or by their time. Times cannot be tested; what they come from can: a refusal reads the server's files as often, and makes
 * as many hashes, whether what it is about exists or not.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { SignatureV4 } from "@smithy/signature-v4";
import { accountOf } from "../src/control/lambda/names.ts";
import { createClient } from "../src/doors/admin/client.ts";
import { Sha256 } from "../src/doors/signature/sha256.ts";
import { createScope, deploy, type Platform, startPlatform } from "./platform.ts";

const scope = createScope();
let platform: Platform;
let reads: string[] = [];
const methods = StatementSync.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
const own = { get: methods["get"]!, all: methods["all"]! };

interface Holder {
  token: string;
  key: { accessKeyId: string; secretAccessKey: string };
}
let bounded: Holder;
let admin: Holder;
/** The number of the account of a tenant that is there, and one that nobody has. */
let account: string;
const NOBODYS = "123456789012";

before(async () => {
  for (const [name, read] of Object.entries(own))
    methods[name] = function (this: unknown, ...args: unknown[]) {
      reads.push((this as StatementSync).sourceSQL);
      return Reflect.apply(read, this, args);
    };
  platform = await startPlatform(scope, { driver: "process", blanks: 0, domain: "apps.test" });
  const { client, running } = platform;
  for (const tenant of ["acme", "other"]) {
    await client.createTenant(tenant);
    const of = createClient({ url: running.apiUrl, token: running.token, tenant });
    for (const name of ["known", "mine"]) await deploy(of, "examples/hello", { name });
  }
  const acme = createClient({ url: running.apiUrl, token: running.token, tenant: "acme" });
  const holder = async (principal: string, more: { role: "deployer" | "tenant-admin"; apps?: string[] }): Promise<Holder> => {
    const { token } = await acme.createToken({ principal, ...more });
    const { id, secret } = await acme.createKey({ principal, ...more });
    return { token, key: { accessKeyId: id, secretAccessKey: secret } };
  };
  bounded = await holder("bounded", { role: "deployer", apps: ["mine"] });
  admin = await holder("admin", { role: "tenant-admin" });
  const db = new DatabaseSync(join(platform.stateDir, "catalog.db"), { readOnly: true });
  account = accountOf(String(db.prepare("SELECT id FROM tenants WHERE name = 'other'").get()!["id"]));
  db.close();
});
after(async () => {
  Object.assign(StatementSync.prototype, own);
  await scope.close();
});

interface Asked {
  url: string;
  init?: RequestInit;
}

/** The answer without what the request named, and the reads that it took: the fewest of several tries, as the server reads for itself, too. */
async function workOf(ask: () => Asked | Promise<Asked>, named: string): Promise<{ answer: string; reads: string[] }> {
  let fewest: string[] | undefined;
  let answer = "";
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const { url, init } = await ask();
    reads = [];
    const response = await fetch(url, init);
    answer = `${response.status} ${(await response.text()).replaceAll(named, "NAME")}`;
    if (fewest === undefined || reads.length < fewest.length) fewest = reads;
  }
  return { answer, reads: fewest! };
}

async function same(what: string, known: string, unknown: string, asking: (name: string) => Asked | Promise<Asked>): Promise<void> {
  const [one, other] = [await workOf(() => asking(known), known), await workOf(() => asking(unknown), unknown)];
  assert.equal(one.answer, other.answer, what);
  assert.match(one.answer, /^4/, what);
  assert.deepEqual(one.reads, other.reads, what);
}

test("the gateway reads as often for a tenant and an app that there are", async () => {
  const at = (path: string, headers = {}) => ({ url: platform.running.gatewayUrl + path, init: { headers } });
  await same("tenants", "acme", "nobody", (name) => at(`/@${name}/none/f`));
  await same("revisions of tenants' apps", "acme", "nobody", (name) => at(`/@${name}/none@1/f`));
});

test("the management API reads as often for what its caller may not see", async () => {
  const at = (path: string, { token }: Holder, more: Record<string, string> = {}) => ({
    url: platform.running.apiUrl + path,
    init: { headers: { authorization: `Bearer ${token}`, ...more } },
  });
  for (const path of ["", "/aliases", "/secrets", "/limits", "/bill", "/logs", "/explain"])
    await same(`an app beyond the bounds ${path}`, "known", "unknown", (name) => at(`/v1/apps/${name}${path}`, bounded));
  await same("another tenant by the header", "other", "nobody", (name) => at("/v1/apps", admin, { "mayfly-tenant": name }));
  await same("another tenant by the path", "other", "nobody", (name) => at(`/v1/tenants/${name}`, admin));
});

test("the Lambda API reads as often for functions and accounts that its caller may not see", async () => {
  const { host, hostname } = new URL(platform.running.apiUrl);
  const signed = async (path: string, { key }: Holder, method = "GET") => {
    const signer = new SignatureV4({ service: "lambda", region: "us-east-1", credentials: key, sha256: Sha256 });
    const { headers } = await signer.sign({ protocol: "http:", hostname, method, path, headers: { host } });
    const { host: _, ...sent } = headers;
    return { url: platform.running.apiUrl + path, init: { method, headers: sent } };
  };
  const of = (name: string, more = "") => `/2015-03-31/functions/${name}${more}`;
  await same("a function beyond the bounds", "known", "unknown", (name) => signed(of(name), bounded));
  await same("its policy", "known", "unknown", (name) => signed(of(name, "/policy"), bounded));
  await same("its call", "known", "unknown", (name) => signed(of(name, "/invocations"), bounded, "POST"));
  const arn = (number: string, name: string) => encodeURIComponent(`arn:aws:lambda:us-east-1:${number}:function:${name}`);
  await same("another account's function", "known", "unknown", (name) => signed(of(arn(account, name)), admin));
  await same("another account", account, NOBODYS, (number) => signed(of(arn(number, "known")), admin));
  await same("a call in another account", account, NOBODYS, (number) => signed(of(arn(number, "known"), "/invocations"), admin, "POST"));
});
