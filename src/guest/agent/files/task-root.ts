/** The folder of the app's files, which code finds as LAMBDA_TASK_ROOT. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TASK_ROOT, TASK_ROOT_VARIABLE } from "../../../wire/protocol.ts";

export const taskRoot = process.env[TASK_ROOT_VARIABLE] ?? TASK_ROOT;
delete process.env[TASK_ROOT_VARIABLE];

/** Whether an earlier Bind has brought files, which a rehearsal may. */
let isUsed = false;

/** Makes the folder, if it is not there, and removes what an earlier Bind has written. The folder itself may be a mount. */
export function emptyTaskRoot(): void {
  mkdirSync(taskRoot, { recursive: true });
  if (isUsed) for (const name of readdirSync(taskRoot)) rmSync(join(taskRoot, name), { recursive: true });
  isUsed = true;
}
