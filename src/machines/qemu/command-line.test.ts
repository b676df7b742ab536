import assert from "node:assert/strict";
import { test } from "node:test";
import { bootArguments, cloneArguments, Fd } from "./command-line.ts";
import type { MachineShape } from "./guest-kernel.ts";
import { linux } from "./linux.ts";

const shape: MachineShape = { guest: linux, accelerator: "tcg", runtime: "node", memoryMb: 256, vcpus: 1 };
const forDebuggers = /:3-chardev|c2|fd=11/;

test("a clone has a channel for debuggers only if it is inspected, and differs from others in nothing else; a template has none", () => {
  const usual = cloneArguments(shape, "m-1");
  const inspected = cloneArguments(shape, "m-1", { inspected: true });
  for (const line of [usual, cloneArguments(shape, "m-1", { keeps: true }), bootArguments(shape, "m-1", 1_000, true)])
    assert.doesNotMatch(line.join(" "), forDebuggers);
  const more = ` -chardev socket,id=c2,fd=${Fd.Inspector}`;
  assert.equal(inspected.join(" ").replace(more, "").replace(",guestfwd=tcp:10.0.2.100:3-chardev:c2", ""), usual.join(" "));
  assert.match(inspected.join(" "), /c2,fd=11 .*guestfwd=tcp:10\.0\.2\.100:3-chardev:c2/);
});
