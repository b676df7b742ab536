/** SIGINT and SIGTERM close a running platform cleanly; a second signal ends it at once. */
import type { Running } from "../main.ts";
import { reportError } from "./report-error.ts";

type Closing = Pick<Running, "close">;

/**
 * The returned signal is aborted when closing begins.
 * @param tell called with the message when closing begins
 */
export function closeOnSignal(running: Closing, tell = inWords): AbortSignal {
  return endOnSignal(running, tell).signal;
}

/**
 * For a command that runs as long as somebody looks at what it prints: it closes, too, when its terminal is closed, and when whoever reads its output has gone. Without that, its
 * machines and its state would be left.
 */
export function closeWithTerminal(running: Closing): void {
  const { begin } = endOnSignal(running, () => undefined);
  // Kernel and shell may each send one.
  process.on("SIGHUP", begin);
  for (const stream of [process.stdout, process.stderr])
    stream.removeAllListeners("error").on("error", ({ code = "" }: NodeJS.ErrnoException) => {
      // EIO comes of a terminal that is closed. After any other, such as that of a full disk, the lines are lost, and nothing else is.
      if (code === "EPIPE" || code === "EIO") begin();
    });
}

function endOnSignal(running: Closing, tell: (signal: NodeJS.Signals) => void): { signal: AbortSignal; begin: () => void } {
  const closing = new AbortController();
  const end = async () => {
    try {
      await running.close();
    } catch (error) {
      process.exitCode = reportError(error, process.argv.includes("--json"));
    }
    process.exit();
  };
  const begin = () => {
    if (closing.signal.aborted) return;
    closing.abort();
    void end();
  };
  const signalled = (signal: NodeJS.Signals) => {
    if (closing.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    tell(signal);
    begin();
  };
  process.on("SIGINT", signalled);
  process.on("SIGTERM", signalled);
  return { signal: closing.signal, begin };
}

function inWords(signal: NodeJS.Signals): void {
  console.error(`${signal}: finishing what is in flight; once more to end at once`);
}
