/** Sends a web stream as a reply's body. It is read only as fast as the host takes it, and cancelled when the caller goes away. */
import type { Failures } from "../../../agent/invocation/failures.ts";
import type { Invocation } from "../../../agent/invocation/invocation.ts";
import type { Outlet } from "../../../agent/invocation/outlet.ts";

export function sendStream(invocation: Invocation, status: number, headers: string[], body: ReadableStream, failures: Failures): void {
  const reader: ReadableStreamDefaultReader<unknown> = body.getReader();
  const cancel = (reason: Error | null) => {
    reader.cancel(reason).catch((error: unknown) => failures.afterwards(invocation, error));
  };
  const outlet = invocation.begin(status, headers);
  if (outlet === null) return cancel(invocation.abortReason);
  invocation.onAbort = (reason) => {
    // This ends a read or a wait for credit that is under way.
    cancel(reason);
    outlet.onDrain?.();
  };
  pump(reader, outlet, invocation)
    .then(() => (invocation.aborted ? invocation.settle() : outlet.end()))
    .catch((error: unknown) => {
      failures.threw(invocation, error);
      cancel(invocation.abortReason);
    });
}

async function pump(reader: ReadableStreamDefaultReader<unknown>, outlet: Outlet, invocation: Invocation): Promise<void> {
  while (!invocation.aborted) {
    const { done, value } = await reader.read();
    if (done) return;
    if (!(value instanceof Uint8Array)) throw new TypeError("A Response's stream must give Uint8Array chunks");
    if (!outlet.write(value)) await drained(outlet, invocation);
  }
}

function drained(outlet: Outlet, invocation: Invocation): Promise<void> {
  return new Promise((resolve) => {
    outlet.onDrain = resolve;
    if (invocation.aborted) resolve();
  });
}
