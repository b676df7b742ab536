/** Hands the messages of queues to functions, as event source mappings say. */
import { randomUUID } from "node:crypto";
import type { QueueBatches } from "../../../control/lambda/event-sources.ts";
import { accountOf } from "../../../control/lambda/names.ts";
import { queueArn } from "../../../control/lambda/queue-arns.ts";
import { failuresIn } from "../../../events/sources/batch-failures.ts";
import { comparable } from "../../../events/sources/queue-records.ts";
import type { QueueSources } from "../../../events/sources/queue-sources.ts";
import { matches } from "../../../patterns/matches.ts";
import { readPattern } from "../../../patterns/read-pattern.ts";
import type { Queues } from "../../../services/queues/queues.ts";
import type { LambdaStore } from "../../../store/lambda/lambda-store.ts";
import { traceInHeader } from "../../../telemetry/traces/trace-header.ts";
import { attempt, type LambdaPerformerParts } from "./lambda-events.ts";

/** Batches of a mapping that run at the same time, unless it says otherwise; reserved concurrency may allow fewer. */
const AT_ONCE = 100;

interface BatchParts extends LambdaPerformerParts {
  store: Pick<LambdaStore, "eventSources">;
  sources: QueueSources;
  queues: Pick<Queues, "look">;
}

export function queueBatches({ store, sources, queues, ...parts }: BatchParts): QueueBatches {
  /** By the ids of the mappings that are enabled: their tenants. */
  const enabled = new Map<string, string>();
  const end = (uuid: string) => {
    enabled.delete(uuid);
    sources.remove(keyOf(uuid));
  };
  return {
    apply(tenant, { uuid, region, queue, isEnabled, filters, qualifier, function: name, ...record }) {
      if (!isEnabled) return end(uuid);
      enabled.set(uuid, tenant);
      const account = { tenant, account: accountOf(tenant), region };
      const patterns = filters?.map((text) => readPattern(text));
      sources.set(keyOf(uuid), {
        queue: { tenant, name: queue },
        look: () => queues.look({ tenant, name: queue }),
        arn: queueArn(account, queue),
        region,
        batchSize: record.batchSize,
        windowMs: 1_000 * record.windowSeconds,
        most: record.maximumConcurrency ?? AT_ONCE,
        wants: (message) => patterns === undefined || patterns.some((pattern) => matches(pattern, comparable(message))),
        failures: (result, ids) => (record.reportsFailures ? failuresIn(result, ids) : new Map()),
        perform: (payload, [header, ...others]) =>
          attempt(parts, account, () => {
            const invokable = parts.invokables.find(account, { name, qualifier });
            const trace = parts.traceOf(invokable.functionArn, header);
            const links = others.flatMap((other) => traceInHeader(other) ?? []);
            const source = { kind: "queue", name: queue } as const;
            const order = { invokable, id: randomUUID(), attempt: 1, payload, trace, source, wantsLog: false };
            return links.length === 0 ? order : { ...order, links };
          }),
      });
    },
    end,
    endGone() {
      for (const [uuid, tenant] of enabled) if (store.eventSources.get(tenant, "", uuid) === undefined) end(uuid);
    },
  };
}

function keyOf(uuid: string): string {
  return `lambda ${uuid}`;
}
