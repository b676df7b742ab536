/** What an app in Python can reach from inside real machines of each driver, in a network namespace that stands for other hosts. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Network, createNetwork } from "./network.ts";
import { createScope, drivers, type Platform, startPlatform } from "./platform.ts";

type Outcome = [said: string, host: string, port: number][] | { error: string; text: string };

describe("the network of apps in Python", () => {
  const scope = createScope();
  let network: Network;
  before(async () => (network = await createNetwork(scope, 18)));
  after(() => scope.close());

  for (const driver of [...drivers, "process"] as const)
    describe(`in machines of ${driver}`, () => {
      const inside = createScope();
      let platform: Platform;
      before(async () => {
        const listed = `${network.privateAddress}:${network.port}`;
        platform = await startPlatform(inside, { driver, kernel: "linux", blanks: 0, egress: { allow: [listed] } });
        const deploy = (name: string, egress: object) => platform.deploy("test/apps/python-network", { name, ...egress });
        await deploy("none", {});
        await deploy("open", { network: "egress" });
        await deploy("listed", { network: { egress: true, allow: [listed] } });
      });
      after(() => inside.close());

      async function reach(app: string, host: string, port = network.port, times = 1, by = "reach"): Promise<Outcome> {
        const response = await platform.call(`/${app}/${by}?host=${host}&port=${port}&times=${times}`);
        assert.equal(response.status, 200);
        return (await response.json()) as Outcome;
      }
      async function errorOf(...destination: Parameters<typeof reach>): Promise<{ error: string; text: string }> {
        const outcome = await reach(...destination);
        assert.ok("error" in outcome, JSON.stringify(outcome));
        return outcome;
      }

      test("an app with egress reaches a public address, by threads and by tasks, many times at once", async () => {
        const { publicAddress, port } = network;
        for (const by of ["reach", "tasks"]) {
          assert.deepEqual(await reach("open", publicAddress, port, 1, by), [["public", publicAddress, port]]);
          const many = (await reach("open", publicAddress, port, 100, by)) as unknown[];
          assert.deepEqual([many.length, many.at(-1)], [100, ["public", publicAddress, port]]);
        }
      });

      test("a socket that does not block is connected, or tells why not, to code that polls it", async () => {
        const { publicAddress, port } = network;
        for (let time = 0; time < 5; time++)
          assert.deepEqual(await reach("open", publicAddress, port, 1, "polls"), [["public", publicAddress, port]]);
        assert.equal((await errorOf("open", publicAddress, port + 9, 1, "polls")).error, "ECONNREFUSED");
        assert.equal((await errorOf("none", publicAddress, port, 1, "polls")).error, "EACCES");
      });

      test("an app without egress reaches nothing, and its log has the reason", async () => {
        for (const by of ["reach", "tasks"]) {
          const { error, text } = await errorOf("none", network.publicAddress, network.port, 1, by);
          assert.equal(error, "PermissionError");
          assert.match(text, /this app has no network: set "network": "egress"/);
        }
        assert.equal((await errorOf("none", "www.example")).error, "PermissionError");
        assert.equal((await platform.call("/none/fails")).status, 500);
        await platform.logged("none", /URLError.*this app has no network/);
      });

      test("private addresses, the host's own and names that nobody has are refused as Python's errors", async () => {
        for (const host of [network.privateAddress, network.hostAddress, "169.254.169.254"])
          assert.equal((await errorOf("open", host)).error, "PermissionError", host);
        assert.equal((await errorOf("open", "no-such-name.invalid")).error, "gaierror");
        assert.equal((await errorOf("open", network.publicAddress, network.port + 9)).error, "ConnectionRefusedError");
        if (driver !== "process") assert.equal((await errorOf("open", "127.0.0.1")).error, "ConnectionRefusedError");
      });

      if (driver !== "process")
        test("child and forked processes reach what the app may reach, and the log has the reason for what they don't", async () => {
          const { publicAddress, privateAddress, port } = network;
          const child = (app: string, host: string, to = port, times = 1) => reach(app, host, to, times, "children") as Promise<unknown>;
          assert.equal(await child("open", publicAddress, port, 100), "public".repeat(100));
          assert.equal(await child("listed", privateAddress), "private");
          assert.equal(await child("open", privateAddress), "ConnectionResetError");
          await platform.logged("open", /10\.254\.18\.2:7777.*a private address/);
          assert.equal(await child("none", publicAddress), "ConnectionResetError");
          await platform.logged("none", /A program could not connect to 9\.254\.18\.2 port 7777: this app has no network/);
          assert.equal(await child("open", "no-such-name.invalid"), "gaierror");
          for (const host of [publicAddress, "no-such-name.invalid"]) {
            const forked = await reach("open", host, port, 1, "forks");
            assert.equal(forked, host === publicAddress ? "public" : "gaierror");
          }
          assert.equal(await child("none", "www.example"), "gaierror");
          await platform.logged("none", /A program could not look up "www\.example": this app has no network/);
        });

      test("a private address that the manifest lists can be reached, only on the listed port", async () => {
        const { privateAddress, port } = network;
        assert.deepEqual(await reach("listed", privateAddress), [["private", privateAddress, port]]);
        assert.equal((await errorOf("listed", privateAddress, port + 1)).error, "PermissionError");
      });
    });
});
