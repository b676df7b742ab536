import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ServerStart } from "../../base/config/server-start.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import { LazyCommit } from "../../store/group-commit/lazy-commit.ts";
import { openGroupCommit } from "../../store/group-commit/open-group-commit.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import { KnownQueues } from "./known-queues.ts";
import { Mover } from "./mover.ts";
import type { QueueOwner, Queues } from "./queues.ts";
import { clear, queuesOver } from "./queues-over.ts";
import type { QueueOperations } from "./store/engine.ts";
import { WaitingReceives } from "./waiting.ts";

export interface OpenedQueues {
  queues: Queues;
  /** Goes on with what an earlier server began. Rejects with "state-damaged" and its like. */
  start(): Promise<void>;
}

/** Messages that are too old are removed this often, milliseconds. */
const EXPIRE_MS = 60_000;
const PART = 1_000;

/** Opens the queues of a state folder. Their file is made when the first queue is, and opened at the start only if it is there. */
export function openQueues({ config, clock, log, closing }: ServerStart, { events }: { events: EventStream }): OpenedQueues {
  const { perTenant, tenantMb, appMb, inFlight } = config.queues;
  const file = join(config.stateDir, "queues.db");
  const onFailure = (error: unknown) => log.error({ err: error }, "a change of the queues was not stored; it is tried again");
  const module = new URL("store/engine.ts", import.meta.url);
  const commit = new LazyCommit(() => openGroupCommit<QueueOperations>({ file, module, onFailure }));
  closing.defer(() => commit.close());
  const waiting = new WaitingReceives(clock);
  closing.defer(() => waiting.close());
  const known = new KnownQueues();
  const mover = new Mover({ commit, clock, wake: (queue) => waiting.wake(queue), onFailure });
  closing.defer(() => mover.close());
  closing.defer(
    clock.every(EXPIRE_MS, () => {
      if (commit.isOpen) tidy(commit, clock.wall()).catch(onFailure);
    }),
  );
  const limits = { queues: perTenant, tenantBytes: tenantMb * 2 ** 20, appBytes: appMb * 2 ** 20, inFlight };
  const start = async () => {
    if (!existsSync(file)) return;
    for (const task of await commit.run("runningMoves", null)) mover.begin(task);
    await clear(commit);
  };
  const over = queuesOver({ commit, clock, limits, waiting, mover, known, onFailure });
  // Most apps have no queues, and need no file for that.
  const removeOf = async (of: QueueOwner) => {
    if (commit.isOpen || existsSync(file)) await over.removeOf(of);
  };
  closing.defer(events.listen({ "app-removed": ({ app }) => void removeOf({ app }).catch(onFailure) }));
  return { queues: { ...over, removeOf }, start };
}

async function tidy(commit: GroupCommit<QueueOperations>, now: number): Promise<void> {
  for (let after: number | null = 0; after !== null;) after = await commit.run("expire", { now, after, most: PART });
  await clear(commit);
}
