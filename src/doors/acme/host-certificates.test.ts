/** When certificates are ordered, by an authority that the test is. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, test, type TestContext } from "node:test";
import { afterwards } from "../../base/testing/afterwards.ts";
import { loadConfig } from "../../base/config/load.ts";
import { certificateMaker } from "../../store/authority/make-certificate.ts";
import { AcmeFailure } from "./acme-answers.ts";
import { HostCertificates, type WantedHost } from "./host-certificates.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const make = certificateMaker(loadConfig({}).cacheDir);

let wanted: WantedHost[];
let covered: Set<string>;
let ordered: string[];
let told: string[];
let failure: Error | undefined;
/** The name that the authority's certificate has. */
let nameIn: (host: string) => string;
let now: number;

beforeEach(() => {
  [wanted, covered, ordered, told, failure, now] = [[], new Set(), [], [], undefined, Date.now()];
  nameIn = (host) => host;
});

async function opened(context: TestContext, dir = folderOf(context)): Promise<{ certificates: HostCertificates; dir: string }> {
  let chain = "";
  const certificates = new HostCertificates({
    dir,
    folder: { refresh: async () => undefined },
    wanted: () => wanted,
    isCovered: (host) => covered.has(host),
    challenges: { answer: () => () => undefined },
    client: {
      async order(host) {
        ordered.push(host);
        if (failure !== undefined) throw failure;
        return chain;
      },
    },
    async makeRequest(host) {
      const validity = { from: now - HOUR_MS, until: now - HOUR_MS + 90 * DAY_MS };
      const { key, cert } = await make({ subject: "x", validity, extensions: [`subjectAltName = DNS:${nameIn(host)}`] });
      chain = cert;
      return { key, request: "" };
    },
    clock: { wall: () => now },
    tell: (app, text) => told.push(`${app}: ${text}`),
  });
  await certificates.open();
  return { certificates, dir };
}

function folderOf(context: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), "mayfly-acme-"));
  afterwards(context, () => rmSync(dir, { recursive: true }));
  return dir;
}

const hostOf = (host: string, tenant = "ten_main", app = "app_1"): WantedHost => ({ host, tenant, app });

test("a host gets one certificate, also after a restart, and another when a third of its time is left", async (context) => {
  wanted = [hostOf("a.test")];
  const { certificates, dir } = await opened(context);
  await certificates.look();
  await certificates.look();
  assert.deepEqual(ordered, ["a.test"]);
  assert.match(told[0]!, /^app_1: a\.test has a certificate until 20\d\d-/);
  const [crt] = readdirSync(dir);
  now += 59 * DAY_MS;
  const again = (await opened(context, dir)).certificates;
  await again.look();
  assert.equal(ordered.length, 1);
  now += 2 * DAY_MS;
  await again.look();
  assert.equal(ordered.length, 2);
  assert.equal(readdirSync(dir).length, 2, "what the new one replaces is gone");
  assert.notEqual(readdirSync(dir)[0], crt);
});

test("a failure is told and tried again later and later, and what was made before stays until it ends", async (context) => {
  wanted = [hostOf("a.test")];
  const { certificates, dir } = await opened(context);
  await certificates.look();
  const files = readdirSync(dir);
  now += 61 * DAY_MS;
  failure = new Error("no way there");
  for (const hours of [1, 2, 4, 8, 16, 24, 24]) {
    ordered = [];
    await certificates.look();
    assert.deepEqual(ordered, ["a.test"]);
    now += hours * HOUR_MS - 1;
    await certificates.look();
    assert.deepEqual(ordered, ["a.test"], `not before ${hours} hours`);
    now += 1;
  }
  assert.match(told.at(-1)!, /^app_1: No certificate could be had for a\.test: no way there\. The next try is at 20/);
  assert.deepEqual(readdirSync(dir), files);
  now += 30 * DAY_MS;
  await certificates.look();
  assert.deepEqual(readdirSync(dir), []);
});

test("the authority says when to come again, if that is later", async (context) => {
  wanted = [hostOf("a.test")];
  const { certificates } = await opened(context);
  failure = new AcmeFailure("too many", "rateLimited", 3 * HOUR_MS);
  await certificates.look();
  now += 3 * HOUR_MS - 1;
  await certificates.look();
  assert.equal(ordered.length, 1);
  now += 1;
  await certificates.look();
  assert.equal(ordered.length, 2);
});

test("tenants take turns, and no more is ordered in an hour than may be", async (context) => {
  wanted = [...Array.from({ length: 50 }, (_, at) => hostOf(`h${at}.many.test`, "ten_many")), hostOf("a.test"), hostOf("b.test", "ten_b")];
  const { certificates } = await opened(context);
  await certificates.look();
  assert.equal(ordered.length, 20);
  assert.ok(ordered.indexOf("a.test") < 4 && ordered.indexOf("b.test") < 4 && ordered.includes("a.test"), ordered.join());
  now += HOUR_MS;
  await certificates.look();
  assert.equal(ordered.length, 40);
});

test("hosts that no authority takes, and those that the operator has a certificate for, are left alone", async (context) => {
  wanted = ["localhost", "a_b.test", "*.a.test", "own.test"].map((host) => hostOf(host));
  covered.add("own.test");
  const { certificates } = await opened(context);
  await certificates.look();
  assert.deepEqual(ordered, []);
});

test("a certificate for another name is not taken", async (context) => {
  wanted = [hostOf("a.test")];
  nameIn = () => "evil.test";
  const { certificates, dir } = await opened(context);
  await certificates.look();
  assert.match(told[0]!, /the authority's certificate is for another name/);
  assert.deepEqual(readdirSync(dir), []);
});
