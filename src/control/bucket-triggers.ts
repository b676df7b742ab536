/**
 * Starts functions for changes of buckets, by the triggers `{ "bucket": … }` of apps.
 *
 * 1. A bucket keeps which of its changes start triggers. A change is stored together with the notices of it, and a notice is there until the trigger has made an event of it:
 *    no change is forgotten, whatever is killed when.
 * 2. A notice that is told again has the same idempotency key, so that no change becomes two events.
 * 3. A bucket that a trigger names is made when the trigger comes, if there is none.
 * 4. What happens while a trigger is paused is passed over, and so are notices of triggers that are gone.
 */
import { MayflyError } from "../base/errors/error.ts";
import type { StoredTrigger } from "../events/triggers/trigger.ts";
import type { Triggers } from "../events/triggers/triggers.ts";
import type { Notice, NotificationRule } from "../services/objects/object.ts";
import type { Objects } from "../services/objects/objects.ts";
import type { BucketChange, ManifestTrigger } from "../store/catalog/trigger-schema.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { CalleeParts } from "./event-callees.ts";
import { ownBucket, ownBucketName } from "./own-buckets.ts";
import { triggerEvent } from "./trigger-events.ts";

export interface BucketTriggerParts {
  triggers: Pick<Triggers, "list" | "find" | "fire">;
  /** Called when an app is known to have such triggers. */
  objects: () => Objects;
  callees: CalleeParts;
  events: Pick<EventStream, "listen">;
}

export interface BucketTriggers {
  /** Lets the buckets of an app tell what its stored triggers ask for. */
  apply(app: string): Promise<void>;
  /**
   * Whether the notice is for a trigger. Resolves once its event is on the disk, or there is no such trigger any more.
   * @param payloadOf what the function gets @param name the bucket's, as the app knows it
   */
  deliver(notice: Notice, payloadOf: (name: string) => BucketChangePayload): Promise<boolean>;
}

/** What a function gets. */
export interface BucketChangePayload {
  /** As the app knows it. */
  bucket: string;
  type: BucketChange;
  key: string;
  /** ISO 8601. */
  time: string;
  /** Only of what was created. */
  bytes?: number;
  etag?: string;
  /** Only in a bucket with versions. */
  version?: string;
  /** The same as S3 tells its functions. */
  Records: unknown[];
}

type BucketTrigger = Extract<ManifestTrigger, { bucket: string }>;

const TARGET = "trigger";

const namesOf: Record<BucketChange, string[]> = {
  created: ["s3:ObjectCreated:*"],
  removed: ["s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"],
};

export function bucketTriggers({ triggers, objects, callees, events }: BucketTriggerParts): BucketTriggers {
  /** By app: the buckets that tell its triggers of changes, by the app's names for them. */
  const applied = new Map<string, ReadonlySet<string>>();
  events.listen({ "app-removed": ({ app }) => void applied.delete(app) });

  async function apply(app: string): Promise<void> {
    const all = await triggers.list(app, "manifest");
    const tenant = callees.names.nameOf(app)?.tenant;
    // It may have been removed meanwhile.
    if (tenant === undefined) return;
    const wanted = Map.groupBy(all.filter(isOfBucket), bucketOf);
    for (const name of applied.get(app) ?? []) if (!wanted.has(name)) await set(ownBucketName(app, name), []);
    for (const [name, some] of wanted)
      await set(
        await ownBucket(objects(), { tenant, app }, name),
        some.map((trigger) => ruleOf(app, trigger)),
      );
    if (wanted.size > 0) applied.set(app, new Set(wanted.keys()));
    else applied.delete(app);
  }

  async function set(name: string, rules: NotificationRule[]): Promise<void> {
    const bucket = await objects().bucket(name);
    const { triggers: before = [] } = bucket?.settings ?? {};
    if (bucket !== null && JSON.stringify(before) !== JSON.stringify(rules)) await objects().setBucket(name, { triggers: rules });
  }

  /** Undefined: it is gone, or another one than the notice is for. */
  async function triggerOf(app: string, name: string, bucket: string): Promise<StoredTrigger | undefined> {
    const trigger = await triggers.find(app, "manifest", name).catch((error: unknown) => {
      if (isOf(error, "no-such-trigger")) return undefined;
      throw error;
    });
    return trigger !== undefined && isOfBucket(trigger) && ownBucketName(app, bucketOf(trigger)) === bucket ? trigger : undefined;
  }

  return {
    apply,
    async deliver(notice, payloadOf) {
      const [kind, app, name] = notice.target.split(" ") as [string, string?, string?];
      if (kind !== TARGET || app === undefined || name === undefined) return false;
      const trigger = await triggerOf(app, name, notice.bucket);
      if (trigger === undefined) return true;
      const event = triggerEvent(callees, trigger, payloadOf(bucketOf(trigger)), {
        id: String(notice.seq),
        trace: notice.author?.trace,
      });
      await triggers.fire(app, "manifest", name, [event]).catch((error: unknown) => {
        if (!isOf(error, "trigger-paused")) throw error;
      });
      return true;
    },
  };
}

function isOfBucket({ kind }: StoredTrigger): boolean {
  return kind === "bucket";
}

function bucketOf({ definition }: StoredTrigger): string {
  return (definition as BucketTrigger).bucket;
}

function ruleOf(app: string, { name, definition }: StoredTrigger): NotificationRule {
  const { events, prefix = "", suffix = "" } = definition as BucketTrigger;
  return { id: name, events: events.flatMap((event) => namesOf[event]), prefix, suffix, target: `${TARGET} ${app} ${name}` };
}

function isOf(error: unknown, code: string): boolean {
  return error instanceof MayflyError && error.code === code;
}
