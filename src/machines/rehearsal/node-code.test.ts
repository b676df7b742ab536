import assert from "node:assert/strict";
import { test } from "node:test";
import { programCode } from "./node-code.ts";

test("the rehearsal of programs starts one, speaks HTTP as server and as client, and leaves nothing open", async () => {
  const loaded = new Set<string>();
  const getBuiltinModule = process.getBuiltinModule.bind(process);
  process.getBuiltinModule = (name: string) => {
    loaded.add(name);
    return getBuiltinModule(name);
  };
  const module = { exports: {} as { default: { fetch(): Promise<Response> } } };
  // oxlint-disable-next-line no-implied-eval -- as an agent evaluates it
  new Function("module", programCode())(module);
  const before = process.getActiveResourcesInfo().toSorted();
  try {
    assert.equal(await (await module.exports.default.fetch()).text(), "program\n");
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
  assert.deepEqual([...loaded], ["node:http", "node:net", "node:child_process"]);
  // A socket is closed in the turn after its end.
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.deepEqual(
    process
      .getActiveResourcesInfo()
      .filter((each) => each !== "Timeout")
      .toSorted(),
    before.filter((each) => each !== "Timeout"),
  );
});
