import assert from "node:assert/strict";
import { test } from "node:test";

import { usualSize } from "../driver.ts";
import type { MachineShape } from "./command-line.ts";
import type { HostFacts } from "./host-facts.ts";
import { linux } from "./linux.ts";
import { osv } from "./osv.ts";
import { templateKey } from "./templates.ts";

const facts = { qemuVersion: "7.2", tscKhz: 2_000_000 } as HostFacts;
const image = { id: "one", kernel: "k", root: "r" };
const shape: MachineShape = { guest: linux, accelerator: "tcg", ...usualSize };
const keyOf = (changes: Partial<MachineShape>, week = 1, id = "one") =>
  templateKey({ image: { ...image, id }, facts }, { ...shape, ...changes }, week);

test("a template is of one kernel, accelerator, size and image", () => {
  const keys = [
    keyOf({}),
    keyOf({ guest: osv }),
    keyOf({ accelerator: "kvm" }),
    keyOf({ memoryMb: 512 }),
    keyOf({ vcpus: 2 }),
    keyOf({}, 1, "another"),
  ];
  assert.equal(new Set(keys).size, keys.length);
});

test("a week makes another template where the guest's clock cannot be set, and only there", () => {
  assert.equal(keyOf({}, 2), keyOf({}, 1));
  assert.notEqual(keyOf({ guest: osv }, 2), keyOf({ guest: osv }, 1));
});
