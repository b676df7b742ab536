/** Queues, as users see and change them from outside of functions. */
import type { Seen } from "./seen.ts";
import { MayflyError } from "../base/errors/error.ts";
import type { MoveTask, PeekedMessage, Queue, QueueCounts, QueueRef, QueueSettings, SentMessage } from "../services/queues/queue.ts";
import type { Queues } from "../services/queues/queues.ts";
import type { Names } from "../store/catalog/catalog.ts";
import { appIdOf } from "./names.ts";

export interface QueueParts {
  names: Pick<Names, "holder" | "nameOf">;
  queues: Queues;
}

/** Who asks: a tenant's id, and the apps that the caller is bounded to. */
export interface QueueCaller {
  tenant: string;
  apps: Seen["apps"];
}

/** With the names of apps in place of their ids. An app that is gone has none. */
export interface ShownQueue extends Omit<Queue, "tenant" | "sharedWith" | "notes">, QueueCounts {
  sharedWith: string[];
}

export interface WantedQueue {
  name: string;
  /** The name of the app that it is to belong to. */
  app?: string | undefined;
  settings: Partial<QueueSettings>;
}

const FIFO = ".fifo";

export async function listQueues(
  parts: QueueParts,
  { tenant, apps }: QueueCaller,
  query: { app?: string | undefined; after?: string | undefined; most: number },
): Promise<ShownQueue[]> {
  const only = query.app === undefined ? apps : [appOf(parts, { tenant, apps }, query.app)];
  const found = await parts.queues.list({ tenant, apps: only, withShared: query.app === undefined, after: query.after, most: query.most });
  return Promise.all(found.map(async ({ name }) => shown(parts, await parts.queues.find({ tenant, name }))));
}

export async function showQueue(parts: QueueParts, caller: QueueCaller, name: string): Promise<ShownQueue> {
  return shown(parts, await parts.queues.find(using(caller, name)));
}

/** Rejects with "queue-exists", "too-many-queues", "no-such-app"; with "bad-request" if the caller is bounded to several apps and names none. */
export async function createQueue(parts: QueueParts, caller: QueueCaller, { name, app, settings }: WantedQueue): Promise<ShownQueue> {
  const { tenant, apps } = caller;
  if (app === undefined && apps !== null && apps.length !== 1)
    throw new MayflyError("bad-request", { what: "the queue must belong to an app, as the caller is bounded to some" });
  const owner = app === undefined ? (apps?.[0] ?? null) : appOf(parts, caller, app);
  await parts.queues.create({ tenant, app: owner, name, settings: { ...settings, isFifo: name.endsWith(FIFO) }, tags: {} }).catch(inWords);
  return showQueue(parts, caller, name);
}

const settingsInWords: Readonly<Record<string, string>> = {
  visibilityMs: "visibility time",
  delayMs: "delay",
  retentionMs: "retention",
  deadLetters: "queue of dead letters, or how often a message is received before it goes there,",
};

function inWords(error: unknown): never {
  if (!(error instanceof MayflyError) || error.code !== "queue-exists") throw error;
  const what = String(error.details["what"]);
  throw new MayflyError("queue-exists", { ...error.details, what: settingsInWords[what] ?? what }, error);
}

export async function removeQueue({ queues }: QueueParts, caller: QueueCaller, name: string): Promise<void> {
  await queues.remove(owning(caller, name));
}

/** @param apps the names of all apps that may use it from then on, besides its own */
export async function shareQueue(parts: QueueParts, caller: QueueCaller, name: string, apps: readonly string[]): Promise<ShownQueue> {
  const sharedWith = apps.map((app) => appIdOf(parts.names, caller.tenant, app));
  await parts.queues.change(owning(caller, name), { sharedWith });
  return showQueue(parts, caller, name);
}

export async function sendMessage(
  { queues }: QueueParts,
  caller: QueueCaller & { sender: string },
  name: string,
  {
    body,
    group,
    dedupId,
    delayMs,
  }: { body: string; group?: string | undefined; dedupId?: string | undefined; delayMs?: number | undefined },
): Promise<SentMessage> {
  const ref = using(caller, name);
  const { isFifo, maxBytes } = await queues.look(ref);
  const bytes = Buffer.byteLength(body);
  if (bytes > maxBytes) throw new MayflyError("bad-request", { what: `a message of the queue ${name} has at most ${maxBytes} bytes` });
  if (!isFifo && dedupId !== undefined) throw new MayflyError("bad-request", { what: "only FIFO queues have deduplication ids" });
  const [sent] = await queues.messages.send(ref, [
    { body, attributes: {}, bytes, sender: caller.sender, delayMs, group: group ?? (isFifo ? "default" : undefined), dedupId },
  ]);
  return sent!;
}

export function peekMessages({ queues }: QueueParts, caller: QueueCaller, name: string, most: number): Promise<PeekedMessage[]> {
  return queues.messages.peek(using(caller, name), most);
}

/** Returns how many messages there were. */
export async function purgeQueue({ queues }: QueueParts, caller: QueueCaller, name: string): Promise<number> {
  const ref = owning(caller, name);
  const { visible, inFlight, delayed } = await queues.find(ref);
  await queues.messages.purge(ref);
  return visible + inFlight + delayed;
}

/** Moves all messages of the queue to another one, or back to the queues that gave them up. Rejects with "move-under-way". */
export async function redriveQueue(
  { queues }: QueueParts,
  caller: QueueCaller,
  name: string,
  { to, perSecond }: { to?: string | undefined; perSecond?: number | undefined },
): Promise<MoveTask> {
  if (to !== undefined) await queues.look(using(caller, to));
  return queues.moves.start(owning(caller, name), to ?? null, perSecond ?? null);
}

function using({ tenant, apps }: QueueCaller, name: string): QueueRef {
  return { tenant, apps, name, withShared: true };
}

function owning({ tenant, apps }: QueueCaller, name: string): QueueRef {
  return { tenant, apps, name };
}

/** Throws "no-such-app", also for an app that the caller is not bounded to. */
function appOf({ names }: QueueParts, { tenant, apps }: QueueCaller, app: string): string {
  const id = appIdOf(names, tenant, app);
  if (apps !== null && !apps.includes(id)) throw new MayflyError("no-such-app", { app });
  return id;
}

function shown({ names }: QueueParts, { tenant: _tenant, notes: _notes, sharedWith, app, ...rest }: Queue & QueueCounts): ShownQueue {
  const nameOf = (id: string) => names.nameOf(id)?.name;
  return { ...rest, app: app === null ? null : (nameOf(app) ?? null), sharedWith: sharedWith.flatMap((id) => nameOf(id) ?? []) };
}
