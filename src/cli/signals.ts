/** SIGINT and SIGTERM close a running platform cleanly; a second signal ends it at once. */
import type { Running } from "../main.ts";
import { reportError } from "./report-error.ts";

/**
 * The returned signal is aborted when closing begins.
 * @param tell called with the message when closing begins
 */
export function closeOnSignal(running: Pick<Running, "close">, tell = inWords): AbortSignal {
  const closing = new AbortController();
  const close = async (signal: NodeJS.Signals) => {
    if (closing.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    closing.abort();
    tell(signal);
    try {
      await running.close();
    } catch (error) {
      process.exitCode = reportError(error, process.argv.includes("--json"));
    }
    process.exit();
  };
  process.on("SIGINT", close);
  process.on("SIGTERM", close);
  return closing.signal;
}

function inWords(signal: NodeJS.Signals): void {
  console.error(`${signal}: finishing what is in flight; once more to end at once`);
}
