import type { ServerStart } from "../../base/config/server-start.ts";
import type { Audit } from "../../store/audit/audit.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { BesideApi } from "../admin/listen.ts";
import { auditWith } from "../lambda/audit-with.ts";
import type { ServiceDoor } from "../internal/service-door.ts";
import { createInsideSqs } from "./inside.ts";
import { createSqsDoor, type SqsDoorOptions } from "./door.ts";

interface SqsNeeds extends Pick<SqsDoorOptions, "queues" | "principals" | "wrong" | "places" | "turns" | "isTls"> {
  audit: Pick<Audit, "write">;
  catalog: Pick<Catalog, "names" | "tenants">;
}

/** Opens SQS's API over the queues of the server. */
export function openSqs({ clock, log }: ServerStart, { audit, ...needs }: SqsNeeds): BesideApi {
  return createSqsDoor({
    ...needs,
    clock,
    audit: auditWith({ audit, catalog: needs.catalog, clock, service: "sqs" }),
    onError: (error) => log.error({ err: error }, "the SQS API failed"),
  });
}

/** SQS's API for functions in their machines. */
export function openInsideSqs({ clock, log }: ServerStart, queues: SqsNeeds["queues"]): ServiceDoor {
  return createInsideSqs({ queues, clock, onError: (error) => log.error({ err: error }, "the SQS API failed for a function") });
}
