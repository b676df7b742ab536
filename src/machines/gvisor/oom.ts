/** Makes a sandbox that exceeds its memory limit end, instead of hanging. */
import fs from "node:fs";

import { processTitle } from "../host/cgroup/proc.ts";

/**
 * Makes the kernel choose runsc's sandbox process, to which the guest's memory belongs. By itself the kernel would choose one of the processes that the
 * guest's code runs on, which frees nothing and leaves the guest hanging.
 */
export function preferSandbox(pids: number[]): void {
  const sandbox = pids.find((pid) => processTitle(pid) === "runsc-sandbox");
  if (sandbox === undefined) throw new Error("runsc has no sandbox process");
  fs.writeFileSync(`/proc/${sandbox}/oom_score_adj`, "1000");
}
