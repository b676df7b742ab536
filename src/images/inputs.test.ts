import assert from "node:assert/strict";
import { test } from "node:test";
import { inputKey, type Inputs } from "./inputs.ts";

const kernel = { name: "linux-image-6.1.0-1-cloud-amd64", version: "6.1.1-1", dir: "/cache/kernel" };
const inputs: Inputs = {
  packages: { "linux-image-cloud-amd64/meta": kernel, libc6: { name: "libc6", version: "2.36-9", dir: "/cache/libc6" } },
  kernelPackage: kernel,
  nodeVersion: "26.10.0",
  nodeSize: 149_711_504,
  agent: Buffer.from("agent"),
  builderHash: "b",
};

function withLibc(change: object): Inputs {
  return { ...inputs, packages: { ...inputs.packages, libc6: { name: "libc6", version: "2.36-9", dir: "/cache/libc6", ...change } } };
}

test("the key is the same for the same inputs, wherever the cache lies", () => {
  assert.equal(inputKey(withLibc({ dir: "/elsewhere/libc6" })), inputKey(inputs));
});

test("the key does not depend on the order of packages", () => {
  const reversed = Object.fromEntries(Object.entries(inputs.packages).toReversed());
  assert.equal(inputKey({ ...inputs, packages: reversed }), inputKey(inputs));
});

const changes: [string, Inputs][] = [
  ["a package's version", withLibc({ version: "2.36-10" })],
  [
    "the kernel",
    { ...inputs, packages: { ...inputs.packages, "linux-image-cloud-amd64/meta": { ...kernel, name: "linux-image-6.1.0-2-cloud-amd64" } } },
  ],
  ["Node's version", { ...inputs, nodeVersion: "26.10.1" }],
  ["Node's binary", { ...inputs, nodeSize: 1 }],
  ["the agent", { ...inputs, agent: Buffer.from("agent 2") }],
  ["the builder", { ...inputs, builderHash: "c" }],
];

for (const [what, changed] of changes) {
  test(`the key changes with ${what}`, () => assert.notEqual(inputKey(changed), inputKey(inputs)));
}
