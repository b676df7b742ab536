/** Boots the built image in a real VM, with a probe in place of the agent, and checks what the probe finds there. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { defaultCacheDir } from "../base/config/folders.ts";
import { createUids } from "../base/uids/uids.ts";
import { type Booted, bootQemu } from "../image-check/boot-qemu.ts";
import { channelAddress } from "../machines/host/qemu/words.ts";
import { nodeFlags } from "./guest-layout.ts";
import { cloneFlags } from "./init-script.ts";
import { ensureImage, type Image } from "./ensure-image.ts";

/** Sends one report over the channel, and ends when it receives an answer. */
const probe = `
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { hostname, networkInterfaces } from "node:os";

const attempt = (action) => { try { action(); return "done"; } catch (error) { return error.code; } };
const [host, port] = process.env.MAYFLY_CHANNEL.slice("tcp:".length).split(":");
const socket = connect(Number(port), host, () => socket.write(JSON.stringify({
  pid: process.pid,
  parent: process.ppid,
  version: process.versions.node,
  flags: process.execArgv,
  env: process.env,
  hostname: hostname(),
  address: networkInterfaces().eth0[0].cidr,
  mounts: readFileSync("/proc/mounts", "utf8").split("\\n").map((line) => line.split(" ")[1]),
  certificates: readFileSync("/etc/ssl/certs/ca-certificates.crt", "utf8").split("BEGIN CERTIFICATE").length - 1,
  programs: readdirSync("/bin"),
  writeRoot: attempt(() => writeFileSync("/etc/x", "")),
  writeTmp: attempt(() => writeFileSync("/tmp/x", "")),
  writeShm: attempt(() => writeFileSync("/dev/shm/x", "")),
}) + "\\n"));
socket.on("data", () => { console.error("the probe says goodbye"); process.exit(7); });
`;

interface Report {
  pid: number;
  parent: number;
  version: string;
  flags: string[];
  env: Record<string, string>;
  hostname: string;
  address: string;
  mounts: string[];
  certificates: number;
  programs: string[];
  writeRoot: string;
  writeTmp: string;
  writeShm: string;
}

const newline = 10;
const scratch = mkdtempSync(join(tmpdir(), "mayfly-boot-"));
let report: Report;
let console_: string;
let qemu: Booted | undefined;

before(boot, { timeout: 60_000 });
after(() => {
  qemu?.kill();
  rmSync(scratch, { recursive: true });
});

test("Node runs beside process 1, with the flags and the environment of a machine and no others", () => {
  assert.deepEqual([report.pid > 1, report.parent], [true, 1]);
  assert.equal(report.version, process.versions.node);
  assert.deepEqual(report.flags, [...nodeFlags, ...cloneFlags, "--max-old-space-size=100"]);
  assert.deepEqual(Object.keys(report.env).toSorted(), [
    "HOME",
    "LANG",
    "MAYFLY_CHANNEL",
    "MAYFLY_REDIRECT",
    "NODE_ENV",
    "PATH",
    "SSL_CERT_FILE",
    "TMPDIR",
  ]);
  assert.equal(report.hostname, "mayfly");
  assert.equal(report.address, "10.0.2.15/24");
});

test("the root is read-only; /tmp and /dev/shm may be written", () => {
  assert.equal(report.writeRoot, "EROFS");
  assert.equal(report.writeTmp, "done");
  assert.equal(report.writeShm, "done");
  for (const path of ["/", "/proc", "/sys", "/dev", "/dev/shm", "/tmp", "/run"]) assert.ok(report.mounts.includes(path), path);
});

test("there are certificate authorities, and no program but Node", () => {
  assert.ok(report.certificates > 100);
  assert.deepEqual(report.programs, ["node"]);
});

test("Node's errors and its end are on the console, and QEMU ends with it", () => {
  assert.match(console_, /the probe says goodbye/);
  assert.match(console_, /Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000700/);
  assert.doesNotMatch(console_, /mayfly init: failed/);
});

async function boot(): Promise<void> {
  const image = await ensureProbeImage();
  const options = { memoryMb: 256, uids: createUids() };
  const kernelOptions = `mayfly.channel=${channelAddress} mayfly.heap=100`;
  qemu = await bootQemu({ image, initrd: image.initrd, options, kernelOptions, folder: scratch });
  const { channel } = qemu;
  report = JSON.parse(await collect(channel, (chunk) => chunk.at(-1) === newline && channel.write("seen"))) as Report;
  console_ = await qemu.console;
}

async function ensureProbeImage(): Promise<Image> {
  const packages = join(process.env["MAYFLY_CACHE_DIR"] ?? defaultCacheDir(process.env), "packages");
  mkdirSync(packages, { recursive: true });
  symlinkSync(packages, join(scratch, "packages"));
  writeFileSync(join(scratch, "probe.js"), probe);
  return ensureImage({ uids: createUids(), cacheDir: scratch, agentEntry: join(scratch, "probe.js"), progress: () => undefined });
}

async function collect(stream: AsyncIterable<Buffer>, seen: (chunk: Buffer) => void = () => undefined): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
    seen(chunk);
  }
  return Buffer.concat(chunks).toString();
}
