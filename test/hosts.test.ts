/** The hosts that apps list: they get those that the operator's setting allows, at deploy and at every later start. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createScope, startPlatform, temporaryFolder } from "./platform.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

test("an app gets the hosts that the operator gives it, and a server that gives them no more still starts", async (context) => {
  const stateDir = temporaryFolder(context);
  const settings = { driver: "process", stateDir };
  const first = createScope();
  afterwards(context, () => first.close());
  const platform = await startPlatform(first, { ...settings, hosts: ["www.shop.example=*"] });
  const { gatewayUrl } = platform.running;
  await assert.rejects(platform.deploy("examples/hello", { hosts: { "127.0.0.1": "hello" } }), { code: "host-not-allowed" });
  await assert.rejects(platform.deploy("examples/hello", { hosts: { "other.example": "hello" } }), { code: "host-not-allowed" });
  await assert.rejects(platform.deploy("examples/hello", { hosts: { "www.shop.example": "constructor" } }), { code: "bad-manifest" });
  assert.deepEqual(await platform.client.apps(), []);
  await platform.deploy("examples/hello", { hosts: { "WWW.Shop.Example.": "hello" } });
  await assert.rejects(platform.deploy("test/apps/echo", { hosts: { "www.shop.example": "echo" } }), { code: "host-taken" });
  assert.match(await ask(gatewayUrl, "/any/path", "www.shop.example:80"), /Hello/);
  assert.match(await ask(gatewayUrl, "/_mayfly/health", "www.shop.example"), /"ok"/);
  assert.match(await ask(gatewayUrl, "/hello/hello", "127.0.0.1"), /Hello/);
  await first.close();

  const later = await startPlatform(context, settings);
  assert.match(await ask(later.running.gatewayUrl, "/any/path", "www.shop.example"), /no-such-route/);
  assert.match(await ask(later.running.gatewayUrl, "/hello/hello", "www.shop.example"), /Hello/);
});

/** fetch() sets Host itself. */
async function ask(url: string, path: string, host: string): Promise<string> {
  const [response] = (await once(request(url + path, { headers: { host } }).end(), "response")) as [IncomingMessage];
  return text(response);
}
