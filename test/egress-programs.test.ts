/** What programs of apps reach by plain system calls from inside real machines of each driver, in a network namespace that stands for other hosts. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { loadConfig } from "../src/base/config/load.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { certificate } from "../src/doors/http/test-certificate.ts";
import { compile } from "../src/guest/runtimes/testing/compile.ts";
import { fetchDebianPackage } from "../src/images/debian/fetch-package.ts";
import type { Manifest } from "../src/store/catalog/manifest.ts";
import { type Network, createNetwork } from "./network.ts";
import { createScope, drivers, type Platform, projectDir, startPlatform, temporaryFolder } from "./platform.ts";

const folder = join(projectDir, "test/apps/programs-network");

describe("the network of programs", () => {
  const scope = createScope();
  let network: Network;
  /** The app's folder with its programs. */
  let app: string;
  before(async () => {
    network = await createNetwork(scope, 19);
    app = join(temporaryFolder(scope), "app");
    cpSync(folder, app, { recursive: true });
    mkdirSync(join(app, "bin"));
    writeFileSync(join(app, "bin/reach"), await compile(join(folder, "reach.c")), { mode: 0o755 });
    const { cacheDir } = loadConfig({});
    const { dir } = await fetchDebianPackage({ cacheDir, suite: "bookworm", name: "busybox-static" });
    cpSync(join(dir, "bin/busybox"), join(app, "busybox"));
  });
  after(() => scope.close());

  test("in machines of process, programs use this host's network, whatever the manifest says", async (t) => {
    const platform = await startPlatform(t, { driver: "process", kernel: "linux", blanks: 0 });
    const { manifest, bundles } = await bundleApp(app);
    await platform.client.deploy({ ...manifest, name: "none" }, bundles);
    const response = await platform.call(`/none/native?${network.privateAddress}&${network.port}&1`);
    assert.equal(await response.text(), "private\n");
  });

  for (const driver of drivers)
    describe(`in machines of ${driver}`, () => {
      const inside = createScope();
      let platform: Platform;
      before(async () => {
        const listed = `${network.privateAddress}:${network.port}`;
        platform = await startPlatform(inside, { driver, kernel: "linux", blanks: 0, egress: { allow: [listed] } });
        const { manifest, bundles } = await bundleApp(app);
        const deploy = (name: string, changes: Partial<Manifest>) => platform.client.deploy({ ...manifest, ...changes, name }, bundles);
        const env = { CA: certificate.cert };
        await deploy("none", { env });
        await deploy("open", { env, network: "egress" });
        await deploy("listed", { env, network: { egress: true, allow: [listed] } });
        writeFileSync(
          join(app, "mayfly.json"),
          JSON.stringify({ runtime: "provided", name: "polls", timeoutMs: 300_000, functions: { main: { entry: "bin/reach" } } }),
        );
        const polls = await bundleApp(app);
        await platform.client.deploy({ ...polls.manifest, network: "egress" }, polls.bundles);
        cpSync(join(folder, "mayfly.json"), join(app, "mayfly.json"));
      });
      after(() => inside.close());

      async function answer(path: string): Promise<string> {
        const response = await platform.call(path);
        const text = await response.text();
        assert.equal(response.status, 200, text);
        return text;
      }
      /** By the program in C. */
      const reach = (name: string, host: string, port = network.port, times = 1) => answer(`/${name}/native?${host}&${port}&${times}`);
      /** By the program in Node. */
      const by = (way: string, name: string, host: string, port = network.port, times = 1) =>
        answer(`/${name}/node?way=${way}&host=${host}&port=${port}&times=${times}`);

      test("a program in C, one in Node, a static one and one that polls for its invocations reach a public address", async () => {
        const { publicAddress } = network;
        assert.equal(await reach("open", publicAddress), "public\n");
        for (const way of ["tcp", "static"]) assert.equal(await by(way, "open", publicAddress), "public\n", way);
        assert.equal(await answer(`/polls/main?${publicAddress}&${network.port}&1`), "public ");
      });

      test("many connections at once are all served", async () => {
        assert.equal(await reach("open", network.publicAddress, network.port, 100), "public\n".repeat(100));
        assert.equal(await by("tcp", "open", network.publicAddress, network.port, 100), "public\n".repeat(100));
      });

      test("TLS is between the program and its destination", async () => {
        assert.equal(await by("tls", "open", network.publicAddress, network.tlsPort), "secure\n");
      });

      test("a connection of which a program has ended its half still brings the answer", async () => {
        assert.equal(await by("half", "open", network.publicAddress, network.countPort), "1000000\n");
      });

      test("nothing is reached that the host refuses, and the log has the reason", async () => {
        const attempts: [app: string, host: string, port: number, reason: RegExp][] = [
          ["open", network.privateAddress, network.port, /10\.254\.19\.2:7777.*a private address/],
          ["open", network.hostAddress, network.port, /10\.254\.19\.1:7777.*a private address/],
          ["open", "169.254.169.254", 80, /169\.254\.169\.254:80.*a link-local address/],
          ["listed", network.privateAddress, network.port + 1, /10\.254\.19\.2:7778.*a private address/],
          ["open", network.publicAddress, network.port + 9, /A program could not connect to 9\.254\.19\.2 port 7786: ECONNREFUSED/],
          ["none", network.publicAddress, network.port, /A program could not connect to 9\.254\.19\.2 port 7777: this app has no network/],
        ];
        for (const [name, host, port, reason] of attempts) {
          assert.equal(await reach(name, host, port), "ECONNRESET", host);
          // Both are led in the same way; the program in Node need not start in each app's machine.
          if (name === "open") assert.equal(await by("tcp", name, host, port), "ECONNRESET", host);
          await platform.logged(name, reason);
        }
      });

      test("a program's own loopback stays its own", async () => {
        for (const host of ["127.0.0.1", "localhost", "0.0.0.0"]) assert.equal(await reach("open", host), "ECONNREFUSED", host);
        assert.equal(await reach("open", "127.0.0.1", 1), "ECONNRESET");
      });

      test("an address that the manifest and the operator list is reached", async () => {
        assert.equal(await reach("listed", network.privateAddress), "private\n");
      });

      test("names are looked up by the host, and tell what they are not", async () => {
        assert.equal(await reach("open", "nothing.invalid"), "EAI_NONAME");
        assert.equal(await by("resolve4", "open", "nothing.invalid"), "ENOTFOUND");
        assert.equal(await by("resolveMx", "open", "nothing.invalid"), "ENOTIMP");
        assert.equal(await reach("none", "example.com"), "EAI_AGAIN");
        await platform.logged("none", /A program could not look up "example\.com": .*this app has no network/);
      });

      test("two apps do not reach each other", async () => {
        const machine = (await platform.client.machines()).find(({ app: name }) => name === "listed");
        assert.ok(machine);
        const { port } = new URL(platform.running.gatewayUrl);
        for (const host of [network.hostAddress, "10.0.2.15", "10.0.2.2", "240.0.0.1"])
          assert.match(await reach("open", host, Number(port)), /^E/, host);
      });
    });
});
