/** Opens the APIs of AWS's services that start functions, beside the Lambda API. */
import type { ServerStart } from "../../base/config/server-start.ts";
import type { ServiceName } from "../../base/network/internal.ts";
import type { Durable } from "../../control/open-durable.ts";
import type { Audit } from "../../store/audit/audit.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import { type BesideApi, firstOf } from "../admin/listen.ts";
import { createEventsInside } from "../event-bridge/inside.ts";
import { openEventBridge } from "../event-bridge/open-event-bridge.ts";
import { auditWith } from "../lambda/audit-with.ts";
import type { ServiceDoor } from "../internal/service-door.ts";
import { openScheduler } from "../scheduler/open-scheduler.ts";
import { queueTarget } from "../sqs/queue-target.ts";
import type { DoorNeeds } from "./json-door.ts";
import { type TargetKind, TargetKinds } from "./target-kinds.ts";

interface AwsNeeds extends Omit<DoorNeeds, "audit" | "clock" | "onError"> {
  audit: Pick<Audit, "write">;
  catalog: Pick<Catalog, "names" | "revision">;
  durable: Pick<Durable, "buses" | "schedules" | "deliverBy" | "composeBy">;
  /** Gets the door for machines. */
  services: Map<ServiceName, ServiceDoor>;
  /** What rules and schedules can start. */
  functions: TargetKind;
}

/** Called before `durable` starts: what is due then needs those who make its events. */
export function openAws({ clock, log }: ServerStart, { audit, catalog, durable, services, functions, ...needs }: AwsNeeds): BesideApi {
  const targets = new TargetKinds([functions, queueTarget]);
  const failed = (name: string) => (error: unknown) => log.error({ err: error }, `the API of ${name} failed`);
  services.set("events", createEventsInside({ buses: durable.buses, catalog, clock, onError: failed("EventBridge, for functions,") }));
  const door = (service: string, name: string): DoorNeeds => ({
    ...needs,
    clock,
    audit: auditWith({ audit, catalog, clock, service }),
    onError: failed(name),
  });
  return firstOf([
    openEventBridge(durable, targets, door("events", "EventBridge")),
    openScheduler(durable, targets, door("scheduler", "EventBridge Scheduler")),
  ]);
}
