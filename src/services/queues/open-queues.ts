import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ServerStart } from "../../base/config/server-start.ts";
import type { GroupCommit } from "../../store/group-commit/group-commit.ts";
import { LazyCommit } from "../../store/group-commit/lazy-commit.ts";
import { openGroupCommit } from "../../store/group-commit/open-group-commit.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import type { OpenAccounts } from "../../store/ledger/create-accounts.ts";
import { KnownQueues } from "./known-queues.ts";
import { meteredQueues } from "./metered-queues.ts";
import { Mover } from "./mover.ts";
import type { QueueDepth } from "./queue.ts";
import type { QueueOwner, Queues } from "./queues.ts";
import { clear, queuesOver } from "./queues-over.ts";
import type { QueueOperations } from "./store/engine.ts";
import { WaitingReceives } from "./waiting.ts";

export interface OpenedQueues {
  queues: Queues;
  /** Of all queues, the oldest first. @param most beyond so many queues, all messages count as visible: it would take long to tell them apart */
  depths(most: number): Promise<QueueDepth[]>;
  /** Goes on with what an earlier server began. Rejects with "state-damaged" and its like. */
  start(): Promise<void>;
}

export interface QueuesNeeds {
  events: EventStream;
  /** Told what is done with queues, and what they keep. */
  accounts: Pick<OpenAccounts, "serviceUsed">;
  /** What a tenant's queues may hold, MB; null: as much as the settings say. Asked at each message. */
  limitOf: (tenant: string) => number | null;
}

/** How often it is counted what is kept, milliseconds. */
const KEPT_MS = 300_000;
const SERVICE = "queues";
/** Messages that are too old are removed this often, milliseconds. */
const EXPIRE_MS = 60_000;
const PART = 1_000;

/** Opens the queues of a state folder. Their file is made when the first queue is, and opened at the start only if it is there. */
export function openQueues({ config, clock, log, closing }: ServerStart, { events, accounts, limitOf }: QueuesNeeds): OpenedQueues {
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
  const limitsOf = (tenant: string) => ({
    queues: perTenant,
    tenantBytes: Math.min(tenantMb, limitOf(tenant) ?? tenantMb) * 2 ** 20,
    appBytes: appMb * 2 ** 20,
    inFlight,
  });
  const start = async () => {
    if (!existsSync(file)) return;
    for (const task of await commit.run("runningMoves", null)) mover.begin(task);
    await clear(commit);
  };
  const over = queuesOver({ commit, clock, limitsOf, waiting, mover, known, onFailure });
  // Most apps have no queues, and need no file for that.
  const removeOf = async (of: QueueOwner) => {
    if (commit.isOpen || existsSync(file)) await over.removeOf(of);
  };
  closing.defer(events.listen({ "app-removed": ({ app }) => void removeOf({ app }).catch(onFailure) }));
  const tellKept = async () => {
    for (const { owner, bytes } of await commit.run("kept", null))
      accounts.serviceUsed(owner, SERVICE, { storedByteSeconds: (bytes * KEPT_MS) / 1_000 });
  };
  closing.defer(clock.every(KEPT_MS, () => existsSync(file) && void tellKept().catch(onFailure)));
  const depths = async (most: number) => (commit.isOpen || existsSync(file) ? commit.run("depths", { now: clock.wall(), most }) : []);
  const queues = meteredQueues({ ...over, removeOf }, (owner, use) => accounts.serviceUsed(owner, SERVICE, use));
  return { queues, depths, start };
}

async function tidy(commit: GroupCommit<QueueOperations>, now: number): Promise<void> {
  for (let after: number | null = 0; after !== null;) after = await commit.run("expire", { now, after, most: PART });
  await clear(commit);
}
