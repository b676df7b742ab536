import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as fc from "fast-check";
import type { MayflyError } from "../../base/errors/error.ts";
import { resolveInside } from "../builder/inside.ts";
import { extractRofs, openRofs } from "../rofs/read-rofs.ts";
import type { TreeEntry } from "../tree.ts";
import { osvCommandLine } from "./command-line.ts";
import { openOsvDisk, writeOsvDisk } from "./disk.ts";
import { checkOsvKernel } from "./kernel-file.ts";
import { partitionOf, setPartition } from "./partition-table.ts";
import { osvRoot, osvTree } from "./root-tree.ts";

const scratch = mkdtempSync(join(tmpdir(), "mayfly-osv-"));
after(() => rmSync(scratch, { recursive: true }));
const file = (path: string, text = ""): TreeEntry => ({ kind: "file", path, mode: 0o555, content: Buffer.from(text) });

test("a partition is where it was set, and none of the other three", () => {
  const block = fc.integer({ min: 1, max: 2 ** 31 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3 }), block, block, (index, first, blocks) => {
      const record = Buffer.alloc(512);
      setPartition(record, index, { first, blocks: Math.min(blocks, 0xffff_ffff - first) });
      const found = [0, 1, 2, 3].map((at) => partitionOf(record, at));
      assert.deepEqual(found[index], { first, blocks: Math.min(blocks, 0xffff_ffff - first) });
      assert.equal(found.filter(Boolean).length, 1);
    }),
  );
  assert.throws(() => setPartition(Buffer.alloc(512), 1, { first: 1, blocks: 2 ** 32 }), /2 TiB/);
});

test("a disk without a kernel has its ROFS as second partition, from byte 512", async () => {
  const disk = join(scratch, "plain.img");
  await writeOsvDisk([file("/a", "text")], disk);
  const bytes = readFileSync(disk);
  // Type, first block and number of blocks of the second entry. The first entry is empty: OSv ignores an entry that begins at sector 0.
  assert.equal(bytes[446 + 16 + 4], 0x83);
  assert.equal((bytes[446 + 16 + 2] ?? 0) & 0x3f, 2);
  assert.deepEqual([bytes.readUInt32LE(446 + 16 + 8), bytes.readUInt32LE(446 + 16 + 12)], [1, bytes.length / 512 - 1]);
  assert.equal(bytes.readUInt16LE(510), 0xaa55);
  assert.ok(bytes.subarray(0, 446 + 16).every((byte) => byte === 0));
  const rofs = await openRofs(disk, 512);
  assert.deepEqual(rofs.entries, [{ kind: "file", path: "/a", size: 4 }]);
  await rofs.close();
});

test("a disk behind boot code keeps that code, and its partition follows it", async () => {
  const disk = join(scratch, "boot.img");
  const boot = Buffer.alloc(512 * 100, "boot");
  await writeOsvDisk([file("/a", "text")], disk, boot);
  const bytes = readFileSync(disk);
  assert.ok(bytes.subarray(0, 446).equals(boot.subarray(0, 446)));
  assert.ok(bytes.subarray(512, boot.length).equals(boot.subarray(512)));
  const rofs = await openOsvDisk(disk);
  assert.equal(rofs.entries.length, 1);
  await rofs.close();
});

test("a disk that has no second partition is refused", async () => {
  const disk = join(scratch, "empty.img");
  writeFileSync(disk, Buffer.alloc(2_048));
  await assert.rejects(openOsvDisk(disk), /no second partition/);
});

