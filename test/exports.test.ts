/**
 * The layouts of exported disks, and how real firmware and real kernels boot them. Every boot uses the exported file, in software
 * emulation.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { defaultCacheDir } from "../src/base/config/folders.ts";
import type { MayflyError } from "../src/base/errors/error.ts";
import { buildImage } from "../src/images/builder/build-image.ts";
import { fetchDebianPackage } from "../src/images/debian/fetch-package.ts";
import { type Exported, type ExportOptions, exportImage } from "../src/images/export/export-image.ts";
import { type Format, formats } from "../src/images/export/formats.ts";
import type { Image } from "../src/images/image.ts";
import { projectDir } from "./platform.ts";
import { createUids } from "../src/base/uids/uids.ts";

const cacheDir = process.env["MAYFLY_CACHE_DIR"] ?? defaultCacheDir(process.env);
const scratch = mkdtempSync(join(tmpdir(), "mayfly-export-"));
const progress = () => {};
const MIB = 1 << 20;
const size = 160 * MIB;
/** A boot takes ten to twenty seconds if a core is free. */
const BOOT_MS = 300_000;
let image: Image;
let qemu: ChildProcess | undefined;

before(async () => {
  image = await buildImage({ uids: createUids(), cacheDir, modules: [join(projectDir, "test/modules/tiny")], progress });
});
after(() => {
  qemu?.kill("SIGKILL");
  rmSync(scratch, { recursive: true });
});

test("a raw disk starts from BIOS with only -drive, and its data partition keeps what is written", async () => {
  const command = ["/bin/busybox", "sh", "-c", "echo $WHO > /data/kept; /bin/busybox sync; echo written; exec /bin/busybox sleep 3600"];
  const { path } = await make("raw", { dataPath: "/data", command, env: { WHO: "a disk" } });
  await boot(path, "raw", "written");
  // The fourth entry of the GPT, whose table begins at byte 1,024; the first sector is at offset 32 of the entry.
  const sector = readFileSync(path).readBigUInt64LE(1_024 + 3 * 128 + 32);
  const partition = `${path}?offset=${sector * 512n}`;
  // The machine was killed, so synced data may be only in the journal, which the next mount reads first.
  spawnSync("/usr/sbin/e2fsck", ["-p", partition]);
  const cat = spawnSync("/usr/sbin/debugfs", ["-R", "cat /kept", partition], { encoding: "utf8" });
  assert.equal(cat.stdout, "a disk\n", cat.stderr);
});

// The disk is qcow2, whose content is compared with the raw disk's below: a boot for each format would be one more for the same bytes.
test("a qcow2 starts from UEFI on another machine type", async () => {
  const { path } = await make("qcow2", { output: join(scratch, "uefi.qcow2") });
  const ovmf = join((await fetchDebianPackage({ suite: "bookworm", name: "ovmf", cacheDir })).dir, "usr/share/OVMF");
  const variables = join(scratch, "variables.fd");
  copyFileSync(join(ovmf, "OVMF_VARS_4M.fd"), variables);
  const flash = (file: string, more: string) => ["-drive", `if=pflash,format=raw,file=${file}${more}`];
  const firmware = [...flash(join(ovmf, "OVMF_CODE_4M.fd"), ",readonly=on"), ...flash(variables, "")];
  await boot(path, "qcow2", "tiny runs as me", ["-M", "q35", ...firmware]);
});

test("qcow2, vmdk and vdi are valid, and have the requested size and the raw disk's content", async () => {
  const raw = (await make("raw", { output: join(scratch, "same.raw") })).path;
  for (const format of ["qcow2", "vmdk", "vdi"] as const) {
    const { path } = await make(format);
    execFileSync("qemu-img", ["check", "-q", path]);
    const info = JSON.parse(execFileSync("qemu-img", ["info", "--output=json", path], { encoding: "utf8" })) as Record<string, unknown>;
    assert.equal(info["format"], format);
    assert.equal(info["virtual-size"], size);
    execFileSync("qemu-img", ["compare", "-q", "-f", "raw", "-F", format, raw, path]);
  }
});

test("Google's archive contains one file, disk.raw, of whole GiB, in GNU's old format", async () => {
  const { path, bytes } = await make("gce", { size: undefined });
  assert.equal(bytes, 1_024 * MIB);
  const listing = execFileSync("tar", ["-tvzf", path], { encoding: "utf8" });
  assert.match(listing, /^-rw-r--r-- 0\/0 +1073741824 1970-01-01 00:00 disk\.raw\n$/);
  const head = execFileSync("sh", ["-c", `gzip -dc '${path}' | head -c 1024`]);
  assert.equal(head.toString("latin1", 257, 265), "ustar  \0");
  assert.equal(head.readUInt16LE(512 + 510), 0xaa55);
  // The raw disk, whose bytes are always the same, follows a gzip header whose time is 0.
  assert.equal(execFileSync("head", ["-c", "8", path]).readUInt32LE(4), 0);
});

