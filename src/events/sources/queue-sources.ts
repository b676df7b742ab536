/** All queues whose messages functions get. */
import { asMayflyError } from "../../base/errors/error.ts";
import type { ServerStart } from "../../base/config/server-start.ts";
import type { Queues } from "../../services/queues/queues.ts";
import { QueuePoller } from "./queue-poller.ts";
import type { QueueSource } from "./queue-source.ts";

export interface QueueSources {
  /** Begins to hand messages over, or goes on in another way: with what runs, nothing changes. @param key names the source */
  set(key: string, source: QueueSource): void;
  /** Begins no more batches. What runs, runs to its end. */
  remove(key: string): void;
}

export function openQueueSources({ config, clock, log, closing }: ServerStart, { queues }: { queues: Queues }): QueueSources {
  const pollers = new Map<string, QueuePoller>();
  const ending = new Set<Promise<void>>();
  const held = { bytes: 0 };
  const remove = (key: string) => {
    const poller = pollers.get(key);
    if (poller === undefined) return;
    pollers.delete(key);
    const end = poller.close().finally(() => void ending.delete(end));
    ending.add(end);
  };
  closing.defer(async () => {
    for (const key of pollers.keys()) remove(key);
    if (ending.size === 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const stop = clock.after(config.graceMs, resolve);
    await Promise.race([Promise.all(ending), promise]);
    stop();
  });
  return {
    set(key, source) {
      remove(key);
      const onFailure = (error: unknown) => {
        // Nothing is wrong if the server stops: whoever receives the messages next is this function, after the next start.
        if (asMayflyError(error).code === "shutting-down") return;
        log.warn({ err: error, queue: source.queue.name }, "messages of a queue wait for their function");
      };
      pollers.set(key, new QueuePoller(source, { queues, clock, held, onFailure }));
    },
    remove,
  };
}
