/** What happens to a name while an app or an appliance of that name is being made or removed. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { mainTenant } from "../../base/ids/new-id.ts";
import { applianceSpecSchema } from "./schemas.ts";
import { LogLevel } from "../../wire/protocol.ts";
import { bundle, manifest, type ServedApi, serveApi } from "./testing/serve-api.ts";

let served: ServedApi;
const code = [bundle("main", "cjs", "module.exports = 1")];
const appliance = applianceSpecSchema.parse({ name: "shop", image: "none" });

beforeEach(async () => void (served = await serveApi()));
afterEach(() => served.close());

test("an appliance that takes the name while machines for the app are prepared keeps it: the deploy is refused, and stores nothing", async () => {
  const { waits, client, catalog } = served;
  let id = "";
  waits.prepare = async () => {
    id = catalog.names.claimForAppliance(mainTenant, "shop");
  };
  await assert.rejects(client.deploy(manifest(), code), { code: "name-taken", message: /shop is taken by an appliance/ });
  assert.equal(catalog.app(mainTenant, "shop"), undefined);
  catalog.names.release(id);
  waits.prepare = async () => {};
  await client.deploy(manifest(), code);
  await assert.rejects(client.runAppliance(appliance), { code: "name-taken", message: /shop is taken by an app\./ });
});

test("an appliance that cannot be made leaves its name to others", async () => {
  await assert.rejects(served.client.runAppliance(appliance), { code: "no-such-image" });
  await served.client.deploy(manifest(), code);
});

test("a secret that becomes too large while machines are prepared is refused when the revision is stored", async () => {
  const { waits, client, catalog } = served;
  waits.prepare = async () => catalog.setSecret(served.id("shop"), "KEY", "x".repeat(10_000_000));
  await assert.rejects(client.deploy(manifest({ secrets: ["KEY"] }), code), { code: "bad-manifest" });
  assert.equal(catalog.app(mainTenant, "shop"), undefined);
});

test("an app that is deployed again while its removal waits for machines has a log of its own, without the old one's lines", async () => {
  const { waits, client, logs } = served;
  const log = (text: string) => logs.append({ at: 1, app: served.id("shop"), level: LogLevel.Info, text });
  const texts = async () => (await client.logs({ app: "shop" })).map(({ text }) => text);
  await client.deploy(manifest(), code);
  log("old");
  const [waiting, gone] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  waits.removed = () => {
    waiting.resolve();
    return gone.promise;
  };
  const removed = client.removeApp("shop");
  await waiting.promise;
  await client.deploy(manifest(), code);
  log("new");
  assert.deepEqual(await texts(), ["new"]);
  gone.resolve();
  await removed;
  assert.deepEqual(await texts(), ["new"]);
});

test("what is logged for an app while it is removed is removed with it", async () => {
  const { waits, client, logs } = served;
  await client.deploy(manifest(), code);
  waits.removed = async () => {
    logs.append({ at: 1, app: served.id("shop"), level: LogLevel.Platform, text: "its limit is reached" });
  };
  await client.removeApp("shop");
  assert.equal(logs.has(served.id("shop")), false);
});
