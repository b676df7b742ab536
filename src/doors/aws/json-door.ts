/**
 * What the APIs of AWS's services have in common that speak JSON: signatures, rights, bodies, and one place where errors become their replies. A service says which operations
 * it has.
 *
 * 1. A request is answered only to a principal that signed it and may do what it asks.
 * 2. The body is read within a limit of its own and one for all requests of the service together, of which no tenant gets all, and only if the head names a key.
 * 3. Of the requests that are under way, no tenant has all that there may be, and tenants take turns with what only looks or changes.
 * 4. Nothing that a client sends is able to throw past handle().
 */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { FairTurns } from "../../clients/fair-turns.ts";
import { Shares } from "../../clients/shares.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import { type Account, accountOf } from "../../control/lambda/names.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import { may } from "../../store/principals/rights.ts";
import type { BesideApi } from "../admin/listen.ts";
import type { AuditedCall } from "../lambda/door.ts";
import { busy, readBody } from "../lambda/read-body.ts";
import { holderOf, strangers, takePlace, unprovenHolder } from "../lambda/take-place.ts";
import { signatureCheck } from "../signature/check-signature.ts";
import { SignatureRefusal, unknownKey } from "../signature/signature-refusal.ts";
import { asServiceError, ServiceError } from "./service-error.ts";

/** Whose request it is. */
export interface AwsCaller {
  account: Account;
  principal: Principal;
}

/** What a request asks for. */
interface Asked {
  /** AWS's name of the operation. */
  operation: string;
  /** What a principal must be allowed to do in its tenant. */
  right: "read" | "deploy" | "invoke";
  /** What it is about, for the audit log. */
  target: string;
  /** The members of the answer; undefined: it has no body. */
  run: (caller: AwsCaller) => Promise<object | undefined>;
}

/** What the start of a server has for every door. */
export interface DoorNeeds {
  principals: Pick<Principals, "ofAccessKey">;
  places: Shares;
  turns: FairTurns;
  /** How many wrong signatures come from each address. */
  wrong: WrongCredentials;
  audit(call: AuditedCall): void;
  clock: Clock;
  /** Called with failures that are not the caller's fault. */
  onError: (error: unknown) => void;
}

export interface JsonService {
  /** How signatures and policies name it. */
  name: string;
  owns(url: string, headers: IncomingHttpHeaders): boolean;
  /** Throws a ServiceError. */
  read(request: IncomingMessage, body: Buffer): Asked;
  /** Of a request's body. */
  mostBytes: number;
  contentType: string;
  errorBody(error: ServiceError): object;
}

/** Of all requests of a service together. */
const ALL_BODIES = 50_000_000;

export function createJsonDoor(service: JsonService, needs: DoorNeeds): BesideApi {
  const { principals, places, turns, wrong, clock, onError } = needs;
  const check = signatureCheck({ keys: principals, service: service.name, clock });
  const room = new Shares(ALL_BODIES);

  async function answer(request: IncomingMessage, response: ServerResponse, told: AuditedCall): Promise<object | undefined> {
    const head = check({ method: request.method!, url: request.url!, headers: request.headers as Record<string, string> });
    const isStranger = head.claimed === null;
    const noRoom = () => (isStranger ? unknownKey() : busy());
    const holder = isStranger ? strangers : unprovenHolder(told.peer);
    const place = takePlace(places, response, holder);
    if (place === null) throw noRoom();
    const body = await readBody(request, { holder, operation: service.name, most: service.mostBytes, noRoom }, clock, room);
    try {
      const { principal, region } = head.check(body.bytes);
      const proven = holderOf(principal.tenant ?? mainTenant);
      if (!place.becomes(proven) || !body.becomes(proven)) throw busy();
      told.principal = principal;
      const { operation, right, target, run } = service.read(request, body.bytes);
      Object.assign(told, { operation, right, target });
      const own = principal.tenant ?? mainTenant;
      const account = { tenant: own, account: accountOf(own), region };
      if (!may(principal, right, { tenant: own, app: null })) throw denied(service, account, principal, operation);
      if (right !== "invoke") await turns.take(holderOf(own)[0]);
      return await run({ account, principal });
    } finally {
      body.release();
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse, peer: string): Promise<void> {
    const id = randomUUID();
    const told: AuditedCall = { peer, operation: null, right: "read", target: "", principal: null, status: 200, result: "ok" };
    try {
      const body = await answer(request, response, told);
      needs.audit(told);
      send(response, id, 200, service.contentType, body);
    } catch (error) {
      const refused = error instanceof SignatureRefusal ? refusal(error, wrong, peer) : asServiceError(error);
      if (refused.status >= 500) onError(error);
      needs.audit({ ...told, status: refused.status, result: refused.code });
      if (response.headersSent || response.destroyed) response.destroy();
      else send(response, id, refused.status, service.contentType, service.errorBody(refused), ["x-amzn-errortype", refused.code]);
    }
  }

  return {
    owns: (url, headers) => service.owns(url, headers),
    handle: (request, response, peer) => {
      handle(request, response, peer).catch((error: unknown) => {
        onError(error);
        response.destroy();
      });
    },
  };
}

function denied({ name }: JsonService, { account }: Account, principal: Principal, operation: string): ServiceError {
  const text = `User: arn:aws:iam::${account}:user/${principal.name} is not authorized to perform: ${name}:${operation}`;
  return new ServiceError("AccessDeniedException", text, 403);
}

/** Signatures that are no good are counted. */
function refusal({ fault, message }: SignatureRefusal, wrong: WrongCredentials, peer: string): ServiceError {
  if (fault !== "MissingAuthenticationTokenException" && wrong.count(peer) > 0)
    return new ServiceError("ThrottlingException", new MayflyError("too-many-wrong-credentials").message, 429);
  return new ServiceError(fault, message, 403);
}

function send(response: ServerResponse, id: string, status: number, type: string, body: object | undefined, more: string[] = []): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  const length = String(Buffer.byteLength(text));
  response.writeHead(status, ["x-amzn-requestid", id, ...more, "content-type", type, "content-length", length]);
  response.end(text);
}
