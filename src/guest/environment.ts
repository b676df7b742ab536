/** process.env as an app sees it: its own variables, and none of the machine's but what programs need to run. */
import type { BindMessage } from "../wire/protocol.ts";

const KEPT = new Set(["PATH", "HOME", "LANG", "TMPDIR", "TZ", "LD_LIBRARY_PATH"]);

export function setEnvironment({ app, version, memoryMb, functions, env }: BindMessage): void {
  for (const name of Object.keys(process.env)) if (!KEPT.has(name)) delete process.env[name];
  Object.assign(process.env, {
    MAYFLY_APP: app,
    MAYFLY_VERSION: version,
    // Code written for AWS Lambda looks at these.
    AWS_LAMBDA_FUNCTION_NAME: functions.length === 1 ? functions[0]!.name : app,
    AWS_LAMBDA_FUNCTION_VERSION: version,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMb),
    ...env,
  });
}
