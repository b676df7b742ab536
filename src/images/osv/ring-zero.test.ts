/** The modified Node of OSv's disks also runs on Linux: here its results are compared with those of the original. */
import { after, test } from "node:test";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { loosePopfs } from "./popf.ts";
import { forRingZero, withoutPopfq } from "./ring-zero.ts";

const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), "mayfly-ring-zero-"));
const patched = join(scratch, "node");
const bytes = readFileSync(process.execPath);
const places = withoutPopfq(bytes);
writeFileSync(patched, bytes, { mode: 0o755 });
after(() => rmSync(scratch, { recursive: true }));

/** The remainders of all pairs of odd numbers, and of many others, as a hash of their bits. */
const REMAINDERS = `
const odd = [0, -0, 1, -1, 0.1, 7, 1000, 255, 256, 1e-310, 5e-324, 1.7976931348623157e308, 2 ** 53, 2 ** 31, -(2 ** 31), Math.PI, Math.E, NaN, Infinity, -Infinity, 1e300, 1e-300, 1796000000123];
const results = [];
const remainder = (a, b) => a % b;
for (const a of odd) for (const b of odd) results.push(remainder(a, b));
let state = 12345;
const next = () => (state = (state * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
for (let n = 0; n < 60000; n++) results.push(remainder((next() - 0.5) * 10 ** (next() * 40 - 20), (next() - 0.5) * 10 ** (next() * 40 - 20)));
for (let n = 0; n < 300; n++) results.push(remainder(next() * 10 ** (300 * next()), 10 ** (-300 * next())));
results.push(Number("1e21") % 7, eval("5.5 % 2"), [9.5].map((x) => x % 4)[0], Math.PI % 2, (() => { let x = 10.5; x %= 3; return x; })());
const bits = new Float64Array(results);
console.log(require("crypto").createHash("sha256").update(Buffer.from(bits.buffer)).digest("hex"), results.length, 5.5 % 2, -7.5 % 2, Math.PI % 2);
`;

test("the pinned Node has such places, and none is left, in any form", () => {
  assert.ok(places > 0);
  assert.equal(withoutPopfq(bytes), 0);
  assert.deepEqual(loosePopfs(bytes), []);
  assert.equal(loosePopfs(readFileSync(process.execPath)).length, places);
});

test("a Node that has the instruction in another form beside the known one is refused", async () => {
  const other = readFileSync(process.execPath);
  // movzx eax, ah; push rax; popfq; nop word [rax + rax]
  Buffer.from("0fb6c4509d0f1f440000", "hex").copy(other, other.indexOf(Buffer.from("d9f8dfe0c1e808", "hex")) + 4);
  const tree = (content: Buffer) => [{ kind: "file" as const, path: "/bin/node", mode: 0o755, content }];
  await assert.rejects(forRingZero(tree(other)), {
    code: "image-build-failed",
    message: new RegExp(`beside ${places - 1} known places it has 1 in another form`),
  });
});

