/** Opens what functions keep, and the doors by which machines reach it. */
import type { ServerStart } from "../base/config/server-start.ts";
import type { ServiceName } from "../base/network/internal.ts";
import type { Uids } from "../base/uids/uids.ts";
import { nameOfId } from "../control/names.ts";
import type { ServedApps } from "../control/served-apps.ts";
import { createShares } from "../control/shares.ts";
import type { ServiceDoor, StreamDoor } from "../doors/internal/service-door.ts";
import { createKvDoor } from "../doors/kv/kv-door.ts";
import { createSqlDoor } from "../doors/sql/sql-door.ts";
import { openInsideSqs } from "../doors/sqs/open-sqs.ts";
import { openKv } from "../services/kv/open-kv.ts";
import { openQueues } from "../services/queues/open-queues.ts";
import { openSql } from "../services/sql/open-sql.ts";
import { LIVE } from "../store/catalog/catalog.ts";
import type { EventStream } from "../telemetry/event-stream.ts";
import type { State } from "./open-state.ts";

export type Services = ReturnType<typeof openServices>;

export interface ServicesNeeds {
  state: State;
  uids: Uids;
  events: EventStream;
  /** Called at the first request of a machine, when the apps that are served are known. */
  served: () => ServedApps;
}

/** Buckets are opened later, by openCalls(): what they tell of is delivered to functions, queues and buses. */
export function openServices(start: ServerStart, { state: { catalog, accounts }, uids, events, served }: ServicesNeeds) {
  const { kv, commands } = openKv(start, { events, accounts, limitOf: (tenant) => catalog.tenants.limits(tenant).kvMb });
  const shares = createShares({ names: catalog.names, manifestOf: (app) => served().reach(app, LIVE)?.revision.manifest });
  const sql = openSql(start, {
    uids,
    events,
    accounts,
    tenantOf: (app) => catalog.tenants.tenantOf(app),
    nameOf: (app) => nameOfId(catalog.names, app),
  });
  const queues = openQueues(start, { events, accounts, limitOf: (tenant) => catalog.tenants.limits(tenant).queuesMb });
  /** Doors by the names of the services; later steps add theirs. */
  const inside = new Map<ServiceName, ServiceDoor>([
    ["kv", createKvDoor({ kv, shares, now: () => start.clock.wall() })],
    ["sql", createSqlDoor(sql)],
    ["sqs", openInsideSqs(start, queues.queues)],
  ]);
  const streams = new Map<ServiceName, StreamDoor>();
  return { kv, commands, shares, sql, queues, inside, streams };
}
