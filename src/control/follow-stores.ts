/**
 * Makes events of the changes of key-value stores, for the triggers `{ "kv": … }` of apps.
 *
 * Owns: a follower for each such trigger.
 * 1. A trigger has a mark: the version up to which the changes of its store have become events. An event and the mark are stored in one transaction, so that no change
 *    becomes two events, and none is forgotten, whatever is killed when.
 * 2. A trigger that is new begins with the changes that come after it. What happens while it is paused is passed over.
 * 3. A key that changes several times before it is told of is told of once, as it is then. Of removals that are not known any more, an event says that they are lost.
 * 4. A follower that cannot go on tries again, and holds up no other one.
 */
import type { Clock } from "../base/clock/clock.ts";
import { guarded } from "../base/errors/guarded.ts";
import { asMayflyError } from "../base/errors/error.ts";
import type { StoredTrigger } from "../events/triggers/trigger.ts";
import type { Triggers } from "../events/triggers/triggers.ts";
import type { Change, KeyValues, Store } from "../services/kv/kv.ts";
import type { ManifestTrigger } from "../store/catalog/trigger-schema.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { CalleeParts } from "./event-callees.ts";
import { triggerEvent } from "./trigger-events.ts";

export interface FollowStoresParts {
  triggers: Pick<Triggers, "list" | "follow" | "pass">;
  kv: Pick<KeyValues, "watch" | "stores">;
  callees: CalleeParts;
  tenantOf: (app: string) => string | undefined;
  events: EventStream;
  clock: Clock;
  /** Called when something failed that is tried again. */
  onFailure: (app: string, error: unknown) => void;
}

export interface StoreFollowers {
  /** To be called when the triggers of an app are others than before. */
  changed(app: string): void;
  close(): void;
}

interface Follower {
  /** Of what it follows: another definition of the trigger needs another follower. */
  what: string;
  end: AbortController;
  /** Resolves when it has ended: what it was telling is told then. */
  ended: Promise<void>;
}

type KvTrigger = Extract<ManifestTrigger, { kv: string }>;

const AGAIN_MS = 1_000;

export function followStores(parts: FollowStoresParts): StoreFollowers {
  const followers = new Map<string, Map<string, Follower>>();
  /** The changes of an app's triggers are met one after the other. */
  const meeting = new Map<string, Promise<void>>();
  const endEvents = parts.events.listen({ "app-removed": ({ app }) => endAll(app) });
  let closed = false;

  function changed(app: string): void {
    const before = meeting.get(app) ?? Promise.resolve();
    const met = before.then(() => (closed ? undefined : meet(app))).catch((error: unknown) => again(app, error));
    meeting.set(app, met);
    void met.then(() => meeting.get(app) === met && meeting.delete(app));
  }

  function again(app: string, error: unknown): void {
    if (closed) return;
    parts.onFailure(app, error);
    parts.clock.after(AGAIN_MS, () => changed(app));
  }

  /** Followers are those that the app's triggers ask for now. */
  async function meet(app: string): Promise<void> {
    const own = followers.get(app) ?? new Map<string, Follower>();
    const defined = await wantedOf(app);
    for (const [name, { what, end, ended }] of own) {
      if (whatOf(defined.get(name)) === what) continue;
      own.delete(name);
      end.abort();
      await ended;
    }
    // What ended has moved its mark meanwhile.
    for (const [name, trigger] of await wantedOf(app)) {
      if (own.has(name) || closed) continue;
      const end = new AbortController();
      own.set(name, { what: whatOf(trigger)!, end, ended: goOn(trigger, end.signal) });
    }
    if (own.size > 0) followers.set(app, own);
    else followers.delete(app);
  }

  async function wantedOf(app: string): Promise<Map<string, StoredTrigger>> {
    const all = await parts.triggers.list(app, "manifest");
    return new Map(all.filter(({ kind }) => kind === "kv").map((trigger) => [trigger.name, trigger]));
  }

  /** Until the signal. */
  async function goOn(trigger: StoredTrigger, signal: AbortSignal): Promise<void> {
    let { mark } = trigger;
    while (!signal.aborted) {
      try {
        mark ??= await begin(trigger);
        mark = await follow(trigger, mark, signal, (at) => (mark = at));
      } catch (error) {
        if (signal.aborted) return;
        parts.onFailure(trigger.app, error);
        await pause(parts.clock, signal);
      }
    }
  }

  async function begin(trigger: StoredTrigger): Promise<number> {
    const version = await versionOf(trigger);
    await parts.triggers.pass(trigger.app, trigger.name, version);
    return version;
  }

  async function versionOf({ app, definition }: StoredTrigger): Promise<number> {
    const { kv: name } = definition as KvTrigger;
    return (await parts.kv.stores(app)).find((store) => store.name === name)?.version ?? 0;
  }

  async function follow(trigger: StoredTrigger, since: number, signal: AbortSignal, told: (mark: number) => void): Promise<number> {
    const { kv: name, prefix = "" } = trigger.definition as KvTrigger;
    const store: Store = { tenant: parts.tenantOf(trigger.app) ?? "", app: trigger.app, name };
    try {
      for await (const change of parts.kv.watch(store, { prefix, since, signal })) {
        await tell(trigger, payloadOf(name, change), change.version, signal, change.trace);
        told(change.version);
      }
    } catch (error) {
      if (asMayflyError(error).code !== "kv-changes-lost") throw error;
      const version = await versionOf(trigger);
      await tell(trigger, { kv: name, type: "lost", since, version }, version, signal);
      told(version);
      return version;
    }
    return since;
  }

  /** Resolves when the event is on the disk, or need not be. */
  async function tell(trigger: StoredTrigger, payload: unknown, mark: number, signal: AbortSignal, trace?: Change["trace"]): Promise<void> {
    const { app, name } = trigger;
    while (!signal.aborted) {
      try {
        return await parts.triggers.follow(app, name, [triggerEvent(parts.callees, trigger, payload, { trace })], mark);
      } catch (error) {
        const { code } = asMayflyError(error);
        if (code === "trigger-paused") return parts.triggers.pass(app, name, mark);
        if (!passing.has(code)) throw error;
        await pause(parts.clock, signal);
      }
    }
  }

  function endAll(app: string): void {
    for (const { end } of followers.get(app)?.values() ?? []) end.abort();
    followers.delete(app);
  }

  return {
    changed,
    close() {
      closed = true;
      endEvents();
      for (const app of followers.keys()) endAll(app);
    },
  };
}

/** Refusals that pass when others have become fewer. */
const passing = new Set(["too-many-events", "store-busy", "disk-full"]);

function whatOf(trigger: StoredTrigger | undefined): string | undefined {
  return trigger && JSON.stringify([trigger.target, trigger.definition]);
}

function payloadOf(kv: string, { key, version, entry }: Change): unknown {
  if (entry === null) return { kv, type: "removed", key, version };
  const { bytes, metadata, expiresAt } = entry;
  return {
    kv,
    type: "put",
    key,
    version,
    bytes,
    metadata: metadata === null ? null : (JSON.parse(metadata) as unknown),
    ...(expiresAt !== null && { expiration: Math.ceil(expiresAt / 1_000) }),
  };
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = clock.after(AGAIN_MS, resolve);
  const end = () => {
    cancel();
    resolve();
  };
  signal.addEventListener(
    "abort",
    guarded(end, () => resolve()),
  );
  return promise;
}
