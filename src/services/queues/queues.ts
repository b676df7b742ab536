/**
 * Queues: messages that are kept until somebody has received and deleted them. What stands behind this is exchangeable: testing/conformance.ts is the suite that it must pass.
 *
 * 1. A message is on the disk before send() resolves, and is kept until it is deleted, or is older than the queue's retention.
 * 2. A received message is given to nobody else until its visibility time is over, or a receiver ends it with 0.
 * 3. A FIFO queue gives the messages of a group in the order in which they were sent: none before those in front of it are deleted.
 * 4. A FIFO queue takes a deduplication id once in 5 minutes.
 */
import type {
  MoveTask,
  NewMessage,
  NewQueue,
  PeekedMessage,
  Queue,
  QueueCounts,
  QueueRef,
  QueueSettings,
  Receive,
  ReceiptOutcome,
  ReceivedMessage,
  SentMessage,
} from "./queue.ts";

export interface Queues {
  /**
   * A queue of this name that has the same settings, as far as they are given, is left as it is. Rejects with "queue-exists" if it differs in one, with "too-many-queues",
   * and with "no-such-queue" or "dead-letters-refused" for the queue of its dead letters.
   */
  create(queue: NewQueue): Promise<Queue>;
  /** Rejects with "no-such-queue", as everything below does. */
  find(ref: QueueRef): Promise<Queue & QueueCounts>;
  /** The queue without its counts. It is mostly known without a look at the disk, so that each call may ask. */
  look(ref: QueueRef): Promise<Queue>;
  /** By name. @param after the name of the last one of an earlier page */
  list(of: ListQueues): Promise<Queue[]>;
  change(ref: QueueRef, settings: Partial<QueueSettings>): Promise<void>;
  tag(ref: QueueRef, tags: Readonly<Record<string, string>>, remove: readonly string[]): Promise<void>;
  /** Removes the queue and all that is in it. */
  remove(ref: QueueRef): Promise<void>;
  /** Removes all queues of a tenant, or of an app, with all that is in them. */
  removeOf(of: QueueOwner): Promise<void>;
  readonly messages: Messages;
  readonly moves: Moves;
}

/** Ids. */
export type QueueOwner = { tenant: string } | { app: string };

export interface ListQueues {
  tenant: string;
  apps?: readonly string[] | null | undefined;
  /** Whether those count that are shared with these apps. */
  withShared?: boolean | undefined;
  prefix?: string | undefined;
  /** Only those whose dead letters go to this queue. */
  deadLettersTo?: string | undefined;
  after?: string | undefined;
  most: number;
}

export interface Messages {
  /** All of them, or none. Rejects with "too-many-messages", "store-busy" and "disk-full". */
  send(ref: QueueRef, messages: readonly NewMessage[]): Promise<SentMessage[]>;
  /** None if there was none within the wait. Rejects with "too-many-in-flight". */
  receive(ref: QueueRef, receive: Receive): Promise<ReceivedMessage[]>;
  /** The oldest messages, whether or not they are visible. They stay as they are. */
  peek(ref: QueueRef, most: number): Promise<PeekedMessage[]>;
  delete(ref: QueueRef, receipts: readonly string[]): Promise<ReceiptOutcome[]>;
  /** Hides received messages from now on for this time; 0 ends their visibility time. */
  hide(ref: QueueRef, changes: readonly HideChange[]): Promise<ReceiptOutcome[]>;
  /** Takes received messages back as if they had not been received: that does not count, and they are visible again after this time. */
  giveBack(ref: QueueRef, changes: readonly HideChange[]): Promise<ReceiptOutcome[]>;
  /** Removes all messages that were sent before. Rejects with "purged-recently". @param leastMs how long ago the last purge of the queue must be */
  purge(ref: QueueRef, leastMs?: number): Promise<void>;
}

export interface HideChange {
  receipt: string;
  visibilityMs: number;
}

/** Moves the messages of a queue, mostly dead letters, to another one. */
export interface Moves {
  /** Rejects with "move-under-way" if there is one from this queue already. @param to null: each message to the queue that gave it up */
  start(from: QueueRef, to: string | null, perSecond: number | null): Promise<MoveTask>;
  /** The newest first. */
  list(from: QueueRef, most: number): Promise<MoveTask[]>;
  /** Rejects with "no-such-move". */
  cancel(tenant: string, id: string): Promise<MoveTask>;
}
