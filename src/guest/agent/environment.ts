/** Makes process.env as an app sees it: its own variables, and only those of the machine's that programs need to run. */
import Module from "node:module";
import type { BindMessage } from "../../wire/protocol.ts";
import { trust } from "../net/authority.ts";
import { taskRoot } from "./files/task-root.ts";
import { lambdaEnvironment } from "./lambda-environment.ts";

const KEPT = new Set(["PATH", "HOME", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH"]);

/** The variables that setEnvironment() added. Nothing else writes to process.env before the Bind that counts. */
let ours: Record<string, string> | null = null;

export function setEnvironment({ app, revision, memoryMb, functions, env, snapshot, authority }: BindMessage): void {
  // The name is read even if it is not used, so that a rehearsal runs every line that a Bind will run in its clone.
  const first = functions[0]?.name ?? app;
  const wanted: Record<string, string> = {
    MAYFLY_APP: app,
    MAYFLY_VERSION: revision,
    // Code written for AWS Lambda reads these.
    AWS_LAMBDA_FUNCTION_NAME: functions.length > 1 ? app : first,
    AWS_LAMBDA_FUNCTION_VERSION: revision,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    LAMBDA_TASK_ROOT: taskRoot,
    ...(snapshot === true && { AWS_LAMBDA_INITIALIZATION_TYPE: "snap-start" }),
    ...(functions[0] && lambdaEnvironment(functions[0], snapshot === true)),
    ...(authority !== undefined && trust(authority)),
    ...env,
  };
  // Listing process.env is slow in a machine that has just been cloned, so it is done once, before the machine is frozen.
  for (const name of Object.keys(ours ?? process.env)) if (!KEPT.has(name) && !Object.hasOwn(wanted, name)) delete process.env[name];
  for (const name of Object.keys(wanted)) if (ours?.[name] !== wanted[name]) process.env[name] = wanted[name]!;
  ours = wanted;
  // Node has read this one at its start.
  if (wanted["NODE_PATH"] !== undefined) (Module as unknown as { _initPaths(): void })._initPaths();
}