test("the instruction is told from the same byte in a constant, an address or a jump, and from one that restores what was saved", () => {
  const code = (...lines: string[]) => {
    const text = Buffer.from(lines.join(""), "hex");
    const head = Buffer.alloc(120);
    head.write("\x7fELF", "latin1");
    head.writeBigUInt64LE(64n, 32);
    head.writeUInt16LE(1, 56);
    head.writeUInt32LE(1, 64);
    head.writeUInt32LE(5, 68);
    head.writeBigUInt64LE(120n, 72);
    head.writeBigUInt64LE(BigInt(text.length), 96);
    return loosePopfs(Buffer.concat([head, text]));
  };
  const other = [
    "b89d9d9d9d", // mov eax, constant
    "48b89d9d9d9d9d9d9d9d", // movabs rax, constant
    "749d", // je
    "e89d9d9d9d", // call
    "0f849d9d9d9d", // je, far
    "488d849d9d9d9d9d", // lea rax, [rbp + rbx * 4 + displacement]
    "66b89d9d", // mov ax, constant
    "c744249d9d9d9d9d", // mov dword [rsp + displacement], constant
    "f60424 9d".replace(" ", ""), // test byte [rsp], constant
    "c5f170c09d", // vpshufd xmm0, xmm0, constant
    "c4e37d0f c19d".replace(" ", ""), // vpalignr ymm0, ymm0, ymm1, constant
    "62f17c48104101", // vmovups zmm0, [rcx + 64]
    "660f3a0fc19d", // palignr xmm0, xmm1, constant
    "a09d9d9d9d9d9d9d9d", // movabs al, [address]
    "9c", // pushfq
    "90909d", // popfq
  ];
  assert.deepEqual(code(...other), []);
  const length = other.join("").length / 2;
  for (const popf of ["9d", "669d", "489d"]) assert.deepEqual(code(...other, popf), [120 + length + popf.length / 2 - 1], popf);
});

for (const flags of [["--jitless"], ["--always-sparkplug", "--no-opt"], []])
  test(`remainders are what they were, ${flags.join(" ") || "with V8's own flags"}`, async () => {
    const outputs = await Promise.all(
      [process.execPath, patched].map((node) => run(node, [...flags, "-e", REMAINDERS], { timeout: 120_000 })),
    );
    const [before, after] = outputs.map(({ stdout }) => stdout);
    assert.match(before ?? "", / 60834 1\.5 -1\.5 1\.1415926535897931\n$/);
    assert.equal(after, before);
  });

test("of a tree, only programs that have such places are changed, and the image's own files are not", async () => {
  const whole = join(scratch, "whole");
  const program = Buffer.concat([Buffer.from("\x7fELF", "latin1"), Buffer.from("d9f8dfe0c1e80825ff000000509d7af0", "hex")]);
  writeFileSync(whole, program);
  const text = Buffer.from("d9f8dfe0c1e80825ff000000509d7af0", "hex");
  const tree = await forRingZero([
    { kind: "folder", path: "/bin", mode: 0o755 },
    { kind: "file", path: "/bin/a", mode: 0o755, content: { from: whole } },
    { kind: "file", path: "/bin/b", mode: 0o755, content: program },
    { kind: "file", path: "/etc/text", mode: 0o644, content: text },
  ]);
  const contents = tree.map((entry) => (entry.kind === "file" && Buffer.isBuffer(entry.content) ? entry.content.toString("hex") : ""));
  const mended = "7f454c46d9f8dfe09e660f1f8400000000007af0";
  assert.deepEqual(contents, ["", mended, mended, text.toString("hex")]);
  assert.deepEqual(readFileSync(whole), program);
});

test("an image without Node is taken as it is: other runtimes have no such places", async () => {
  const large = Buffer.concat([Buffer.from("\x7fELF", "latin1"), Buffer.alloc(20 * 1_048_576)]);
  const program = (path: string) => ({ kind: "file" as const, path, mode: 0o755, content: large });
  const tree = [
    program("/usr/bin/python3.11"),
    program("/usr/lib/jvm/java-17-openjdk-amd64/lib/server/libjvm.so"),
    { kind: "symlink" as const, path: "/usr/bin/python3", target: "python3.11" },
  ];
  assert.deepEqual(await forRingZero(tree), tree);
});

test("a Node without any such place is refused by its name: it may have them in another form", async () => {
  const other = Buffer.concat([Buffer.from("\x7fELF", "latin1"), Buffer.alloc(32 * 1_048_576)]);
  const tree = (path: string) => [{ kind: "file" as const, path, mode: 0o755, content: other }];
  await assert.rejects(forRingZero(tree("/opt/node/bin/node")), {
    code: "image-build-failed",
    message: /\/opt\/node\/bin\/node is a Node of a version/,
  });
  assert.equal((await forRingZero(tree("/bin/nginx"))).length, 1);
});
