/** Errors that nobody caught: the machine lives on, and the invocation that they belong to fails, where that is known and not too late. */
import { current } from "./current.ts";
import type { Failures } from "./failures.ts";

export function captureUncaught(failures: Failures): void {
  const take = (error: unknown) => {
    const invocation = current.getStore() ?? null;
    if (invocation?.unanswered) failures.threw(invocation, error);
    else failures.afterwards(invocation, error);
    // Its handler may well wait for ever for what has failed here.
    if (invocation?.aborted) invocation.settle();
  };
  process.on("uncaughtException", take);
  process.on("unhandledRejection", take);
}
