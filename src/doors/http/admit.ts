/** Asks the gate whether a request may become a call, once its route is known and before anything of it is called. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";
import type { MayflyError } from "../../base/errors/error.ts";
import type { Admission, Granted } from "../access/gate.ts";
import type { AccessRules } from "../access/rules.ts";
import type { CallContext } from "./call.ts";
import type { ClientConnection } from "./connection.ts";
import { pathWithin, type Route } from "./routes.ts";
import type { Target } from "./target.ts";
import type { Upgrading } from "./websocket/upgrade.ts";

/** A request whose route is known. */
export interface Arrival {
  request: IncomingMessage;
  response: ServerResponse;
  connection: ClientConnection;
  route: Route;
  target: Target;
  hasBody: boolean;
  /** Whether the client waits for "100 Continue" before it sends its body. */
  continues: boolean;
  /** The connection, if the request asks to go on as a WebSocket. */
  upgrading: Upgrading | undefined;
}

/** One of these is called, at once or later; none if the client has gone by then. `reply` are headers that the reply gets. */
export interface Outcomes {
  granted: (granted: Granted) => void;
  refused: (error: MayflyError, reply: readonly string[]) => void;
  /** The gate itself answers, without a body. */
  answered: (reply: readonly string[]) => void;
}

/** @param rules the route's */
export function admit(
  { gate }: CallContext,
  rules: AccessRules,
  { request, response, route, target, hasBody }: Arrival,
  outcomes: Outcomes,
): void {
  const { method = "", headers, rawHeaders } = request;
  const address = clientIn(target.origin.chain);
  const { host, path: url } = target;
  const admission = gate.admit(rules, { method, headers, rawHeaders, address, host, url, hasBody, path: pathWithin(route, url) });
  if (!(admission instanceof Promise)) return tell(admission, outcomes);
  const later = (found: Admission) => {
    if (!request.socket.destroyed && response.writable) tell(found, outcomes);
  };
  void admission.then(guarded(later, () => request.socket.destroy()));
}

function tell(admission: Admission, { granted, refused, answered }: Outcomes): void {
  if (admission.is === "granted") granted(admission.granted);
  else if (admission.is === "refused") refused(admission.error, admission.reply);
  else answered(admission.reply);
}

/** The client's address, before those of the proxies. */
export function clientIn(chain: string): string {
  const end = chain.indexOf(",");
  return end < 0 ? chain : chain.slice(0, end);
}
