import assert from "node:assert/strict";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { chooseAccelerator } from "./accelerator.ts";
import type { HostFacts } from "./host-facts.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "mayfly-accelerator-"));
after(() => fs.rmSync(folder, { recursive: true }));

const kernel = path.join(folder, "kernel");
const device = path.join(folder, "kvm");
fs.writeFileSync(kernel, "kernel");
fs.writeFileSync(device, "");
const facts = (qemuVersion: string) => ({ qemuVersion, kernelRelease: "6", cpuModel: "x", qemuBuild: "1" }) as HostFacts;

test("where there is no device, TCG is chosen without a trial", async () => {
  const trial = () => assert.fail("no trial is due");
  const verdict = await chooseAccelerator({
    cacheDir: folder,
    facts: facts("none"),
    kernel,
    boot: trial,
    device: path.join(folder, "absent"),
  });
  assert.equal(verdict.accelerator, "tcg");
  assert.match(verdict.why, /absent/);
});

test("a trial that fails means TCG, and is remembered until QEMU changes", async () => {
  let trials = 0;
  const hang = async () => {
    trials++;
    throw new Error("the guest did not report");
  };
  for (let ask = 0; ask < 2; ask++) {
    const verdict = await chooseAccelerator({ cacheDir: folder, facts: facts("7.2.1"), kernel, boot: hang, device });
    assert.equal(verdict.accelerator, "tcg");
    assert.match(verdict.why, /the guest did not report/);
  }
  assert.equal(trials, 1);
  await chooseAccelerator({ cacheDir: folder, facts: facts("7.2.2"), kernel, boot: hang, device });
  assert.equal(trials, 2);
});

test("a trial that succeeds means KVM", async () => {
  const verdict = await chooseAccelerator({ cacheDir: folder, facts: facts("8"), kernel, boot: async () => undefined, device });
  assert.equal(verdict.accelerator, "kvm");
});
