import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../../base/config/schema.ts";
import type { ServerStart } from "../../base/config/server-start.ts";
import type { EventStream } from "../../telemetry/event-stream.ts";
import type { OpenAccounts } from "../../store/ledger/create-accounts.ts";
import { openSeal } from "../../store/catalog/seal.ts";
import { LazyCommit } from "../../store/group-commit/lazy-commit.ts";
import { openGroupCommit } from "../../store/group-commit/open-group-commit.ts";
import { type ContentFiles, openContentFiles } from "./content/content-files.ts";
import { meteredObjects, type ObjectUse } from "./metered-objects.ts";
import type { Notice, ObjectLimits } from "./object.ts";
import { objectsOver } from "./objects-over.ts";
import type { Objects } from "./objects.ts";
import type { ObjectOperations } from "./store/engine.ts";
import { deliverNotices, expire, removeGarbage, sweep } from "./upkeep.ts";

export interface ObjectsNeeds {
  limitsOf: (tenant: string) => ObjectLimits;
  /** Resolves once the notice is as durable as it was here, or its receiver is gone. Left out: notices stay until somebody delivers them. */
  deliver?: (notice: Notice) => Promise<void>;
  /** Told what is done with buckets, and what they keep. */
  accounts: Pick<OpenAccounts, "serviceUsed">;
  /** Whether there is an app of that id. */
  hasApp: (app: string) => boolean;
  events: Pick<EventStream, "listen">;
}

export interface OpenedObjects {
  /** For those to whom content leaves the host. */
  objects: Objects;
  /** For machines. */
  inside: Objects;
  /** Goes on with what an earlier server left, if there are objects. */
  start: () => void;
}

/** Milliseconds from a write until its garbage is removed. */
const GARBAGE_MS = 500;
/** Milliseconds until notices that could not be delivered are tried again. */
const AGAIN_MS = 2_000;
const EXPIRE_MS = 60_000;
/** How often it is counted what is kept, milliseconds. */
const KEPT_MS = 300_000;
const SERVICE = "objects";

/** What a tenant may have. @param ofTenant its own limit, MB; null: as much as the server's settings say */
export function objectLimits({ objects: { maxMb, maxObjects, maxBuckets } }: Config, ofTenant: number | null): ObjectLimits {
  return { bytes: Math.min(maxMb, ofTenant ?? maxMb) * 2 ** 20, objects: maxObjects, buckets: maxBuckets };
}

/** Opens the object store of a state folder. Its files are made at the first use. */
export function openObjects(
  { config, clock, log, closing }: Pick<ServerStart, "config" | "clock" | "log" | "closing">,
  needs: ObjectsNeeds,
): OpenedObjects {
  const folder = join(config.stateDir, "objects");
  const file = join(config.stateDir, "objects.db");
  const onFailure = (error: unknown) => log.error({ err: error }, "the upkeep of objects failed; it is tried again");
  const module = new URL("store/engine.ts", import.meta.url);
  const index = new LazyCommit<ObjectOperations>(() => openGroupCommit({ file, module, onFailure }));
  let opened: ContentFiles | undefined;
  const files = () => (opened ??= openContentFiles(folder, () => clock.wall()));
  const lazyFiles: ContentFiles = {
    create: () => files().create(),
    open: (name) => files().open(name),
    hold: (names) => files().hold(names),
    remove: (names) => files().remove(names),
    sweep: (from, unknown) => files().sweep(from, unknown),
  };
  let serverKey: Buffer | undefined;
  let isClosing = false;
  const tasks = new Set<Promise<void>>();
  const run = (work: () => Promise<void>) => {
    if (isClosing) return;
    const task = work()
      .catch((error: unknown) => {
        if (!isClosing) onFailure(error);
      })
      .finally(() => tasks.delete(task));
    tasks.add(task);
  };
  const collecting = soon(() => removeGarbage(index, lazyFiles), GARBAGE_MS);
  const { deliver } = needs;
  const telling = deliver === undefined ? () => {} : soon(() => deliverNotices(index, deliver, onFailure), 0);

  /** Runs the work once for all calls that come before it begins, and never twice at a time. */
  function soon(work: () => Promise<void>, ms: number): () => void {
    let state: "idle" | "asked" | "running" | "again" = "idle";
    const ask = () => {
      if (state === "running") state = "again";
      if (state !== "idle") return;
      state = "asked";
      clock.after(ms, () =>
        run(async () => {
          state = "running";
          try {
            await work();
          } finally {
            const isAsked = (state as string) === "again";
            state = "idle";
            if (isAsked) ask();
          }
        }),
      );
    };
    return ask;
  }

  const objects = objectsOver({
    index,
    files: lazyFiles,
    limitsOf: needs.limitsOf,
    // It is there from the first start on; a new one would open nothing.
    serverKey: () => (serverKey ??= openSeal(join(config.stateDir, "secrets.key"), false).keyFor("objects")),
    now: () => clock.wall(),
    written() {
      collecting();
      telling();
    },
  });
  closing.defer(async () => {
    isClosing = true;
    await Promise.all(tasks);
    await index.close();
  });
  const removed = ({ app }: { app: string }) => {
    if (existsSync(file)) run(() => objects.removeOfApps((each) => each !== app));
  };
  closing.defer(needs.events.listen({ "app-removed": removed }));
  closing.defer(clock.every(AGAIN_MS, () => index.isOpen && telling()));
  closing.defer(clock.every(EXPIRE_MS, () => index.isOpen && run(() => expire(index, objects, clock.wall()))));
  const tellKept = async () => {
    for (const { owner, bytes } of await index.run("kept", null))
      needs.accounts.serviceUsed(owner, SERVICE, { storedByteSeconds: (bytes * KEPT_MS) / 1_000 });
  };
  closing.defer(clock.every(KEPT_MS, () => existsSync(file) && run(tellKept)));
  const used = (owner: string, use: ObjectUse) => needs.accounts.serviceUsed(owner, SERVICE, use);
  return {
    objects: meteredObjects(objects, used, true),
    inside: meteredObjects(objects, used, false),
    start() {
      if (!existsSync(file)) return;
      run(async () => {
        await objects.removeOfApps(needs.hasApp);
        await sweep(index, lazyFiles);
        await removeGarbage(index, lazyFiles);
      });
      telling();
    },
  };
}
