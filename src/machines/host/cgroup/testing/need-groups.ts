import { detectCgroups } from "../detect.ts";
import type { CgroupHome } from "../home.ts";

/** Fails a test at once where a limit that it waits for cannot act: else it would wait for as long as it may, and take what memory the host has. */
export function needControlGroups(home: CgroupHome = detectCgroups()): void {
  if (home.kind === "none") throw new Error(`control groups are missing, which this test needs: ${home.reason}`);
}
