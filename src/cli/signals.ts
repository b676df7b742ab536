/** SIGINT and SIGTERM end a running platform cleanly; a second one does not wait. */
import type { Running } from "../main.ts";
import { reportError } from "./report-error.ts";

/**
 * The signal that it returns is aborted as soon as that begins.
 * @param tell said then
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
