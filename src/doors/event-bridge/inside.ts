/**
 * EventBridge's API as functions reach it from their machines, to publish events. The host knows the app by the machine, so that no signature is looked at.
 *
 * 1. A function publishes to the buses of its tenant that its revision's `publishes` names; others do not exist for it. It changes and sees nothing.
 * 2. The bodies of all requests together are bounded, and no app has all of that.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock/clock.ts";
import { Shares } from "../../clients/shares.ts";
import { accountOf } from "../../control/lambda/names.ts";
import type { Buses, Published } from "../../events/bus/buses.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Principal } from "../../store/principals/principal.ts";
import { TRACE_HEADER, traceInHeader } from "../../telemetry/traces/trace-header.ts";
import type { TraceContext } from "../../wire/host-end.ts";
import { Input } from "../aws/input.ts";
import { asServiceError, ServiceError } from "../aws/service-error.ts";
import { TargetKinds } from "../aws/target-kinds.ts";
import type { ServiceCaller, ServiceDoor } from "../internal/service-door.ts";
import { busy, readBody } from "../lambda/read-body.ts";
import { holderOf } from "../lambda/take-place.ts";
import { events } from "./operations/events.ts";
import { MOST_BYTES, operationIn } from "./service.ts";

export interface EventsInsideParts {
  buses: Buses;
  catalog: Pick<Catalog, "revision">;
  clock: Clock;
  onError: (error: unknown) => void;
}

/** Of all requests together. */
const ALL_BODIES = 50_000_000;
const REGION = /Credential=[^/]*\/\d{8}\/([a-z0-9-]{1,40})\//;
const JSON_TYPE = "application/x-amz-json-1.1";

export function createEventsInside({ buses, catalog, clock, onError }: EventsInsideParts): ServiceDoor {
  const room = new Shares(ALL_BODIES);

  async function run(caller: ServiceCaller, request: IncomingMessage): Promise<object | undefined> {
    const name = operationIn(request.headers);
    const operation = Object.hasOwn(events, name) ? events[name] : undefined;
    if (operation === undefined)
      throw new ServiceError(
        "UnknownOperationException",
        `There is no operation ${name.slice(0, 100)} for functions: they publish events.`,
      );
    const { tenant, app, appName, revision } = caller;
    const body = await readBody(request, { holder: holderOf(app), operation: name, most: MOST_BYTES, noRoom: busy }, clock, room);
    try {
      const allowed = new Set(catalog.revision(app, revision)?.manifest.publishes);
      const principal: Principal = { id: app, name: appName, role: "invoker", tenant, apps: [app] };
      const region = REGION.exec(request.headers.authorization ?? "")?.[1] ?? "us-east-1";
      return await operation.handle({
        account: { tenant, account: accountOf(tenant), region },
        principal,
        input: Input.of(body.bytes),
        buses: { ...buses, publish: (...what) => publishTo(buses, allowed, traceOf(request), ...what) },
        targets: new TargetKinds([]),
        now: clock.wall(),
      });
    } finally {
      body.release();
    }
  }

  return {
    async answer(caller, request, response) {
      try {
        send(response, 200, (await run(caller, request)) ?? {});
      } catch (error) {
        const { code, message, status } = asServiceError(error);
        if (status >= 500) onError(error);
        if (response.headersSent || response.destroyed) response.destroy();
        else send(response, status, { __type: code, message });
      }
    },
  };
}

/** Of the invocation that publishes, as the host knows it or the function says. */
function traceOf({ headers }: IncomingMessage): TraceContext | undefined {
  const header = headers[TRACE_HEADER];
  return traceInHeader(typeof header === "string" ? header : undefined);
}

/** @param trace of events that name none themselves */
async function publishTo(
  buses: Pick<Buses, "publish">,
  allowed: ReadonlySet<string>,
  trace: TraceContext | undefined,
  ...[tenant, events]: Parameters<Buses["publish"]>
): Promise<Published[]> {
  const published = await buses.publish(
    tenant,
    events.flatMap(({ bus, event, trace: own = trace }) => (allowed.has(bus) ? [{ bus, event, trace: own }] : [])),
  );
  let at = 0;
  return events.map(({ bus }): Published => (allowed.has(bus) ? published[at++]! : { is: "no-bus" }));
}

function send(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, [
    "x-amzn-requestid",
    randomUUID(),
    "content-type",
    JSON_TYPE,
    "content-length",
    String(Buffer.byteLength(text)),
  ]);
  response.end(text);
}
