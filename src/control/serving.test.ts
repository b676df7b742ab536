import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../base/clock/clock.ts";
import { manifestSchema } from "../store/catalog/manifest.ts";
import type { ServedApps } from "./served-apps.ts";
import { createServing } from "./serving.ts";

test("an app that asks for a kernel which the host lacks is refused; the host's own may be named or left out", () => {
  const serving = createServing({
    served: { check: () => undefined } as unknown as ServedApps,
    machines: () => [],
    kinds: { prepare: async () => undefined, changed: () => undefined },
    kernels: ["linux"],
    attaches: () => false,
    usualKernel: "linux",
    problemsOf: () => [],
    most: { maxMemoryMb: 1_024, maxVcpus: 4 },
    clock: systemClock,
  });
  const asking = (more: object) => manifestSchema.parse({ name: "shop", functions: { pay: { entry: "pay.ts" } }, ...more });
  serving.check("main", asking({}));
  serving.check("main", asking({ kernel: "linux" }));
  assert.throws(() => serving.check("main", asking({ kernel: "osv" })), {
    code: "no-such-kernel",
    message: "App shop asks for machines of the kernel osv, and this host has linux.",
    cure: /Leave the key kernel out/,
  });
});
