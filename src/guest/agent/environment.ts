/** process.env as an app sees it: its own variables, and none of the machine's but what programs need to run. */
import type { BindMessage } from "../../wire/protocol.ts";

const KEPT = new Set(["PATH", "HOME", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH"]);

/** What is in process.env beside these; nobody else writes to it before the Bind that counts. */
let ours: Record<string, string> | null = null;

export function setEnvironment({ app, revision, memoryMb, functions, env }: BindMessage): void {
  // Looked at whatever the number, so that no path of this is new to a clone of a machine that rehearsed it.
  const first = functions[0]?.name ?? app;
  const wanted: Record<string, string> = {
    MAYFLY_APP: app,
    MAYFLY_VERSION: revision,
    // Code written for AWS Lambda looks at these.
    AWS_LAMBDA_FUNCTION_NAME: functions.length > 1 ? app : first,
    AWS_LAMBDA_FUNCTION_VERSION: revision,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    ...env,
  };
  // To list process.env is slow in a machine that has just been cloned, so it is done once, before the freeze.
  for (const name of Object.keys(ours ?? process.env)) if (!KEPT.has(name) && !Object.hasOwn(wanted, name)) delete process.env[name];
  for (const name of Object.keys(wanted)) if (ours?.[name] !== wanted[name]) process.env[name] = wanted[name]!;
  ours = wanted;
}
