/** An app may request machines of an unusual size. The work for that is done at its deploy, not at its first call. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorBody } from "../src/base/errors/error.ts";
import { drivers, type Platform, startPlatform } from "./platform.ts";

const deploy = (platform: Platform, memoryMb: number) =>
  platform.deploy("test/apps/probe", { name: "sized", memoryMb, secrets: [], timeoutMs: 300_000 });
const fill = (platform: Platform, mb: number) => platform.call(`/sized/fill?mb=${mb}`);

// The usual size is 256 MB. A template is made for each size of QEMU's machines: this one's is that of last-words.test.ts, too.
test("on qemu, an app of another size is ready when its deploy returns, and has the memory it asked for", async (context) => {
  const platform = await startPlatform(context, { driver: "qemu", blanks: 0 });
  await deploy(platform, 128);
  assert.equal(await (await fill(platform, 10)).text(), "10");
  const { error } = (await (await fill(platform, 100)).json()) as ErrorBody;
  assert.equal(error.code, "machine-died");
  await platform.logged("sized", /ran out of memory/);
});

test("the metrics tell what machines share with their template, and how much of their code is translated where nothing but an emulator runs it", async (context) => {
  const platform = await startPlatform(context, { driver: "qemu", blanks: 0 });
  await deploy(platform, 128);
  assert.equal((await fill(platform, 10)).status, 200);
  const page = await platform.client.metrics();
  const value = (name: string) => Number(new RegExp(`^${RegExp.escape(name)} (.*)$`, "m").exec(page)?.[1]);
  assert.ok(value('mayfly_hypervisor_memory_usage_bytes{state="shared"}') > 2 ** 20, page);
  assert.ok(value("mayfly_hypervisor_cpu_wait_time_seconds_total") > 0);
  if (platform.running.driver.detail.includes("with KVM")) assert.ok(!page.includes("mayfly_emulator_code_size_bytes"));
  else assert.ok(value("mayfly_emulator_code_size_bytes") > 100_000);
});

if (drivers.includes("gvisor"))
  test("on gvisor, an app of another size is ready when its deploy returns, and has the memory it asked for", async (context) => {
    const platform = await startPlatform(context, { driver: "gvisor", blanks: 0 });
    await deploy(platform, 512);
    assert.equal(await (await fill(platform, 300)).text(), "300");
  });
