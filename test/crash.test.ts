/** kill -9 of the server, at bad moments: what it knew is there again, what it ran is gone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { createClient } from "../src/api/client.ts";
import { bundleApp } from "../src/build/bundle-app.ts";
import { type Server, serve } from "./command.ts";
import { cgroupsOf, descendants, isAlive } from "./host.ts";
import { drivers, eventually, projectDir, temporaryFolder } from "./platform.ts";

for (const driver of drivers) {
  test(`kill -9 while ${driver} machines run leaves no machine, and a restart serves the same apps`, async (context) => {
    const stateDir = temporaryFolder(context);
    const first = await serve(context, stateDir, ["--driver", driver]);
    await clientOf(first, stateDir).deploy(...(await hello()));
    assert.equal(await (await fetch(`${first.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
    const children = descendants(first.child.pid!);
    assert.ok(children.length > 0);
    await first.end("SIGKILL");

    const second = await serve(context, stateDir, ["--driver", driver]);
    assert.equal(await (await fetch(`${second.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
    await eventually(
      "the old machines' processes",
      () => children.filter(isAlive),
      (alive) => alive.length === 0,
    );
    assert.deepEqual(cgroupsOf(first.worker), []);

    const later = descendants(second.child.pid!);
    assert.equal(await second.end("SIGTERM"), 0);
    await eventually(
      "the machines' processes after SIGTERM",
      () => later.filter(isAlive),
      (alive) => alive.length === 0,
    );
    assert.deepEqual(cgroupsOf(second.worker), []);
  });
}

test("kill -9 during deploys leaves the old version or the new one, whole", async (context) => {
  const stateDir = temporaryFolder(context);
  const [manifest, bundles] = await hello();
  let known: string[] = [];
  for (let round = 0; round < 6; round++) {
    const server = await serve(context, stateDir, ["--driver", "process", "--blanks", "0"]);
    const client = clientOf(server, stateDir);
    if (round > 0) {
      const { live } = await client.app("hello");
      assert.ok(known.includes(live!.manifest.env.ROUND!), `round ${live!.manifest.env.ROUND} was never sent`);
      assert.equal(await (await fetch(`${server.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
    }
    await client.deploy({ ...manifest, env: { ROUND: `${round}` } }, bundles);
    known = [`${round}`];
    const storm = Array.from({ length: 20 }, (_, index) => {
      known.push(`${round}.${index}`);
      return client.deploy({ ...manifest, env: { ROUND: `${round}.${index}` } }, bundles).catch(() => undefined);
    });
    await sleep(round * 15);
    await server.end("SIGKILL");
    await Promise.all(storm);
  }
});

async function hello() {
  const { manifest, bundles } = await bundleApp(join(projectDir, "examples/hello"));
  return [manifest, bundles] as const;
}

function clientOf(server: Server, stateDir: string) {
  return createClient({ url: server.apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
}
