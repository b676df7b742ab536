import { type DurableContext, withDurableExecution } from "@aws/durable-execution-sdk-js";

/** Returns when each step had ended, in milliseconds since the first one began. */
export const handler = withDurableExecution(async ({ steps }: { steps: number }, context: DurableContext) => {
  const begin = performance.now();
  const ends: number[] = [];
  for (let at = 0; at < steps; at++) {
    await context.step(`step-${at}`, async () => at);
    ends.push(performance.now() - begin);
  }
  return ends;
});
