import assert from "node:assert/strict";
import { test } from "node:test";
import { tooLargeMachine } from "./machine-limit.ts";

test("a machine may be as large as all of the host's together, and no larger", () => {
  const most = { maxMemoryMb: 4096.5, maxVcpus: 4 };
  assert.equal(tooLargeMachine({ memoryMb: 4096, vcpus: 4 }, most), undefined);
  assert.match(
    tooLargeMachine({ memoryMb: 8192, vcpus: 1 }, most) ?? "",
    /memoryMb is 8192, but all machines of this host together may have 4096/,
  );
  assert.match(tooLargeMachine({ memoryMb: 128, vcpus: 5 }, most) ?? "", /vcpus is 5, .* may have 4/);
});
