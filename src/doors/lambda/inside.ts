/**
 * The Lambda API as functions reach it from their machines: durable executions and invocations, of the functions of their own app. The host knows the app by the machine, so
 * that the signature is not checked, and its credentials are worth nothing anywhere else.
 *
 * 1. A function sees and changes what is its own app's, and nothing else.
 * 2. Nothing that a function sends is able to throw past answer().
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock/clock.ts";
import { AwsError } from "../../control/lambda/aws-error.ts";
import { accountOf } from "../../control/lambda/names.ts";
import { Shares } from "../../clients/shares.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Principal } from "../../store/principals/principal.ts";
import type { ServiceCaller, ServiceDoor } from "../internal/service-door.ts";
import { type LambdaCall, type LambdaRoute, SMALL_BODY } from "./call.ts";
import { asAwsError, send, sendError, targetOf } from "./door.ts";
import { nameIn } from "./read-name.ts";
import { busy, readBody } from "./read-body.ts";
import { LambdaRouter } from "./router.ts";
import { holderOf } from "./take-place.ts";

export interface InsideDoorOptions {
  routes: readonly LambdaRoute[];
  catalog: Pick<Catalog, "names" | "revision">;
  clock: Clock;
  onError: (error: unknown) => void;
}

/** Of all requests together. */
const ALL_BODIES = 300_000_000;
/** As a function's own name in the API leads to it. */
const SEPARATOR = "--";
const REGION = /Credential=[^/]*\/\d{8}\/([a-z0-9-]{1,40})\//;

export function createInsideDoor({ routes, catalog, clock, onError }: InsideDoorOptions): ServiceDoor {
  const router = new LambdaRouter(routes);
  const room = new Shares(ALL_BODIES);

  function callerOf({ app }: ServiceCaller): { tenant: string; principal: Principal; appName: string } {
    const owner = catalog.names.nameOf(app);
    if (owner === undefined) throw new AwsError("AccessDeniedException", "The app is gone.");
    const principal: Principal = { id: app, name: owner.name, role: "invoker", tenant: owner.tenant, apps: [app] };
    return { tenant: owner.tenant, principal, appName: owner.name };
  }

  async function answer(request: IncomingMessage, response: ServerResponse, caller: ServiceCaller, id: string): Promise<void> {
    const { tenant, principal, appName } = callerOf(caller);
    const [path, query] = targetOf(request.url ?? "/");
    const matched = router.find(request.method ?? "", path, query);
    if (matched === undefined)
      throw new AwsError("UnknownOperationException", `There is no operation ${request.method} ${path.slice(0, 200)}`);
    const { route, params } = matched;
    refuseOthers(params["FunctionName"], appName);
    const body = await readBody(
      request,
      { holder: holderOf(caller.app), operation: route.operation, most: route.mostBytes ?? SMALL_BODY, noRoom: () => busy() },
      clock,
      room,
    );
    try {
      const region = REGION.exec(request.headers.authorization ?? "")?.[1] ?? "us-east-1";
      const account = { tenant, account: accountOf(tenant), region };
      const call: LambdaCall = {
        id,
        operation: route.operation,
        params,
        query,
        headers: request.headers,
        body: body.bytes,
        account,
        principal,
        request,
        response,
      };
      const given = await route.handle(call);
      if (given !== null) send(response, id, given);
    } finally {
      body.release();
    }
  }

  return {
    async answer(caller, request, response) {
      const id = randomUUID();
      try {
        await answer(request, response, caller, id);
      } catch (error) {
        const refused = asAwsError(error);
        if (refused.shape.status >= 500) onError(error);
        if (response.headersSent || response.destroyed) response.destroy();
        else sendError(response, id, refused);
      }
    },
  };
}

/** A function is named by its app's name, or as `<app>--<function>`. */
function refuseOthers(text: string | undefined, app: string): void {
  if (text === undefined) return;
  const name = nameIn(text)?.name;
  if (name !== undefined && name !== app && !name.startsWith(`${app}${SEPARATOR}`))
    throw new AwsError("AccessDeniedException", `The function ${name} is not one of the app ${app}.`);
}
