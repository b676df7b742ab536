/** The queues that an app's manifest names. */
import { MayflyError } from "../base/errors/error.ts";
import type { QueueDelivery } from "../events/queue-performer.ts";
import type { Queue, QueueRef } from "../services/queues/queue.ts";
import type { Queues } from "../services/queues/queues.ts";
import type { Names } from "../store/catalog/catalog.ts";

const FIFO = ".fifo";

/**
 * Such a queue is made when it is first needed, and is the app's own, unless there is one that is shared with the app. Rejects with "queue-exists" if it is another app's, and with
 * "too-many-queues". @param app its id
 */
export async function ownQueue(
  queues: Pick<Queues, "look" | "create">,
  { tenant, app }: { tenant: string; app: string },
  name: string,
): Promise<Queue> {
  try {
    return await queues.look({ tenant, name, apps: [app], withShared: true });
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== "no-such-queue") throw error;
  }
  const isFifo = name.endsWith(FIFO);
  // Code that names no deduplication id means each of its messages, so that only a repeated one is the same.
  return queues.create({ tenant, app, name, settings: isFifo ? { isFifo, contentDedup: true } : {}, tags: {} });
}

const USUAL_GROUP = "default";

/** Sends a message to a queue for an app or a tenant. Rejects with "no-such-app", and with what Messages.send() rejects with. */
export async function deliverToQueue(
  { queues, names }: { queues: Queues; names: Pick<Names, "nameOf"> },
  { from, queue: name, ofTenant, body, attributes, id, group = USUAL_GROUP, trace }: QueueDelivery,
): Promise<void> {
  const { tenant, app } = senderOf(names, from);
  const ref: QueueRef = { tenant, name, ...(!ofTenant && app !== undefined && { apps: [app], withShared: true }) };
  const { isFifo, maxBytes } = ofTenant || app === undefined ? await queues.look(ref) : await ownQueue(queues, { tenant, app }, name);
  const bytes = Object.entries(attributes).reduce(
    (sum, [key, { type, value }]) => sum + Buffer.byteLength(key + type + value),
    Buffer.byteLength(body),
  );
  if (bytes > maxBytes) throw new MayflyError("bad-request", { what: `a message of the queue ${name} has at most ${maxBytes} bytes` });
  const ordered = isFifo ? { group, dedupId: id } : {};
  await queues.messages.send(ref, [{ body, attributes, bytes, sender: app ?? tenant, trace, ...ordered }]);
}

function senderOf(names: Pick<Names, "nameOf">, from: QueueDelivery["from"]): { tenant: string; app?: string } {
  if ("tenant" in from) return from;
  const tenant = names.nameOf(from.app)?.tenant;
  if (tenant === undefined) throw new MayflyError("no-such-app", { app: from.app });
  return { tenant, app: from.app };
}
