/** Queues whose use is told: a message that was sent, received or deleted is counted for whom the queue belongs to, an app or a tenant. A receive that finds none costs nothing. */
import type { QueueRef } from "./queue.ts";
import type { Queues } from "./queues.ts";

/** @param used called with the id of an app, or of a tenant, and with the number of messages */
export function meteredQueues(queues: Queues, used: (owner: string, use: { reads: number } | { writes: number }) => void): Queues {
  const { messages } = queues;

  /** A queue is mostly known without a look at the disk. One that is gone meanwhile is nobody's. */
  function tell({ tenant, name }: QueueRef, use: { reads: number } | { writes: number }): void {
    queues.look({ tenant, name }).then(
      ({ app }) => used(app ?? tenant, use),
      () => {},
    );
  }

  return {
    ...queues,
    messages: {
      ...messages,
      async send(ref, sent) {
        const result = await messages.send(ref, sent);
        tell(ref, { writes: sent.length });
        return result;
      },
      async receive(ref, receive) {
        const received = await messages.receive(ref, receive);
        if (received.length > 0) tell(ref, { reads: received.length });
        return received;
      },
      async delete(ref, receipts) {
        const outcomes = await messages.delete(ref, receipts);
        tell(ref, { writes: receipts.length });
        return outcomes;
      },
    },
  };
}
