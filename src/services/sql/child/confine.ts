import { changeRoot, dieWithParent } from "../../../base/libc/libc.ts";

/** Gives up the file system but for the tenant's folder, its user and with it every privilege, before the first statement. It has no network: it was started in a namespace of its own. */
export function confine(uid: number, folder: string): void {
  const parent = process.ppid;
  changeRoot(folder);
  process.setgroups!([]);
  process.setgid!(uid);
  process.setuid!(uid);
  // This must come after the change of user, which resets the setting. The server may have died before.
  if (!dieWithParent(parent)) process.exit(1);
}