test("OSv's root has its mount points and tables, the loader as a file, and no IPv6", () => {
  const linux: TreeEntry[] = [
    file("/bin/node"),
    file("/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "loader"),
    { kind: "symlink", path: "/lib64/ld-linux-x86-64.so.2", target: "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" },
    file("/etc/hosts", "::1 localhost"),
    { kind: "folder", path: "/dev", mode: 0o755 },
  ];
  const tree = new Map(osvTree(linux).map((entry) => [entry.path, entry]));
  for (const path of ["/dev", "/proc", "/sys", "/tmp", "/data"]) assert.equal(tree.get(path)?.kind, "folder", path);
  const text = (path: string) => (tree.get(path) as { content: Buffer }).content.toString();
  assert.equal(text("/lib64/ld-linux-x86-64.so.2"), "loader");
  assert.doesNotMatch(text("/etc/hosts"), /:/);
  assert.match(text("/etc/fstab"), /^\/dev\/vblk0\.1 \/ rofs defaults 0 0$/m);
  assert.deepEqual(tree.get("/etc/mnttab"), { kind: "symlink", path: "/etc/mnttab", target: "/proc/mounts" });
  assert.ok(tree.has("/bin/node"));
});

test("links in the roots of Python and Java lead on OSv's disk to where they lead on Linux", async () => {
  const links = {
    "/usr/bin/python3": "python3.11",
    "/usr/lib/python3.11/sitecustomize.py": "/etc/python3.11/sitecustomize.py",
    "/usr/lib/jvm/java-1.17.0-openjdk-amd64": "java-17-openjdk-amd64",
    "/usr/lib/jvm/java-17-openjdk-amd64/lib/jvm.cfg": "/etc/java-17-openjdk/jvm-amd64.cfg",
    "/usr/lib/jvm/java-17-openjdk-amd64/lib/security/cacerts": "/etc/ssl/certs/java/cacerts",
    "/lib64/ld-linux-x86-64.so.2": "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
  };
  const files = [
    "/usr/bin/python3.11",
    "/etc/python3.11/sitecustomize.py",
    "/usr/lib/jvm/java-17-openjdk-amd64/bin/java",
    "/etc/java-17-openjdk/jvm-amd64.cfg",
    "/etc/ssl/certs/java/cacerts",
    "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2",
  ];
  const linked = Object.entries(links).map(([path, target]): TreeEntry => ({ kind: "symlink", path, target }));
  const disk = join(scratch, "links.img");
  await writeOsvDisk(await osvRoot([...files.map((path) => file(path, path)), ...linked]), disk);
  const rofs = await openOsvDisk(disk);
  const root = join(scratch, "links");
  await extractRofs(rofs, root);
  await rofs.close();
  for (const [path, leads] of [
    ["/usr/bin/python3", "/usr/bin/python3.11"],
    ["/usr/lib/python3.11/sitecustomize.py", "/etc/python3.11/sitecustomize.py"],
    ["/usr/lib/jvm/java-1.17.0-openjdk-amd64/bin/java", "/usr/lib/jvm/java-17-openjdk-amd64/bin/java"],
    ["/usr/lib/jvm/java-1.17.0-openjdk-amd64/lib/jvm.cfg", "/etc/java-17-openjdk/jvm-amd64.cfg"],
    ["/usr/lib/jvm/java-17-openjdk-amd64/lib/security/cacerts", "/etc/ssl/certs/java/cacerts"],
  ] as const)
    assert.equal(await resolveInside(root, path), leads);
  // The very first read depends on no link.
  assert.equal(await resolveInside(root, "/lib64/ld-linux-x86-64.so.2"), "/lib64/ld-linux-x86-64.so.2");
  assert.equal(readFileSync(join(root, "lib64/ld-linux-x86-64.so.2"), "utf8"), "/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2");
});

test("the command line is options, then the loader, the program and its arguments", () => {
  const address = { address: "10.0.2.15", mask: "255.255.255.0", gateway: "10.0.2.2" };
  assert.equal(
    osvCommandLine({ env: { A: "b=c" }, command: ["/bin/node", "/agent.mjs"], cwd: "/tmp", address }),
    "--rootfs=rofs --console=serial --power-off-on-abort --verbose --ip=eth0,10.0.2.15,255.255.255.0 --defaultgw=10.0.2.2 --env=A=b=c " +
      "--cwd=/tmp /lib64/ld-linux-x86-64.so.2 /bin/node /agent.mjs",
  );
  for (const word of ["a b", 'a"b', "a;b", "a&b", "a!", "a$b", "a\\b", ""]) {
    assert.throws(() => osvCommandLine({ env: {}, command: [word] }), /OSv's command line/, JSON.stringify(word));
  }
});

const elf = (width: number, type: number, machine: number) => {
  const head = Buffer.alloc(8_192);
  head.write("\x7fELF", "latin1");
  head[4] = width;
  head[5] = 1;
  head.writeUInt16LE(type, 16);
  head.writeUInt16LE(machine, 18);
  return head;
};
const bootRecord = Buffer.alloc(512);
bootRecord.writeUInt16LE(0xaa55, 510);

const multiboot = elf(1, 2, 3);
multiboot.writeUInt32LE(0x1badb002, 4_096);

test("x86-64 programs and multiboot ones are taken for kernels", () => {
  for (const [name, bytes] of Object.entries({ "loader.elf": elf(2, 2, 62), "multiboot.elf": multiboot })) {
    writeFileSync(join(scratch, name), bytes);
    assert.equal(checkOsvKernel(join(scratch, name)), join(scratch, name));
  }
});

const refusals: Record<string, [Buffer, RegExp]> = {
  "an empty file": [Buffer.alloc(0), /it has 0 bytes/],
  "a script": [Buffer.from("#!/bin/sh\n".repeat(20)), /no ELF file/],
  "loader.img": [bootRecord, /disk image, such as loader\.img; loader\.elf/],
  "a kernel for ARM": [elf(2, 2, 183), /another machine \(number 183\)/],
  "a 32-bit program": [elf(1, 2, 3), /another machine \(number 3\)/],
  "an object file": [elf(2, 1, 62), /no program/],
  Node: [readFileSync(process.execPath).subarray(0, 10_000), /a program for Linux, not a kernel/],
};

for (const [what, [bytes, why]] of Object.entries(refusals)) {
  test(`${what} is not an OSv kernel`, () => {
    const path = join(scratch, "refused");
    writeFileSync(path, bytes);
    assert.throws(
      () => checkOsvKernel(path),
      (error: MayflyError) => error.code === "bad-osv-kernel" && why.test(error.message),
    );
  });
}

test("a missing or unreadable kernel is reported with where to get one", () => {
  assert.throws(
    () => checkOsvKernel(undefined),
    (error: MayflyError) => error.code === "missing-part" && /MAYFLY_OSV_KERNEL/.test(error.cure),
  );
  assert.throws(
    () => checkOsvKernel(join(scratch, "absent")),
    (error: MayflyError) => error.code === "bad-osv-kernel" && /ENOENT/.test(error.message),
  );
});
