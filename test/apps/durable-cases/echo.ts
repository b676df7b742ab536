/** What the cases call. */
import { withDurableExecution } from "@aws/durable-execution-sdk-js";

// oxlint-disable-next-line typescript/require-await -- the SDK's handlers are asynchronous
export const handler = withDurableExecution(async (event: unknown) => event);

// oxlint-disable-next-line typescript/require-await -- as the one before
export const failing = withDurableExecution(async () => {
  throw new TypeError("the callee fails");
});
