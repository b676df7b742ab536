/**
 * Gives every parser of foreign bytes valid inputs with damage in them. A parser must either report the damage with its own error or read
 * what is there. The parsers of file systems and packages have such tests beside them.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MayflyError } from "../base/errors/error.ts";
import { readElf } from "./elf/read-elf.ts";
import { sharedLibraries } from "./elf/shared-libraries.ts";
import { makeElf } from "./elf/testing/make-elf.ts";
import { checkOsvKernel } from "./osv/kernel-file.ts";
import { openOsvDisk, writeOsvDisk } from "./osv/disk.ts";
import { tinyKernel } from "./osv/testing/tiny-kernel.ts";
import { parseManifest } from "./store/manifest.ts";
import { Random, seedOf } from "../base/testing/random.ts";
import { extractRofs } from "./rofs/read-rofs.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-foreign-"));
after(() => rmSync(scratch, { recursive: true }));
const file = join(scratch, "file");
const seed = seedOf();

/** @returns how many inputs were refused; `isTold` must accept every refusal's error */
async function refusals(
  runs: number,
  sound: Buffer[],
  parse: (bytes: Buffer) => unknown,
  isTold: (error: unknown) => boolean,
): Promise<number> {
  const random = new Random(seed);
  let refused = 0;
  for (let run = 0; run < runs; run++) {
    const bytes = random.damaged(random.pick(sound));
    try {
      await parse(bytes);
    } catch (error) {
      assert.ok(isTold(error), `run ${run}: ${(error as Error).stack ?? ""}`);
      refused++;
    }
  }
  return refused;
}

const withMessage = (pattern: RegExp) => (error: unknown) => error instanceof Error && pattern.test(error.message);
const ofTable = (error: unknown) => error instanceof MayflyError;

test(`programs: what they need is found, or they are told to be damaged (seed ${seed})`, async () => {
  const libraries = {
    "/lib/liba.so": makeElf({ needed: ["libb.so"], rpath: "/x:$ORIGIN" }),
    "/lib/libb.so": makeElf({ needed: ["liba.so"] }),
  };
  const look = async (path: string) => (libraries as Record<string, Buffer>)[path];
  const sound = [
    makeElf({ needed: ["liba.so", "libb.so"], runpath: "/opt:${ORIGIN}/../lib", interpreter: "/lib64/ld.so" }),
    ...Object.values(libraries),
  ];
  const parse = (data: Buffer) => sharedLibraries({ path: "/bin/program", data }, look);
  const refused = await refusals(2_000, sound, parse, withMessage(/^(\/bin\/program (is|has) |needs the library )/));
  assert.ok(refused > 200, `only ${refused}`);
});

test("a program that names one long string a hundred thousand times takes no memory for it", () => {
  const needed = makeElf({ needed: ["x".repeat(3_000)] });
  const dynamicAt = 64 + 2 * 56;
  const many = Buffer.concat([
    needed.subarray(0, dynamicAt),
    ...Array<Buffer>(100_000).fill(needed.subarray(dynamicAt, dynamicAt + 16)),
    needed.subarray(dynamicAt),
  ]);
  // The size in the second program header (dynamic), and the string offsets, which the inserted data has shifted.
  const moved = 16 * 100_000;
  for (const at of [64 + 32, 64 + 40]) many.writeBigUInt64LE(many.readBigUInt64LE(at) + BigInt(moved), at);
  many.writeBigUInt64LE(many.readBigUInt64LE(64 + 56 + 32) + BigInt(moved), 64 + 56 + 32);
  const stringsTag = dynamicAt + moved + 16;
  many.writeBigUInt64LE(many.readBigUInt64LE(stringsTag + 8) + BigInt(moved), stringsTag + 8);
  assert.throws(() => readElf(many), /is a damaged ELF file/);
  assert.deepEqual(readElf(needed).needed, ["x".repeat(3_000)]);
});

test(`kernels of OSv (seed ${seed})`, async () => {
  const parse = (bytes: Buffer) => {
    writeFileSync(file, bytes);
    return checkOsvKernel(file);
  };
  assert.ok((await refusals(500, [tinyKernel()], parse, ofTable)) > 20);
});

test(`disks of OSv, their partition table and their file system (seed ${seed})`, async () => {
  const disk = join(scratch, "disk");
  await writeOsvDisk(
    [
      { kind: "file", path: "/a/b", mode: 0o644, content: Buffer.from("text") },
      { kind: "symlink", path: "/link", target: "/a/b" },
      { kind: "folder", path: "/empty", mode: 0o755 },
    ],
    disk,
  );
  let count = 0;
  const parse = async (bytes: Buffer) => {
    writeFileSync(file, bytes);
    const rofs = await openOsvDisk(file);
    const into = join(scratch, `disk-${++count}`);
    try {
      await extractRofs(rofs, into);
    } finally {
      await rofs.close();
      rmSync(into, { recursive: true, force: true });
    }
  };
  const refused = await refusals(500, [readFileSync(disk)], parse, withMessage(/no second partition|not a valid ROFS|ends in the middle/));
  assert.ok(refused > 50, `only ${refused}`);
});

test(`manifests of stores (seed ${seed})`, async () => {
  const hash = "a".repeat(64);
  const part = { name: "m", description: "", version: null, requires: [], tests: [{ name: "t", command: ["/x"] }], files: 1, bytes: 1 };
  const manifest = {
    format: 1,
    image: {
      id: "a20f2f2b5e9e1a4c3d2f8f3d5d5b7b8c9d0e1f2a3b4c5d6e7f8091a2b3c4d5e6",
      run: { env: { A: "b" }, cwd: "/", init: [["/x"]], command: ["/x"] },
      sha256: { kernel: hash, initrd: hash, root: hash },
      kernelVersion: "6.1",
      nodeVersion: null,
      modules: [part],
      packages: [{ from: "npm", name: "p", version: "1", digest: "sha512-x", module: "m", bytes: 1 }],
      size: { kernel: 1, initrd: 1, root: 1 },
      builtAt: new Date(0).toISOString(),
    },
    files: { kernel: [[hash, 1]], initrd: [[hash, 1]], root: [[hash, 1]] },
  };
  const parse = (bytes: Buffer) => parseManifest(bytes.toString("utf8"), "store", "images/x.json");
  const isDamaged = (error: unknown) => error instanceof MayflyError && error.code === "store-damaged";
  // Valid except for its id, which is made up.
  assert.throws(() => parse(Buffer.from(JSON.stringify(manifest))), /an id that is not its own/);
  const nested = Buffer.from(`{"format":1,"image":{"id":${"[".repeat(200_000)}${"]".repeat(200_000)}}}`);
  assert.equal(await refusals(800, [Buffer.from(JSON.stringify(manifest)), nested], parse, isDamaged), 800);
});