test("an OVA begins with a well-formed description and contains the digests of its files", async () => {
  const { path } = await make("ova", { memoryMb: 768, vcpus: 2 });
  const names = execFileSync("tar", ["-tf", path], { encoding: "utf8" }).trim().split("\n");
  assert.deepEqual(names, ["disk.ovf", "disk.mf", "disk-disk1.vmdk"]);
  execFileSync("tar", ["-xf", path, "-C", scratch]);
  const ovf = readFileSync(join(scratch, "disk.ovf"), "utf8");
  assertWellFormed(ovf);
  assert.match(ovf, new RegExp(`ovf:capacity="${size}"`));
  assert.match(ovf, new RegExp(`ovf:size="${statSync(join(scratch, "disk-disk1.vmdk")).size}"`));
  assert.match(ovf, /<rasd:VirtualQuantity>768</);
  for (const line of readFileSync(join(scratch, "disk.mf"), "utf8").trim().split("\n")) {
    const [, file, digest] = /^SHA256\((.+)\)= ([0-9a-f]{64})$/.exec(line)!;
    assert.equal(
      createHash("sha256")
        .update(readFileSync(join(scratch, file!)))
        .digest("hex"),
      digest,
    );
  }
  const info = execFileSync("qemu-img", ["info", join(scratch, "disk-disk1.vmdk")], { encoding: "utf8" });
  assert.match(info, /create type: streamOptimized/);
});

test("the same image and options give the same bytes, in every other format", async () => {
  for (const format of formats.filter((name) => name !== "gce")) {
    const hashes = [];
    for (let round = 0; round < 2; round++) hashes.push(hashOf((await make(format, { dataPath: "/data" })).path));
    assert.equal(hashes[0], hashes[1], format);
  }
});

test("an impossible export is refused and leaves no file", async () => {
  await refused({ size: 32 * MIB }, /is too small: at least \d+ MiB are needed/);
  await refused({ size: size + 512 }, /must be a multiple of 1 MiB/);
  await refused({ format: "gce", size: 1_025 * MIB }, /must be a multiple of 1024 MiB/);
  await refused({ osvLoader: join(projectDir, "package.json") }, /not a boot image of OSv/);
  const there = (await make("raw")).path;
  await assert.rejects(exportImage({ ...common("raw"), output: there }), (error: MayflyError) => error.code === "file-exists");
});

test("a disk for OSv has the loader, its command line at byte 512, and the root as its second partition", async () => {
  const loader = Buffer.alloc(200_000, 0x5a);
  loader.writeUInt16LE(0xaa55, 510);
  writeFileSync(join(scratch, "loader.img"), loader);
  const { path } = await make("raw", { osvLoader: join(scratch, "loader.img"), command: ["/bin/program", "one"] });
  const head = Buffer.alloc(loader.length + 1024);
  readSync(openSync(path, "r"), head, 0, head.length, 0);
  assert.equal(statSync(path).size, size);
  const line = head.toString("latin1", 512, head.indexOf(0, 512));
  assert.match(line, /^--rootfs=rofs .*--env=WHO=me .*\/lib64\/ld-linux-x86-64\.so\.2 \/bin\/program one$/);
  assert.ok(head.subarray(64 * 512, loader.length).equals(loader.subarray(64 * 512)));
  const first = head.readUInt32LE(446 + 16 + 8);
  assert.equal(first, Math.ceil(loader.length / 512));
  assert.equal(head.readUInt32LE(first * 512), 0xdeadbead);
});

function common(format: Format): ExportOptions {
  return { image, format, output: join(scratch, `disk.${format}`), size, env: { WHO: "me" }, memoryMb: 512, vcpus: 1, cacheDir, progress };
}

/** Removes an earlier export of the same name. */
function make(format: Format, options: Partial<ExportOptions> = {}): Promise<Exported> {
  const all = { ...common(format), ...options };
  rmSync(all.output, { force: true });
  return exportImage(all);
}

async function refused(options: Partial<ExportOptions>, text: RegExp): Promise<void> {
  const output = join(scratch, "refused");
  await assert.rejects(exportImage({ ...common("raw"), output, ...options }), (error: MayflyError) => {
    assert.equal(error.code, "bad-export");
    assert.match(error.message, text);
    return true;
  });
  assert.throws(() => statSync(output));
}

/** Runs plain QEMU until the console shows `line`. The disk is written to. */
async function boot(path: string, format: string, line: string, more: string[] = []): Promise<void> {
  const args = ["-accel", "tcg", "-m", "512", "-display", "none", "-serial", "stdio", ...more, "-drive", `file=${path},format=${format}`];
  const child = spawn("qemu-system-x86_64", args, { stdio: ["ignore", "pipe", "inherit"] });
  qemu = child;
  const exited = once(child, "exit");
  const deadline = setTimeout(() => child.kill("SIGKILL"), BOOT_MS);
  let printed = "";
  for await (const chunk of child.stdout) {
    printed += String(chunk);
    if (printed.includes(line)) break;
  }
  clearTimeout(deadline);
  child.kill("SIGKILL");
  await exited;
  assert.ok(printed.includes(line), `after ${BOOT_MS} ms the console had said no more than ${JSON.stringify(printed.slice(-2_000))}`);
}

/** Checks that every tag is closed by its own kind, in order. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  for (const [, closing, name, selfClosing] of xml.matchAll(/<(\/?)([\w:]+)(?:\s+[\w:]+="[^"<&]*")*\s*(\/?)>/g)) {
    if (closing) assert.equal(open.pop(), name);
    else if (!selfClosing) open.push(name!);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(xml.replace(/<\?xml[^>]*\?>/, "").replace(/<(\/?)([\w:]+)(?:\s+[\w:]+="[^"<&]*")*\s*(\/?)>/g, ""), /[<>&]/);
}

function hashOf(path: string): string {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}
