/**
 * The root folder of confined machines: QEMU, `setpriv`, their libraries and QEMU's firmware, as hard links where the
 * file system allows. Shared by the machines of one server, and writable for none of them.
 */
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";

import type { HostFacts } from "./host-facts.ts";

export interface Jail {
  root: string;
  /** Paths inside the jail. */
  qemu: string;
  setpriv: string;
  exchange: { outside: string; inside: string };
  remove(): void;
}

const SETPRIV = "/usr/bin/setpriv";
const LOADER = "/lib64/ld-linux-x86-64.so.2";
const FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib"];
/** Debian's QEMU has its accelerators as modules in the first of these. */
const MODULES = ["/usr/lib/x86_64-linux-gnu/qemu", "/usr/lib64/qemu", "/usr/lib/qemu"];
const FIRMWARE = ["/usr/share/qemu", "/usr/share/seabios", "/usr/share/qboot"];

/**
 * @param facts where QEMU is taken from
 * @param folder made anew; its own mode keeps other users of the host out
 */
export function buildJail({ root: source, qemu }: Pick<HostFacts, "root" | "qemu">, folder: string): Jail {
  fs.rmSync(folder, { recursive: true, force: true });
  const root = path.join(folder, "root");
  for (const empty of ["proc", "dev", "exchange"]) fs.mkdirSync(path.join(root, empty), { recursive: true });
  fs.chmodSync(folder, 0o700);
  for (const file of filesOf(source, qemu)) place(path.join(source, file), path.join(root, file));
  makeKvmNode(path.join(root, "dev/kvm"));
  const exchange = { outside: path.join(root, "exchange"), inside: "/exchange" };
  return { root, qemu, setpriv: SETPRIV, exchange, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

/** Paths in the root that they are taken from, and in the jail. */
function filesOf(source: string, qemu: string): string[] {
  const modules = MODULES.flatMap((folder) => filesIn(source, folder, /^accel-.*x86_64\.so$/));
  const firmware = FIRMWARE.flatMap((folder) =>
    filesIn(source, folder, /^(bios-microvm|bios-256k|linuxboot_dma|linuxboot|multiboot_dma|multiboot|pvh|kvmvapic|qboot)\.(bin|rom)$/),
  );
  const programs = [qemu, SETPRIV, ...modules];
  return [...new Set([...programs, LOADER, ...programs.flatMap((program) => librariesOf(source, program)), ...firmware])];
}

function filesIn(source: string, folder: string, pattern: RegExp): string[] {
  if (!fs.existsSync(path.join(source, folder))) return [];
  return fs
    .readdirSync(path.join(source, folder))
    .filter((name) => pattern.test(name))
    .map((name) => path.join(folder, name));
}

/** The libraries as the loader of that root finds them: on the host by its own settings, elsewhere only in Debian's folders of that root. */
function librariesOf(source: string, program: string): string[] {
  const own = ["--inhibit-cache", "--library-path", FOLDERS.map((folder) => path.join(source, folder)).join(":")];
  const loader = path.join(source, LOADER);
  const list = [...(source === "/" ? [] : own), "--list", path.join(source, program)];
  const lines = execFileSync(loader, list, { encoding: "utf8" });
  const found = [...lines.matchAll(/(?:=> |^\s+)(\/\S+)/gm)].map((match) => match[1] as string);
  return found.map((file) => (file.startsWith(path.join(source, "/")) ? path.join("/", path.relative(source, file)) : file));
}

function place(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  const source = fs.realpathSync(from);
  try {
    fs.linkSync(source, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    fs.copyFileSync(source, to);
  }
}

/** Makes a device node of the jail's own, because the host's belongs to a group. */
function makeKvmNode(node: string): void {
  if (!fs.existsSync("/dev/kvm")) return;
  const { rdev } = fs.statSync("/dev/kvm");
  execFileSync("mknod", ["-m", "666", node, "c", String(rdev >> 8), String(rdev & 0xff)]);
}
