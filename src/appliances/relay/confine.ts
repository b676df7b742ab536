/**
 * What a relay does as root before it reads a stranger's first byte: it brings up the loopback of its namespace, and then gives up the file system, its user
 * and with that every privilege.
 */
import { closeSync } from "node:fs";
import { bringLoopbackUp, changeRoot, dieWithParent } from "../../machines/host/libc.ts";
import { RelayFd } from "./messages.ts";

export function confine({ uid, root }: { uid: number; root: string }): void {
  const parent = process.ppid;
  // First of all, because the library cannot be loaded from the empty root folder any more.
  bringLoopbackUp();
  closeSync(RelayFd.Namespace);
  changeRoot(root);
  process.setgroups!([]);
  process.setgid!(uid);
  process.setuid!(uid);
  // After the change of user, which clears this setting. The server may have died before.
  if (!dieWithParent(parent)) process.exit(1);
}
