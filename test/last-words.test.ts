/** Small machines that end: their last output is in the log, V8's limits fit the memory, and their clocks agree. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { manifestSchema } from "../src/store/catalog/manifest.ts";
import { type Platform, createScope, eventually, machineKinds, startPlatform } from "./platform.ts";

const code = `
const keep = [];
const fill = (count) => Array.from({ length: count }, (_, k) => ({ k, t: "v" + k }));
const deeds = {
  hang() { process.stdout.write("last words "); process.stdout.write("before a hang"); for (;;); },
  leak() { console.log("last words before a leak"); for (;;) keep.push(fill(1000)); },
  buffers() { console.log("last words before many buffers"); for (;;) keep.push(Buffer.alloc(4_000_000, keep.length)); },
  crash() {
    console.log("last words before a crash");
    process.getBuiltinModule("node:ffi").dlopen(null, { abort: { arguments: [], return: "void" } }).functions.abort();
  },
  async garbage() {
    const live = [];
    // 43 MB in all, of which 9 MB are live: on qemu the agent has 15 of the heap's 28 MB.
    for (let round = 0; round < 20; round++) {
      live.push(fill(30_000));
      if (live.length > 3) live.shift();
      await null;
    }
    return Response.json(live.length);
  },
  slab: async () => new Response(/Slab: +([0-9]+)/.exec(await process.getBuiltinModule("node:fs/promises").readFile("/proc/meminfo", "utf8"))[1]),
  clock: () => Response.json(performance.timeOrigin + performance.now() - Date.now()),
};
exports.default = { fetch: (request) => deeds[new URL(request.url).pathname.slice(1)]() };`;

for (const { name, settings } of machineKinds)
  describe(`a machine of 128 MB on ${name}`, { timeout: 1_000_000 }, () => {
    const scope = createScope();
    let platform: Platform;

    before(async () => {
      platform = await startPlatform(scope, { ...settings, blanks: 0 });
      const manifest = manifestSchema.parse({ name: "last", functions: { words: { entry: "x" } }, memoryMb: 128, timeoutMs: 600_000 });
      const bundles = [{ function: "words", format: "cjs" as const, code: Buffer.from(code) }];
      await platform.client.deploy(manifest, bundles);
      const quick = { ...manifest, name: "quick", timeoutMs: 6_000 };
      await platform.client.deploy(quick, bundles);
      await platform.client.deploy({ ...manifest, name: "two", vcpus: 2 }, bundles);
    });
    after(() => scope.close());

    test("collects garbage in time if little memory is live", async () => {
      const response = await platform.call("/last/words/garbage");
      assert.equal(await response.text(), "3");
    });

    test("has the same time on all its clocks", async () => {
      const response = await platform.call("/last/words/clock");
      const difference = (await response.json()) as number;
      assert.ok(Math.abs(difference) < 1_000, `${difference} ms`);
    });

    if (name === "qemu")
      test("has a kernel that takes little of the memory for itself", async () => {
        const kilobytes = Number(await (await platform.call("/last/words/slab")).text());
        assert.ok(kilobytes > 1_000 && kilobytes < 9_000, `${kilobytes} kB of slabs`);
      });

    for (const [deed, words, end] of [
      ["leak", "last words before a leak", /ran out of memory.*JavaScript heap out of memory/],
      ["buffers", "last words before many buffers", /ran out of memory/],
      ["crash", "last words before a crash", /Machine ended/],
    ] as const)
      test(`its log has its output and why it ended: ${deed}`, async () => {
        const response = await platform.call(`/last/words/${deed}`);
        assert.equal(response.status, 502, await response.text());
        const lines = await platform.logged("last", end);
        const line = lines.find(({ text }) => text === words);
        assert.ok(!lines.some(({ text }) => /\bRDX|Call Trace|Kernel Offset|\[backtrace\]/.test(text)), "no registers of a kernel");
        assert.ok(line?.invocation !== undefined, JSON.stringify(lines.slice(-8)));
      });

    test("with two vCPUs it collects garbage in time, and a leak ends as an error of JavaScript's, too", async () => {
      assert.equal(await (await platform.call("/two/words/garbage")).text(), "3");
      const response = await platform.call("/two/words/leak");
      assert.equal(response.status, 502, await response.text());
      const lines = await platform.logged("two", /ran out of memory.*JavaScript heap out of memory/);
      assert.ok(
        lines.some(({ text }) => text === "last words before a leak"),
        JSON.stringify(lines.slice(-8)),
      );
    });

    test("its log has the output from before it hung, including an unfinished line", async () => {
      // Its machine is there before the call that is to run out of time.
      const clock = async () => (await platform.call("/quick/words/clock")).status;
      await eventually("a reply in time", clock, (status) => status === 200, 240_000);
      const response = await platform.call("/quick/words/hang");
      assert.equal(response.status, 504, await response.text());
      const lines = await platform.logged("quick", /last words/);
      const line = lines.find(({ text }) => text === "last words before a hang");
      assert.ok(line?.invocation !== undefined, JSON.stringify(lines.slice(-8)));
    });
  });
