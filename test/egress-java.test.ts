/** What an app in Java reaches from inside real machines of each driver, in a network namespace that stands for other hosts. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { certificate } from "../src/doors/http/test-certificate.ts";
import { type Network, createNetwork } from "./network.ts";
import { createScope, drivers, type Platform, startPlatform } from "./platform.ts";

describe("the network of apps in Java", () => {
  const scope = createScope();
  let network: Network;
  before(async () => (network = await createNetwork(scope, 20)));
  after(() => scope.close());

  for (const driver of drivers)
    describe(`in machines of ${driver}`, () => {
      const inside = createScope();
      let platform: Platform;
      before(async () => {
        const listed = `${network.privateAddress}:${network.port}`;
        platform = await startPlatform(inside, { driver, kernel: "linux", blanks: 0, egress: { allow: [listed] } });
        const env = { CA: certificate.cert };
        await platform.deploy("test/apps/java-network", { name: "none", env });
        await platform.deploy("test/apps/java-network", { name: "open", env, network: "egress" });
        await platform.deploy("test/apps/java-network", { name: "listed", env, network: { egress: true, allow: [listed] } });
      });
      after(() => inside.close());

      async function reach(way: string, app: string, host: string, port = network.port, times = 1): Promise<string> {
        const response = await platform.call(`/${app}/reach?way=${way}&host=${host}&port=${port}&times=${times}`);
        const text = await response.text();
        assert.equal(response.status, 200, text);
        return text;
      }

      test("sockets, channels, HttpClient and TLS reach a public address", async () => {
        const { publicAddress, httpPort, tlsPort } = network;
        assert.equal(await reach("socket", "open", publicAddress), "public");
        assert.equal(await reach("channel", "open", publicAddress), "public");
        assert.equal(await reach("http", "open", publicAddress, httpPort), "hello");
        assert.equal(await reach("tls", "open", publicAddress, tlsPort), "secure");
        assert.equal(await reach("half", "open", publicAddress, network.countPort), "1000000");
      });

      test("many connections at once are all served", async () => {
        assert.equal(await reach("socket", "open", network.publicAddress, network.port, 200), "public".repeat(200));
      });

      test("nothing is reached that the host refuses, and the log has the reason", async () => {
        const attempts: [app: string, host: string, port: number, reason: RegExp][] = [
          ["open", network.privateAddress, network.port, /10\.254\.20\.2:7777.*a private address/],
          ["open", "169.254.169.254", 80, /169\.254\.169\.254:80.*a link-local address/],
          ["listed", network.privateAddress, network.port + 1, /10\.254\.20\.2:7778.*a private address/],
          ["open", network.publicAddress, network.port + 9, /The app could not connect to 9\.254\.20\.2 port 7786: ECONNREFUSED/],
          ["none", network.publicAddress, network.port, /The app could not connect to 9\.254\.20\.2 port 7777: this app has no network/],
        ];
        for (const [name, host, port, reason] of attempts) {
          assert.equal(await reach("socket", name, host, port), "reset", host);
          await platform.logged(name, reason);
        }
      });

      test("functions of the app and the platform's services are reached without a network", async () => {
        assert.equal(await reach("http", "none", "within.mayfly.internal", 80), "within");
        assert.match(await reach("http", "none", "kv.services.mayfly.internal", 80), /"code":"no-such-route"|"error"/);
      });

      test("an address that the manifest and the operator list is reached", async () => {
        assert.equal(await reach("socket", "listed", network.privateAddress), "private");
      });

      test("names are looked up by the host, and tell what they are not", async () => {
        assert.equal(await reach("name", "open", "nothing.invalid"), "UnknownHostException");
        assert.equal(await reach("name", "open", "localhost"), "127.0.0.1");
        assert.equal(await reach("name", "none", "example.com"), "UnknownHostException");
        await platform.logged("none", /The app could not look up "example\.com": this app has no network/);
      });
    });
});
