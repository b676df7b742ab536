/**
 * What a relay does as root before it reads a stranger's first byte: it brings up the loopback of its namespace, and then gives up the file
 * system, its user and with it every privilege.
 */
import { closeSync } from "node:fs";
import { bringLoopbackUp, changeRoot, dieWithParent } from "../../base/libc/libc.ts";
import { RelayFd } from "./messages.ts";

export function confine({ uid, root }: { uid: number; root: string }): void {
  const parent = process.ppid;
  // This must come first, because in the empty root folder the library cannot be loaded any more.
  bringLoopbackUp();
  closeSync(RelayFd.Namespace);
  changeRoot(root);
  process.setgroups!([]);
  process.setgid!(uid);
  process.setuid!(uid);
  // This must come after the change of user, which resets the setting. The server may have died before.
  if (!dieWithParent(parent)) process.exit(1);
}
