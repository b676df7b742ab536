import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../base/clock/clock.ts";
import { manifestSchema } from "../store/catalog/manifest.ts";
import type { ServedApps } from "./served-apps.ts";
import { createServing, type ServingParts } from "./serving.ts";

function servingOf(changes: Partial<ServingParts>) {
  return createServing({
    served: { check: () => undefined } as unknown as ServedApps,
    machines: () => [],
    boundTo: () => 0,
    shareChanged: () => undefined,
    kinds: { prepare: async () => undefined, changed: () => undefined },
    kernels: ["linux"],
    attaches: () => false,
    usualKernel: "linux",
    unfreezable: () => "machines of this driver cannot be frozen",
    uninjectable: () => "machines of this driver use the host's network",
    problemsOf: () => [],
    authority: { certificate: async () => "" },
    proofs: { prove: async () => undefined },
    problemsOfKeys: () => [],
    problemsOfMounts: () => [],
    most: { maxMemoryMb: 1_024, maxVcpus: 4 },
    mostOfTenant: () => ({ memoryMb: null, vcpus: null }),
    clock: systemClock,
    ...changes,
  });
}

const asking = (more: object) => manifestSchema.parse({ name: "shop", functions: { pay: { entry: "pay.ts" } }, ...more });

test("an app that asks for a kernel which the host lacks is refused; the host's own may be named or left out", () => {
  const serving = servingOf({});
  serving.check("main", asking({}));
  serving.check("main", asking({ kernel: "linux" }));
  assert.throws(() => serving.check("main", asking({ kernel: "osv" })), {
    code: "no-such-kernel",
    message: "App shop asks for machines of the kernel osv, and this host has linux.",
    cure: /Leave the key kernel out/,
  });
});

test("with the kernel osv, code in Python and Java is taken, and refused is what needs several processes", () => {
  const serving = servingOf({ kernels: ["linux", "osv"], attaches: () => true });
  const usualOsv = servingOf({ kernels: ["osv", "linux"], usualKernel: "osv", attaches: () => true });
  const taken = [
    { runtime: "python" },
    { runtime: "python", network: "egress" },
    { runtime: "java" },
    { runtime: "java", network: "egress" },
    { runtime: "java", functions: { pay: { entry: "pay.jar" }, page: { entry: "page.ts", runtime: "node" } } },
  ];
  const server = (command: string[]) => ({ runtime: "server", functions: { pay: { command } } });
  const refused: [object, RegExp][] = [
    [{ runtime: "provided" }, /the runtimes provided and server run programs.*single process: let kernel be "linux"/],
    [server(["./pay"]), /the runtimes provided and server/],
    [server(["java", "-jar", "pay.jar"]), /the runtimes provided and server/],
    [server(["python3", "pay.py"]), /the runtimes provided and server/],
    [{ functions: { pay: { entry: "pay", runtime: "provided" }, page: { entry: "page.ts" } } }, /the runtimes provided and server/],
  ];
  for (const more of taken) {
    serving.check("main", asking({ kernel: "osv", ...more }));
    usualOsv.check("main", asking(more));
  }
  for (const [more, message] of refused) {
    const bad = { code: "bad-manifest", message };
    assert.throws(() => serving.check("main", asking({ kernel: "osv", ...more })), bad);
    assert.throws(() => usualOsv.check("main", asking(more)), bad);
    usualOsv.check("main", asking({ kernel: "linux", ...more }));
  }
});

test("more files than go through a machine's channel are refused where machines cannot read them where they lie", () => {
  const files = { paths: ["model.bin"], largeBytes: 64 * 1_048_576 + 1 };
  const attachesLinux = servingOf({ kernels: ["linux", "osv"], attaches: ({ kernel }) => kernel === "linux" });
  attachesLinux.check("main", asking({}), files);
  attachesLinux.check("main", asking({ kernel: "osv" }), { ...files, largeBytes: 64 * 1_048_576 });
  assert.throws(() => attachesLinux.check("main", asking({ kernel: "osv" }), files), {
    code: "files-too-large",
    message: /App shop has 67108865 bytes of files; machines with the kernel osv take at most 67108864/,
  });
});

test("a snapshot is refused where machines cannot be frozen", () => {
  servingOf({}).check("main", asking({ snapshot: false }));
  assert.throws(() => servingOf({}).check("main", asking({ snapshot: true })), {
    code: "bad-manifest",
    message: /snapshot: machines of this driver cannot be frozen/,
  });
});

test("a machine that is larger than all of its tenant's may be together is refused", () => {
  const serving = servingOf({ mostOfTenant: (tenant) => ({ memoryMb: tenant === "small" ? 200 : null, vcpus: null }) });
  serving.check("main", asking({ memoryMb: 512 }));
  assert.throws(() => serving.check("small", asking({ memoryMb: 512 })), {
    code: "bad-manifest",
    message: /memoryMb is 512, but all machines of the tenant together may have 200/,
  });
});
