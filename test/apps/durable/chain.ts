/** An execution of many steps, each of which notes what it has made and what the one before it had made, for tests that kill. */
import { appendFileSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { type DurableContext, withDurableExecution } from "@aws/durable-execution-sdk-js";

interface Chain {
  name: string;
  steps: number;
  /** Of a thousand steps, so many end their process. */
  crashes: number;
}

export const handler = withDurableExecution(async ({ name, steps, crashes }: Chain, context: DurableContext) => {
  const made: string[] = [];
  for (let at = 0; at < steps; at++) {
    made.push(
      await context.step(`step-${at}`, async () => {
        const value = randomUUID();
        appendFileSync(process.env["FILE"]!, `${JSON.stringify({ name, at, before: made.at(-1) ?? null, value })}\n`);
        if (Math.random() * 1_000 < crashes) process.kill(process.pid, "SIGKILL");
        return value;
      }),
    );
    if (at === Math.floor(steps / 2)) await context.wait("rest", { seconds: 1 });
  }
  return made;
});
