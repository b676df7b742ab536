/** kill -9 of the server at bad moments: its data are there again afterwards, and its machines are gone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { createClient } from "../src/doors/admin/client.ts";
import { bundleApp } from "../src/bundle/bundle-app.ts";
import { type Server, serve } from "./command.ts";
import { cgroupsOf, cpuGroup, descendants, isAlive, ofTheLiving } from "./host.ts";
import { drivers, eventually, projectDir, temporaryFolder } from "./platform.ts";

/** Checks all of them, because some machines are stopped when the server is killed. */
const machinesGone = (pids: number[]) =>
  eventually(
    "the old machines' processes",
    () =>
      pids
        .filter(isAlive)
        .map((pid) => `${pid} ${ofTheLiving(`/proc/${pid}/cmdline`).replaceAll("\0", " ")}, ${ofTheLiving(`/proc/${pid}/stat`)}`),
    (alive) => alive.length === 0,
  );

/** What a driver's machines must survive beside the end of their server. */
const trials: Partial<Record<string, (server: Server, stateDir: string) => Promise<void>>> = { qemu: survivesAHungMachine };

for (const driver of [...drivers, "process"]) {
  test(`kill -9 while ${driver} machines run leaves no machine, and a restart serves the same apps`, async (context) => {
    const stateDir = temporaryFolder(context);
    const first = await serve(context, stateDir, ["--driver", driver]);
    await clientOf(first, stateDir).deploy(...(await hello()));
    assert.equal(await (await fetch(`${first.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
    const children = descendants(first.child.pid!);
    assert.ok(children.length > 0);
    await standsAboveWhatItStarts(first.worker);
    await first.end("SIGKILL");
    await machinesGone(children);

    const second = await serve(context, stateDir, ["--driver", driver]);
    assert.equal(await (await fetch(`${second.gatewayUrl}/hello/hello`)).text(), "Hello, world!\n");
    assert.deepEqual(cgroupsOf(first.worker), []);
    await trials[driver]?.(second, stateDir);

    const later = descendants(second.child.pid!);
    assert.equal(await second.end("SIGTERM"), 0);
    await machinesGone(later);
    assert.deepEqual(cgroupsOf(second.worker), []);
  });
}

/** Machines are moved to their group just after their start. */
async function standsAboveWhatItStarts(worker: number): Promise<void> {
  const group = cpuGroup(worker);
  assert.match(group, /\/mayfly\/\d+-\d+-server$/);
  await eventually(
    "the groups of what the server started",
    () => descendants(worker).map(cpuGroup),
    (groups) => !groups.includes(group),
  );
}

/**
 * A virtual machine that hangs, as a defect of a host's kernel or of QEMU may cause. A call must be in progress: an idle machine may be
 * stopped, and a call for which a stopped machine does not wake runs elsewhere.
 */
async function survivesAHungMachine(server: Server, stateDir: string): Promise<void> {
  const client = clientOf(server, stateDir);
  const { manifest, bundles } = await bundleApp(join(projectDir, "test/apps/echo"));
  await client.deploy(manifest, bundles);
  const call = fetch(`${server.gatewayUrl}/echo/hang`);
  const linesOf = () => client.logs({ app: "echo", tail: 100 });
  await eventually("the call's line", linesOf, (lines) => lines.some(({ text }) => text === "hanging"));
  const { id } = (await client.machines()).find(({ app, slots }) => app === "echo" && slots.used > 0)!;
  const qemu = descendants(server.child.pid!).find((pid) => ofTheLiving(`/proc/${pid}/cmdline`).includes(`-name\0${id}\0`))!;
  process.kill(qemu, "SIGSTOP");
  const cut = await call;
  assert.equal(cut.status, 502);
  assert.match(await cut.text(), /"code":"machine-died"/);
  await machinesGone([qemu]);
  assert.equal((await fetch(`${server.gatewayUrl}/echo/echo`)).status, 200);
  assert.ok(
    (await linesOf()).some(({ machine, text }) => machine === id && text === "Machine ended: it neither answers nor uses any CPU."),
  );
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
