import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ServerStart } from "../../base/config/server-start.ts";
import { LazyCommit } from "../../store/group-commit/lazy-commit.ts";
import type { OpenAccounts } from "../../store/ledger/create-accounts.ts";
import { openGroupCommit } from "../../store/group-commit/open-group-commit.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import { meteredKeyValues } from "./metered-key-values.ts";
import type { KeyValues } from "./kv.ts";
import type { RedisCommands } from "./redis/commands.ts";
import { SqliteCommands } from "./redis/sqlite-commands.ts";
import { SqliteKeyValues } from "./sqlite-key-values.ts";
import type { KvOperations } from "./store/engine.ts";
import type { ReadOperations } from "./store/read.ts";

/** How often it is counted what is kept, milliseconds. */
const KEPT_MS = 300_000;
/** How often it is looked whether entries have expired, milliseconds. */
const SWEEP_MS = 1_000;
const MIB = 2 ** 20;

export interface KvNeeds {
  /** What is kept of an app that is removed goes, too. */
  events: EventStream;
  /** Told what apps used. */
  accounts: Pick<OpenAccounts, "serviceUsed">;
  /** What a tenant's stores may hold, MB; null: as much as the settings say. Asked at each write. */
  limitOf: (tenant: string) => number | null;
}

export interface OpenedKv {
  kv: KeyValues;
  /** Redis' commands on the same stores. */
  commands: RedisCommands;
}

/** Opens the key-value stores of a state folder. Their file is made, and opened, when somebody uses one. */
export function openKv(
  { config, clock, log, closing }: Pick<ServerStart, "config" | "clock" | "log" | "closing">,
  { events, accounts, limitOf }: KvNeeds,
): OpenedKv {
  const file = join(config.stateDir, "kv.db");
  const onFailure = (error: unknown) =>
    log.error({ err: error }, "key-value stores: a thread failed, or what has expired was not removed; it is tried again");
  const commit = new LazyCommit(() =>
    openGroupCommit<KvOperations>({ file, module: new URL("store/engine.ts", import.meta.url), onFailure }),
  );
  const reads = new LazyCommit(async () => {
    // The writing thread makes and migrates the file.
    await commit.run("sweep", { now: 0, forgetUntil: 0 });
    return openGroupCommit<ReadOperations>({ file, module: new URL("store/read-engine.ts", import.meta.url), onFailure, readsOnly: true });
  });
  // The file is closed last by who writes it, which empties its log.
  closing.defer(() => commit.close());
  closing.defer(() => reads.close());
  const { appEntries, appMb, tenantEntries, tenantMb } = config.kv;
  const parts = {
    commit,
    reads,
    most: (tenant: string) => ({
      app: { entries: appEntries, bytes: appMb * MIB },
      tenant: { entries: tenantEntries, bytes: Math.min(tenantMb, limitOf(tenant) ?? tenantMb) * MIB },
    }),
    now: () => clock.wall(),
  };
  const kv = new SqliteKeyValues(parts);
  closing.defer(
    clock.every(SWEEP_MS, () => {
      if (commit.isOpen) kv.sweep().catch(onFailure);
    }),
  );
  closing.defer(
    events.listen({
      "app-removed": ({ app }) => {
        if (existsSync(file)) kv.removeApp(app).catch(onFailure);
      },
    }),
  );
  closing.defer(
    clock.every(KEPT_MS, () => {
      if (existsSync(file)) tellKept().catch(onFailure);
    }),
  );
  const used = (app: string, use: { reads: number } | { writes: number }) => accounts.serviceUsed(app, "kv", use);
  const commands = new SqliteCommands({ ...parts, used, changed: (store, sweepAt) => kv.changed(store, sweepAt) });
  return { kv: meteredKeyValues(kv, used), commands };

  async function tellKept(): Promise<void> {
    for (const [app, bytes] of await reads.run("kept", null))
      accounts.serviceUsed(app, "kv", { storedByteSeconds: (bytes * KEPT_MS) / 1_000 });
  }
}
