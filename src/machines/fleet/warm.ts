import type { HostEnd, RequestSink } from "../../wire/host-end.ts";
import { WARM_FUNCTION } from "../../wire/protocol.ts";

/** One request through the whole path, so that a user's first one does not pay for it. Rejects where the agent refuses it. */
export function warm(end: HostEnd): Promise<void> {
  return new Promise((resolve, reject) => {
    const sink: RequestSink = {
      head: (status) => status !== 200 && reject(new Error(`the warm request was answered with ${status}`)),
      data: () => {},
      end: () => {},
      reset: (_code, message) => reject(new Error(`the warm request was refused: ${message}`)),
      closed: () => resolve(),
      drain: () => {},
    };
    const head = {
      id: "warm",
      function: WARM_FUNCTION,
      remainingMs: 5_000,
      method: "GET",
      url: "http://mayfly.internal/warm",
      headers: [],
    };
    end.request(head, null, true, sink);
  });
}
