/** What a queue, a message and their results are. Times are wall clock, in milliseconds since the epoch; `tenant` and `app` are ids. */

export interface QueueSettings {
  isFifo: boolean;
  /** How long a received message is kept from other receivers, unless the receive says otherwise, milliseconds. */
  visibilityMs: number;
  /** How long a message stays hidden after it was sent, unless it says otherwise, milliseconds. */
  delayMs: number;
  /** How long a message is kept, milliseconds. */
  retentionMs: number;
  /** Of a message: its text and its attributes, bytes. */
  maxBytes: number;
  /** How long a receive waits for a message, unless it says otherwise, milliseconds. */
  waitMs: number;
  /** Where messages go that were received this often and not deleted: the name of a queue of the same tenant. Null: nowhere. */
  deadLetters: { queue: string; maxReceives: number } | null;
  /** The names of the queues whose dead letters this queue takes; null: of any. */
  takesFrom: readonly string[] | null;
  /** Apps of the tenant, by their ids, that may send, receive and delete messages though the queue is not theirs. */
  sharedWith: readonly string[];
  /** Only of FIFO queues: whether a message without a deduplication id gets the hash of its text as one. */
  contentDedup: boolean;
  /** Only of FIFO queues: whether a deduplication id counts in the whole queue or in its group. */
  dedupScope: "queue" | "group";
  /** What a door keeps with the queue and shows again. Nothing here reads it. */
  notes: Readonly<Record<string, string>>;
}

export const defaultSettings: QueueSettings = {
  isFifo: false,
  visibilityMs: 30_000,
  delayMs: 0,
  retentionMs: 345_600_000,
  maxBytes: 1_048_576,
  waitMs: 0,
  deadLetters: null,
  takesFrom: null,
  sharedWith: [],
  contentDedup: false,
  dedupScope: "queue",
  notes: {},
};

/** Names a queue. */
export interface QueueRef {
  tenant: string;
  name: string;
  /** The apps whose queues the caller may use; null or left out: all of the tenant's. To others, the queue does not exist. */
  apps?: readonly string[] | null;
  /** Whether a queue that is shared with one of these apps counts as theirs. Default: no. */
  withShared?: boolean;
}

/** Whether the queue exists for a caller. */
export function isFor(
  { app, sharedWith }: Pick<Queue, "app" | "sharedWith">,
  { apps = null, withShared = false }: Omit<QueueRef, "tenant" | "name">,
): boolean {
  if (apps === null) return true;
  return (app !== null && apps.includes(app)) || (withShared && sharedWith.some((each) => apps.includes(each)));
}

export interface NewQueue {
  tenant: string;
  /** The app that the queue belongs to, and with which it goes; null: the tenant's own. */
  app: string | null;
  name: string;
  settings: Partial<QueueSettings>;
  tags: Readonly<Record<string, string>>;
}

export interface Queue extends QueueSettings {
  tenant: string;
  app: string | null;
  name: string;
  tags: Record<string, string>;
  createdAt: number;
  changedAt: number;
}

export interface QueueCounts {
  /** Messages that a receive could get now, though in a FIFO queue others of their group may be in front. */
  visible: number;
  /** Messages that were received and neither deleted nor visible again. */
  inFlight: number;
  /** Messages that were sent with a delay that is not over. */
  delayed: number;
  bytes: number;
}

/** How many messages a queue has. */
export interface QueueDepth extends Pick<Queue, "tenant" | "app" | "name">, Omit<QueueCounts, "bytes"> {}

export interface MessageAttribute {
  /** As the sender names it: String, Number or Binary, perhaps with a label after a point. */
  type: string;
  /** Of a binary value: base64. */
  value: string;
}

export interface NewMessage {
  body: string;
  attributes: Readonly<Record<string, MessageAttribute>>;
  /** How much of the queue's room it takes: the text and the attributes, bytes. */
  bytes: number;
  /** Left out: the queue's. FIFO queues have one delay for all messages, and ignore this. */
  delayMs?: number | undefined;
  /** Of a FIFO queue: the group within which messages keep their order. In another queue, groups take turns. */
  group?: string | undefined;
  /** Of a FIFO queue; left out: the hash of the text, if the queue is so set. */
  dedupId?: string | undefined;
  /** Who sent it, as receivers are told. */
  sender?: string | undefined;
  /** Which trace it belongs to, as receivers are told. */
  trace?: string | undefined;
}

export interface SentMessage {
  /** Of a message that was sent before under the same deduplication id: that message's. */
  id: string;
  /** Grows with each message of a FIFO queue. */
  sequence: number;
}

export interface ReceivedMessage extends SentMessage {
  body: string;
  attributes: Record<string, MessageAttribute>;
  group?: string;
  dedupId?: string;
  sender?: string;
  trace?: string;
  sentAt: number;
  firstReceivedAt: number;
  /** How often it was received, this time included. */
  receives: number;
  /** Stands for this receive of the message: with it, it is deleted or hidden for longer. */
  receipt: string;
  /** The name of the queue that gave it up, of a dead letter. */
  from?: string;
}

/** A message that somebody looked at without receiving it. */
export interface PeekedMessage extends Omit<ReceivedMessage, "receipt" | "firstReceivedAt"> {
  /** Not before this a receive gets it, wall clock, ms. */
  visibleAt: number;
}

export interface Receive {
  most: number;
  /** Of the messages together, unless the first alone has more. Left out: as many as they have. */
  bytes?: number | undefined;
  /** Left out: the queue's. */
  visibilityMs?: number | undefined;
  /** Left out: the queue's. */
  waitMs?: number | undefined;
  /** Ends the wait without messages. */
  signal?: AbortSignal | undefined;
}

/**
 * What became of a receipt. "gone": there is no such message any more. "expired": of a FIFO queue, the message is visible again, or was received again, so that another may
 * have it. "invalid": it is no receipt of this queue.
 */
export type ReceiptOutcome = "done" | "gone" | "expired" | "invalid";

/** What a tenant, and one app, may have in queues. */
export interface QueueLimits {
  /** Of a tenant. */
  queues: number;
  tenantBytes: number;
  appBytes: number;
  /** Of one queue: messages that were received and not deleted. */
  inFlight: number;
}

export type MoveState = "running" | "completed" | "cancelled" | "failed";

export interface MoveTask {
  id: string;
  /** The name of the queue whose messages are moved. */
  from: string;
  /** The name of the queue that they go to; null: each to the queue that gave it up. */
  to: string | null;
  /** The most messages a second; null: as fast as it goes. */
  perSecond: number | null;
  state: MoveState;
  moved: number;
  /** How many there were when it began. */
  total: number;
  startedAt: number;
  /** Why it failed. */
  why: string | null;
}
