import assert from "node:assert/strict";
import { test } from "node:test";
import { descriptorBudget, descriptorLimit } from "./descriptors.ts";

test("listeners, connections to the outside and machines together leave descriptors for the server's own files", () => {
  for (const descriptors of [256, 300, 1_024, 4_096, 20_000, 65_536, 1_048_576]) {
    const { gateway, perClient, api, outside, machines } = descriptorBudget(descriptors);
    // Connections that are turned away come on top of a listener's.
    const taken = (gateway + api) * 1.125 + 16 + outside + machines * 6;
    assert.ok(taken <= descriptors - 48, `${taken} of ${descriptors}`);
    for (const each of [gateway, perClient, api, outside]) assert.ok(each >= 8, `${descriptors}: ${each}`);
    assert.ok(perClient <= gateway && machines >= 1, String(descriptors));
  }
  assert.ok(descriptorLimit() >= 64);
});

test("with the limit of the service's unit there is room for many times the machines of the usual settings", () => {
  assert.deepEqual(descriptorBudget(65_536), { gateway: 16_384, perClient: 4_096, api: 1_024, outside: 16_384, machines: 4_917 });
});
