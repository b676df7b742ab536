import assert from "node:assert/strict";
import { test } from "node:test";
import { mainTenant } from "../base/ids/new-id.ts";
import { manifestSchema } from "../store/catalog/manifest.ts";
import { HostProofs } from "./host-proofs.ts";

/** @param records the TXT records of DNS, by name; an error fails the look-up */
function proofsOf(records: Record<string, string[] | Error>) {
  const stored = new Set<string>();
  const asked: string[] = [];
  const lost: string[] = [];
  const tenants = new Map([
    [mainTenant, "main"],
    ["ten_acme", "Acme"],
  ]);
  const proofs = new HostProofs({
    names: {
      appId: (tenant, name) => `${tenant} ${name}`,
      nameOf: (id) => ({ tenant: id.split(" ")[0]!, name: id.split(" ")[1]! }),
      tenantName: (id) => tenants.get(id),
    },
    proven: {
      has: (app, host) => stored.has(`${app} ${host}`),
      appsWith: (host) => [...stored].filter((text) => text.endsWith(` ${host}`)).map((text) => text.slice(0, -host.length - 1)),
      add: (app, host) => void stored.add(`${app} ${host}`),
      remove: (app, host) => void stored.delete(`${app} ${host}`),
    },
    unproven: (tenant, { name, hosts }) => Object.keys(hosts).filter((host) => !stored.has(`${tenant} ${name} ${host}`)),
    async lookUp(name) {
      asked.push(name);
      const found = records[name] ?? [];
      if (found instanceof Error) throw found;
      return found;
    },
    lost: (app) => lost.push(app),
  });
  const prove = (tenant: string, app: string, ...hosts: string[]) =>
    proofs.prove(
      tenant,
      manifestSchema.parse({ name: app, functions: { f: { entry: "f.ts" } }, hosts: Object.fromEntries(hosts.map((host) => [host, "f"])) }),
    );
  return { prove, stored, asked, lost, records };
}

test("a record that names the app, or all apps of its tenant, is a proof, which is looked for once", async () => {
  const { prove, stored, asked } = proofsOf({
    "_mayfly.a.test": ["v=spf1", " mayfly=main/shop "],
    "_mayfly.b.test": ["mayfly=Acme/*"],
  });
  await prove(mainTenant, "shop", "a.test");
  await prove("ten_acme", "anything", "b.test");
  await prove(mainTenant, "shop", "a.test");
  assert.deepEqual([...stored], [`${mainTenant} shop a.test`, "ten_acme anything b.test"]);
  assert.deepEqual(asked, ["_mayfly.a.test", "_mayfly.b.test"]);
});

test("a record for another app, another tenant or another host is none, and nothing is stored of a deploy that lacks one", async () => {
  const { prove, stored } = proofsOf({
    "_mayfly.a.test": ["mayfly=main/shop"],
    "_mayfly.b.test": ["mayfly=main/shopping", "xmayfly=main/*", "mayfly=*/*"],
  });
  const refused = { code: "host-not-allowed", message: /_mayfly\.\w\.test has no TXT record mayfly=/ };
  await assert.rejects(prove("ten_acme", "shop", "a.test"), refused);
  await assert.rejects(prove(mainTenant, "sho", "a.test"), refused);
  await assert.rejects(prove(mainTenant, "Shop", "a.test"), refused);
  await assert.rejects(prove(mainTenant, "shop", "a.test", "b.test"), refused);
  await assert.rejects(prove(mainTenant, "shop", "c.test"), refused);
  assert.equal(stored.size, 0);
});

test("look-ups that fail refuse the deploy with the reason, and so do too many hosts at once, unasked", async () => {
  const { prove, asked } = proofsOf({ "_mayfly.a.test": new Error("the name servers did not answer in time") });
  await assert.rejects(prove(mainTenant, "shop", "a.test"), { code: "host-not-allowed", message: /did not answer in time/ });
  asked.length = 0;
  await assert.rejects(prove(mainTenant, "shop", ...Array.from({ length: 21 }, (_, i) => `h${i}.test`)), /at most 20 hosts/);
  assert.deepEqual(asked, []);
});

test("a host goes to another app once the record names that one alone; while it names both, the first keeps it", async () => {
  const { prove, stored, lost, records } = proofsOf({ "_mayfly.a.test": ["mayfly=main/old"] });
  await prove(mainTenant, "old", "a.test");
  records["_mayfly.a.test"] = ["mayfly=main/old", "mayfly=main/new"];
  await prove(mainTenant, "new", "a.test");
  assert.deepEqual(lost, []);
  stored.delete(`${mainTenant} new a.test`);
  records["_mayfly.a.test"] = ["mayfly=main/new"];
  await prove(mainTenant, "new", "a.test");
  assert.deepEqual(lost, [`${mainTenant} old`]);
  assert.deepEqual([...stored], [`${mainTenant} new a.test`]);
});
