/** A durable execution that waits, and calls another function. */
import { type DurableContext, withDurableExecution } from "@aws/durable-execution-sdk-js";

export const handler = withDurableExecution(async (_event: unknown, context: DurableContext) => {
  await context.wait("pause", { seconds: 1 });
  return context.invoke("ask", "seen--hears", {});
});
