/** Calls a function and waits for its whole reply. */
import { MayflyError } from "../base/errors/error.ts";
import type { InvocationHandle, InvocationReply } from "../dispatch/invocation.ts";
import type { InvocationTiming } from "../telemetry/platform-event.ts";

/** Of a longer reply, the rest is read and dropped. */
const MOST_BYTES = 1_048_576;

export interface Replayed {
  /** Of the new call. */
  invocation: string;
  status: number;
  /** name, value, name, value… */
  headers: string[];
  /** At most a MiB. */
  body: Buffer;
  /** Of the whole body. */
  bytes: number;
  timing: InvocationTiming;
}

/** Rejects with the error that the call ends with. */
export function collectReply(call: (reply: InvocationReply) => InvocationHandle): Promise<Replayed> {
  const { promise, resolve, reject } = Promise.withResolvers<Replayed>();
  const chunks: Buffer[] = [];
  const got = { status: 0, headers: [] as string[], bytes: 0, timing: { queue: 0, start: 0, bind: 0, run: 0 } };
  let kept = 0;
  const take = (chunk: Buffer) => {
    const part = chunk.subarray(0, MOST_BYTES - kept);
    kept += part.length;
    got.bytes += chunk.length;
    if (part.length > 0) chunks.push(Buffer.from(part));
  };
  const end = () => resolve({ invocation: handle.id, ...got, body: Buffer.concat(chunks) });
  const handle = call({
    head(status, headers, body, ended, timing) {
      Object.assign(got, { status, headers, timing });
      take(body);
      if (ended) end();
      else handle.consumed(body.length);
    },
    data(chunk) {
      take(chunk);
      handle.consumed(chunk.length);
    },
    end,
    fail: (code, details) => reject(new MayflyError(code, details)),
    drain: () => undefined,
  });
  return promise;
}
