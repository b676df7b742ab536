/**
 * What a relay does as root before it reads a stranger's first byte: it brings up the loopback of its namespace, and then gives up the file system, its user
 * and with that every privilege. For x86-64 Linux. node:ffi calls libc for what Node lacks, and every result is checked.
 */
import { closeSync } from "node:fs";
import { dlopen } from "node:ffi";
import { RelayFd } from "./messages.ts";

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const SIOCSIFFLAGS = 0x8914n;
const IFF_UP = 1;
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

export function confine({ uid, root }: { uid: number; root: string }): void {
  const { functions: libc } = dlopen("libc.so.6", {
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    ioctl: { arguments: ["i32", "u64", "buffer"], return: "i32" },
    chroot: { arguments: ["string"], return: "i32" },
    prctl: { arguments: ["i32", "u64", "u64", "u64", "u64"], return: "i32" },
  });
  const parent = process.ppid;
  bringLoopbackUp();
  closeSync(RelayFd.Namespace);
  check("chroot", libc.chroot(root));
  process.chdir("/");
  process.setgroups!([]);
  process.setgid!(uid);
  process.setuid!(uid);
  // After the change of user, which clears this setting. The server may have died before, which the parent's pid tells.
  check("prctl", libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0n, 0n, 0n));
  if (process.ppid !== parent) process.exit(1);

  function bringLoopbackUp(): void {
    const socket = check("socket", libc.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0));
    const request = Buffer.alloc(40); // struct ifreq: a name of 16 bytes, then the flags
    request.write("lo", "latin1");
    request.writeInt16LE(IFF_UP, 16);
    check("ioctl", libc.ioctl(socket, SIOCSIFFLAGS, request));
    closeSync(socket);
  }
}

function check(call: string, result: number): number {
  if (result < 0) throw new Error(`${call} failed in the relay`);
  return result;
}
