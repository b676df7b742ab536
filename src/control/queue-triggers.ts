/** Hands the messages of queues to functions whose manifests say so. */
import type { Dispatcher } from "../dispatch/invocation.ts";
import { newId } from "../events/new-event-id.ts";
import { type Callee, type FunctionAbout, runOnce } from "../events/function-performer.ts";
import { type BatchFailures, failuresIn } from "../events/sources/batch-failures.ts";
import { comparable } from "../events/sources/queue-records.ts";
import type { QueueSource } from "../events/sources/queue-source.ts";
import type { QueueSources } from "../events/sources/queue-sources.ts";
import type { StoredTrigger } from "../events/triggers/trigger.ts";
import type { Triggers } from "../events/triggers/triggers.ts";
import { matches } from "../patterns/matches.ts";
import { readPattern } from "../patterns/read-pattern.ts";
import type { Queues } from "../services/queues/queues.ts";
import type { Names } from "../store/catalog/catalog.ts";
import type { ManifestTrigger } from "../store/catalog/trigger-schema.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import { traceInHeader } from "../telemetry/traces/trace-header.ts";
import { accountOf } from "./lambda/names.ts";
import { queueArn } from "./lambda/queue-arns.ts";
import { ownQueue } from "./own-queues.ts";

export interface QueueTriggerParts {
  triggers: Pick<Triggers, "list">;
  sources: QueueSources;
  queues: Queues;
  names: Pick<Names, "nameOf">;
  dispatcher: Dispatcher;
  callee: (app: string, name: string, version: string | undefined) => Callee;
  events: EventStream;
}

type QueueTrigger = Extract<ManifestTrigger, { queue: string }>;

/** Of messages whose senders have told none. */
const NO_TRACE = { traceparent: "", tracestate: "" };
/** Of what a function returns: it may name each message of a batch. */
const RESULT_BYTES = 1_000_000;
const REGION = "us-east-1";

/** Returns what makes the queues whose messages an app's functions get those of its stored triggers. */
export function queueTriggers(parts: QueueTriggerParts): (app: string) => Promise<void> {
  const { triggers, sources, names, events } = parts;
  /** By app, and by the source's key: its definition, which says whether it is another one. */
  const applied = new Map<string, Map<string, string>>();

  function apply(app: string, wanted: readonly StoredTrigger[]): void {
    const before = applied.get(app) ?? new Map<string, string>();
    const now = new Map<string, string>();
    for (const trigger of wanted) {
      const [key, text] = [`manifest ${app} ${trigger.name}`, JSON.stringify([trigger.target, trigger.definition])];
      now.set(key, text);
      if (before.get(key) !== text) sources.set(key, sourceOf(parts, app, trigger));
    }
    for (const key of before.keys()) if (!now.has(key)) sources.remove(key);
    if (now.size > 0) applied.set(app, now);
    else applied.delete(app);
  }

  events.listen({ "app-removed": ({ app }) => apply(app, []) });
  return async (app) => {
    const all = await triggers.list(app, "manifest");
    // It may have been removed meanwhile.
    if (names.nameOf(app) === undefined) return apply(app, []);
    apply(
      app,
      all.filter(({ kind, isPaused }) => kind === "queue" && !isPaused),
    );
  };
}

function sourceOf(
  { queues, names, dispatcher, callee }: QueueTriggerParts,
  app: string,
  { target, definition }: StoredTrigger,
): QueueSource {
  const { queue: name, batchSize, windowS, concurrency, filter } = definition as QueueTrigger;
  const { tenant } = names.nameOf(app)!;
  const pattern = filter === undefined ? undefined : readPattern(JSON.stringify(filter));
  const about: FunctionAbout = { input: { kind: "event" } };
  return {
    queue: { tenant, name, apps: [app], withShared: true },
    look: () => ownQueue(queues, { tenant, app }, name),
    arn: queueArn({ tenant, account: accountOf(tenant), region: REGION }, name),
    region: REGION,
    batchSize,
    windowMs: 1_000 * windowS,
    most: concurrency,
    wants: (record) => pattern === undefined || matches(pattern, comparable(record)),
    failures: failuresNamed,
    perform(payload, traces) {
      const [trace = NO_TRACE, ...links] = traces.flatMap((header) => traceInHeader(header) ?? []);
      const source = { kind: "queue", name } as const;
      const event = { id: newId(), payload, about, source, trace, ...(links.length > 0 && { links }) };
      return runOnce({ dispatcher, callee, resultBytes: RESULT_BYTES }, event, { performer: "queue", app, target }, 1);
    },
  };
}

/** What a function returns that is no JSON names nothing: the text of a Response, for example. */
function failuresNamed(result: Uint8Array, ids: ReadonlySet<string>): BatchFailures {
  return result[0] === 0x7b ? failuresIn(result, ids) : new Map();
}
