/** Handles errors that nobody caught. The machine lives on, and the invocation that an error belongs to fails, if it is known and not over. */
import type { Failures } from "./failures.ts";
import { current } from "./invocation.ts";

const events: ReadonlySet<unknown> = new Set(["uncaughtException", "unhandledRejection"]);

export function captureUncaught(failures: Failures): void {
  const take = (error: unknown) => {
    const invocation = current.getStore() ?? null;
    if (invocation?.unanswered) failures.threw(invocation, error);
    else failures.afterwards(invocation, error);
    // The handler of an aborted invocation may wait for ever for what has failed here.
    if (invocation?.aborted) invocation.settle();
  };
  for (const event of events) process.on(event as "uncaughtException", take);
  keepListening(take);
}

type Remove = (event?: string | symbol, listener?: (...values: unknown[]) => void) => NodeJS.Process;

/** Adds our listener again when an app removes all listeners. The app means its own, and without ours the next error would end the machine. */
function keepListening(take: (error: unknown) => void): void {
  const removeOne: Remove = process.removeListener.bind(process) as Remove;
  const removeAll: Remove = process.removeAllListeners.bind(process);
  const withoutOurs: Remove = (event, listener) => (listener === take && events.has(event) ? process : removeOne(event, listener));
  const allButOurs: Remove = (...event) => {
    removeAll(...event);
    for (const each of events)
      if (!process.listeners(each as "uncaughtException").includes(take)) process.prependListener(each as "exit", take);
    return process;
  };
  Object.assign(process, { removeListener: withoutOurs, off: withoutOurs, removeAllListeners: allButOurs });
}
