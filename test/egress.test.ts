/** What a function can reach, tried against real listeners on the host, and in a network namespace that stands for other hosts. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { after, before, describe, test } from "node:test";
import { type Network, createNetwork } from "./network.ts";
import { type Platform, type Scope, createScope, startPlatform } from "./platform.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";

interface Outcome {
  said?: string;
  error?: string;
}

describe("egress from inside a VM", () => {
  const scope = createScope();
  let platform: Platform;
  let network: Network;
  let hostPort: number;
  before(async () => {
    network = await createNetwork(scope);
    hostPort = await listenOnLoopback(scope);
    platform = await startPlatform(scope, {
      driver: "qemu",
      egress: { allow: [`${network.privateAddress}:${network.port}`, "10.253.0.0/16:*"] },
    });
    for (const name of ["none", "open", "listed"]) await platform.client.setSecret(name, "API_KEY", "x");
    await platform.deploy("test/apps/probe", { name: "none" });
    await platform.deploy("test/apps/probe", { name: "open", network: "egress" });
    const allow = [`${network.privateAddress}:${network.port}`];
    await platform.deploy("test/apps/probe", { name: "listed", network: { egress: true, allow } });
  });
  after(() => scope.close());

  async function reach(app: string, host: string, port: number): Promise<Outcome> {
    const response = await platform.call(`/${app}/reach?host=${host}&port=${port}`);
    assert.equal(response.status, 200);
    return (await response.json()) as Outcome;
  }

  test("an app without egress reaches nothing", async () => {
    assert.ok((await reach("none", network.publicAddress, network.port)).error);
    assert.ok((await reach("none", "127.0.0.1", hostPort)).error);
  });

  test("an app with egress reaches a public address", async () => {
    assert.equal((await reach("open", network.publicAddress, network.port)).said, "public");
  });

  test("it reaches neither the host's loopback, nor link-local, nor private addresses, however they are written", async () => {
    const attempts: [string, number][] = [
      ["127.0.0.1", hostPort],
      ["127.1", hostPort],
      ["localhost", hostPort],
      ["::1", hostPort],
      ["::ffff:127.0.0.1", hostPort],
      ["0.0.0.0", hostPort],
      ["169.254.169.254", 80],
      [network.privateAddress, network.port],
      [network.hostAddress, network.port],
    ];
    for (const [host, port] of attempts) {
      const outcome = await reach("open", host, port);
      assert.ok(outcome.error, `${host} said ${outcome.said}`);
    }
  });

  test("no host or port that a caller chooses ends a machine", async () => {
    const machine = async () => (await platform.client.machines()).find(({ app }) => app === "open")?.id;
    const before = await machine();
    assert.ok(before);
    for (const host of ["a,b", "a%20b", "%C3%A9.invalid", "x".repeat(300), "%00"]) assert.ok((await reach("open", host, 80)).error, host);
    for (const port of [0, 65_536, -1, Number.NaN]) assert.ok((await reach("open", network.publicAddress, port)).error, String(port));
    assert.equal(await machine(), before);
  });

  test("a manifest that lists more than the operator allows is refused, and the error says what is allowed", async () => {
    const allow = [`${network.privateAddress}:*`];
    await assert.rejects(platform.deploy("test/apps/probe", { name: "greedy", network: { egress: true, allow } }), (error: Error) => {
      assert.match(
        error.message,
        /network\.allow: "10\.254\.17\.2:\*" is beyond this server's egress\.allow, which has 10\.254\.17\.2:7777, 10\.253/,
      );
      return true;
    });
    assert.equal((await platform.call("/greedy/reach")).status, 404);
  });

  test("a private address that the manifest lists can be reached, only on the listed port", async () => {
    assert.equal((await reach("listed", network.privateAddress, network.port)).said, "private");
    assert.ok((await reach("listed", network.privateAddress, network.port + 1)).error);
    assert.ok((await reach("listed", "127.0.0.1", hostPort)).error);
  });
});

async function listenOnLoopback(scope: Scope): Promise<number> {
  const server = createServer((socket) => socket.end("the host\n")).listen(0, "::");
  await once(server, "listening");
  afterwards(scope, () => void server.close());
  return (server.address() as AddressInfo).port;
}
