import type { Clock } from "../../base/clock/clock.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import type { KnownQueues } from "./known-queues.ts";
import type { Mover } from "./mover.ts";
import type { QueueLimits, QueueRef, Receive, ReceivedMessage } from "./queue.ts";
import type { Messages, Moves, Queues } from "./queues.ts";
import type { QueueOperations } from "./store/engine.ts";
import type { Try, WaitingReceives } from "./waiting.ts";

interface Parts {
  commit: GroupCommit<QueueOperations>;
  clock: Pick<Clock, "wall">;
  /** What a tenant may have. */
  limitsOf: (tenant: string) => QueueLimits;
  waiting: WaitingReceives;
  mover: Mover;
  known: KnownQueues;
  onFailure: (error: unknown) => void;
}

/** Messages that go in one transaction where there may be many. */
const PART = 1_000;

/** The queues of a file. */
export function queuesOver(parts: Parts): Queues {
  const { commit, clock, limitsOf } = parts;
  const now = () => clock.wall();
  const known = parts.known;
  return {
    create: (queue) => commit.run("create", { ...queue, now: now(), most: limitsOf(queue.tenant) }),
    find: (ref) => commit.run("find", { ...ref, now: now() }),
    look: (ref) => known.get(ref, () => commit.run("find", { ...ref, now: now() })),
    list: (of) => commit.run("list", of),
    change: (ref, settings) => known.changed(ref, commit.run("change", { ref, settings, now: now() })),
    tag: (ref, tags, remove) => known.changed(ref, commit.run("tag", { ref, tags, remove })),
    async remove(ref) {
      const queue = await known.changed(ref, commit.run("remove", ref));
      parts.waiting.wake(queue);
      await clear(commit);
    },
    async removeOf(of) {
      const removed = await commit.run("removeOf", of);
      known.forgetAll();
      for (const queue of removed) parts.waiting.wake(queue);
      if (removed.length > 0) await clear(commit);
    },
    messages: messagesOver(parts),
    moves: movesOver(parts),
  };
}

/** Removes what removed queues had. */
export async function clear(commit: Pick<GroupCommit<QueueOperations>, "run">): Promise<void> {
  while (await commit.run("clear", { most: PART }));
}

function messagesOver(parts: Parts): Messages {
  const { commit, clock, limitsOf, waiting } = parts;
  const now = () => clock.wall();
  return {
    async send(ref, messages) {
      const bytes = messages.reduce((sum, message) => sum + message.bytes, 0);
      const sent = await commit.run("send", { ref, messages, now: now(), most: limitsOf(ref.tenant) }, bytes);
      if (sent.visibleAt !== null) waiting.wake(sent.queue, sent.visibleAt);
      return sent.messages;
    },
    receive: (ref, receive) => receiveFrom(parts, ref, receive),
    peek: (ref, most) => commit.run("peek", { ref, most }),
    async delete(ref, receipts) {
      const { queue, outcomes, visibleAt } = await commit.run("delete", { ref, receipts, now: now() });
      if (visibleAt !== null) waiting.wake(queue, visibleAt);
      return outcomes;
    },
    async hide(ref, changes) {
      const { queue, outcomes, visibleAt } = await commit.run("hide", { ref, changes, now: now() });
      if (visibleAt !== null) waiting.wake(queue, visibleAt);
      return outcomes;
    },
    async giveBack(ref, changes) {
      const { queue, outcomes, visibleAt } = await commit.run("giveBack", { ref, changes, now: now() });
      if (visibleAt !== null) waiting.wake(queue, visibleAt);
      return outcomes;
    },
    async purge(ref, leastMs = 0) {
      const { messages: all, upTo } = await commit.run("purge", { ref, now: now(), leastMs });
      while (await commit.run("forgetPurged", { ref, upTo, most: PART }));
      for (let left = all; left > 0;) {
        const removed = await commit.run("purgeSome", { ref, most: Math.min(PART, left) });
        left = removed === 0 ? 0 : left - removed;
      }
    },
  };
}

async function receiveFrom(
  { commit, clock, limitsOf, waiting, onFailure }: Parts,
  ref: QueueRef,
  receive: Receive,
): Promise<ReceivedMessage[]> {
  const { most, bytes, visibilityMs, signal } = receive;
  const attempt = async () => {
    const received = await commit.run("receive", {
      ref,
      most,
      bytes,
      visibilityMs,
      inFlight: limitsOf(ref.tenant).inFlight,
      now: clock.wall(),
    });
    for (const woken of received.woken) waiting.wake(woken);
    return received;
  };
  const giveBack = (messages: ReceivedMessage[]) => {
    const changes = messages.map(({ receipt }) => ({ receipt, visibilityMs: 0 }));
    commit.run("giveBack", { ref, changes, now: clock.wall() }).then(({ queue }) => waiting.wake(queue), onFailure);
  };
  const since = waiting.now();
  const { queue, messages, nextAt, waitMs } = await attempt();
  const wait = receive.waitMs ?? waitMs;
  if (messages.length > 0 && signal?.aborted === true) {
    giveBack(messages);
    return [];
  }
  if (messages.length > 0 || wait === 0) return messages;
  const again = (): Promise<Try> => attempt();
  return waiting.wait({ queue, waitMs: wait, nextAt, since, signal, again, giveBack });
}

function movesOver({ commit, clock, mover }: Parts): Moves {
  return {
    async start(ref, to, perSecond) {
      const task = await commit.run("startMove", { ref, to, perSecond, now: clock.wall() });
      mover.begin(task);
      return task;
    },
    list: (ref, most) => commit.run("listMoves", { ref, most }),
    cancel: (tenant, id) => commit.run("cancelMove", { tenant, id }),
  };
}
