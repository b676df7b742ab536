/**
 * The Lambda API: a table of routes, a signature that is checked, and one place where errors become AWS's replies.
 *
 * 1. A request is answered only to a principal that signed it and may do what it asks.
 * 2. The body of a request is read within a limit of its own and one for all requests together, of which no tenant gets all, and only if its head has a signature that may be
 *    right; until that is known, its room is that of the caller's address. If the head says what the body's hash is, as AWS's SDK for JavaScript does, the signature and the rights are checked before anything of the body is read.
 * 3. Of the requests that are under way, no tenant has all that there may be, so that the APIs of this port answer others.
 * 4. Tenants take turns with what takes a while, one request in each turn of the event loop: a flood of one's lists does not hold up calls of functions.
 * 5. Nothing that a client sends is able to throw past handle().
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock/clock.ts";
import { MayflyError } from "../../base/errors/error.ts";
import { AwsError } from "../../control/lambda/aws-error.ts";
import { type Account, accountOf } from "../../control/lambda/names.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import { type HeadOfSigned, signatureCheck } from "../signature/check-signature.ts";
import { sha256Hex } from "../signature/sha256.ts";
import { doesNotMatch, SignatureRefusal, unknownKey } from "../signature/signature-refusal.ts";
import type { LambdaAnswer, LambdaCall, LambdaRoute } from "./call.ts";
import { SMALL_BODY } from "./call.ts";
import { actionOf } from "./authorize.ts";
import { holderOf, strangers, takePlace, unprovenHolder } from "./take-place.ts";
import { type BodyOf, busy, readBody } from "./read-body.ts";
import { LambdaRouter } from "./router.ts";
import type { FairTurns } from "../../clients/fair-turns.ts";
import { Shares } from "../../clients/shares.ts";

export interface LambdaDoor {
  /** Whether the path is one of this API's, which the management API has none of. @param url the request's target */
  owns(url: string): boolean;
  /** @param peer the caller's address */
  handle(request: IncomingMessage, response: ServerResponse, peer: string): void;
}

export interface LambdaDoorOptions {
  routes: readonly LambdaRoute[];
  /** Routes that anybody may call; what they need to know of the caller is in their paths. */
  open: readonly OpenRoute[];
  principals: Pick<Principals, "ofAccessKey">;
  /** Returns whose functions the call is about. Throws an AwsError if the principal may not do that. */
  authorize(call: Omit<LambdaCall, "body">, route: LambdaRoute): Account;
  /** For the requests that are under way. */
  places: Shares;
  /** For those that call no function: what they look up holds up everything else. */
  turns: FairTurns;
  /** Called when the reply to a call is known. */
  audit(call: AuditedCall): void;
  /** How many wrong signatures come from each address. */
  wrong: WrongCredentials;
  clock: Clock;
  /** Called with failures that are not the caller's fault. */
  onError(error: unknown): void;
}

/** What the audit log has of a call. */
export interface AuditedCall {
  peer: string;
  /** Null: the request names none. */
  operation: string | null;
  right: LambdaRoute["right"];
  target: string;
  /** Null: nobody is known who signed it. */
  principal: Principal | null;
  /** The id of the tenant to whom it was done, if a policy of its own allows that. */
  owner?: string;
  status: number;
  /** `ok`, or AWS's name of the error. */
  result: string;
}

export interface OpenRoute {
  /** The beginning of the path. */
  prefix: string;
  /** Answers null if it has answered by itself. */
  handle(path: string, query: URLSearchParams, response: ServerResponse): LambdaAnswer | null | Promise<LambdaAnswer | null>;
}

/** Of all requests together: four of the largest uploads. */
const ALL_BODIES = 300_000_000;

export function createLambdaDoor(options: LambdaDoorOptions): LambdaDoor {
  const { principals, clock, routes, open, places, turns } = options;
  const router = new LambdaRouter(routes);
  const check = signatureCheck({ keys: principals, service: "lambda", clock });
  const room = new Shares(ALL_BODIES);

  async function answer(request: IncomingMessage, response: ServerResponse, id: string, told: AuditedCall): Promise<LambdaAnswer | null> {
    const { peer } = told;
    const [path, query] = targetOf(request.url!);
    const free = open.find(({ prefix }) => path.startsWith(prefix));
    if (free !== undefined && request.method === "GET") {
      if (takePlace(places, response, strangers) === null) throw busy();
      return free.handle(path, query, response);
    }
    const matched = router.find(request.method ?? "", path, query);
    if (matched === undefined)
      throw new AwsError("UnknownOperationException", `There is no operation ${request.method} ${path.slice(0, 200)}`);
    const { route, params } = matched;
    Object.assign(told, { operation: route.operation, right: route.right, target: Object.values(params).join("/") });
    const head = check({ method: request.method!, url: request.url!, headers: request.headers as Record<string, string> });
    const allowed = ({ principal, region }: Signer): Omit<LambdaCall, "body"> => {
      told.principal = principal;
      const tenant = principal.tenant ?? mainTenant;
      const account = { tenant, account: accountOf(tenant), region };
      const { operation } = route;
      const call = { id, operation, params, query, headers: request.headers, account, principal, request, response };
      const owner = options.authorize(call, route);
      if (owner.tenant !== tenant) told.owner = owner.tenant;
      return { ...call, account: owner };
    };
    const isDeclared = request.headers["x-amz-content-sha256"] !== undefined;
    const early = isDeclared ? head.checkHead() : undefined;
    const first = early && allowed(early);
    const sent = bodyOf(head, route, first === undefined ? peer : null);
    const place = takePlace(places, response, sent.holder);
    if (place === null) throw sent.noRoom();
    const body = await readBody(request, sent, clock, room);
    try {
      if (early?.bodySha256 !== undefined && early.bodySha256 !== sha256Hex(body.bytes)) throw doesNotMatch();
      const call = first ?? allowed(head.check(body.bytes));
      const own = holderOf(call.principal.tenant ?? mainTenant);
      if (first === undefined && !(place.becomes(own) && body.becomes(own))) throw busy();
      if (route.right !== "invoke") await turns.take(own[0]);
      return await route.handle({ ...call, body: body.bytes });
    } finally {
      body.release();
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse, peer: string): Promise<void> {
    const id = randomUUID();
    const told: AuditedCall = { peer, operation: null, right: "read", target: "", principal: null, status: 200, result: "ok" };
    try {
      const given = await answer(request, response, id, told);
      options.audit({ ...told, status: given?.status ?? 200 });
      if (given !== null) send(response, id, given);
    } catch (error) {
      const refused = asAwsError(error instanceof SignatureRefusal ? refusal(error, options.wrong, peer) : error);
      if (refused.shape.status >= 500) options.onError(error);
      options.audit({ ...told, status: refused.shape.status, result: refused.name });
      if (response.headersSent || response.destroyed) response.destroy();
      else sendError(response, id, refused);
    }
  }

  return {
    owns: (url) => /^\/20\d\d-\d\d-\d\d\//.test(url),
    handle: (request, response, peer) => {
      handle(request, response, peer).catch((error: unknown) => {
        options.onError(error);
        response.destroy();
      });
    },
  };
}

/** @param unproven the address of a caller whose signature is not checked yet; null: it was right */
function bodyOf(head: HeadOfSigned<Principal>, { operation, mostBytes = SMALL_BODY }: LambdaRoute, unproven: string | null): BodyOf {
  const { claimed } = head;
  const named = { operation: actionOf(operation), most: mostBytes };
  // Of a key that nobody has it is known already how the request ends.
  if (claimed === null) return { ...named, holder: strangers, noRoom: unknownKey };
  return { ...named, holder: unproven === null ? holderOf(claimed.tenant ?? mainTenant) : unprovenHolder(unproven), noRoom: busy };
}

type Signer = { principal: Principal; region: string };

/** The path as it was received, and the query. */
export function targetOf(url: string): [path: string, query: URLSearchParams] {
  const at = url.indexOf("?");
  return at < 0 ? [url, new URLSearchParams()] : [url.slice(0, at), new URLSearchParams(url.slice(at + 1))];
}

/** Signatures that are no good are counted, and told in the form of this API. */
function refusal({ fault, message }: SignatureRefusal, wrong: WrongCredentials, peer: string): AwsError {
  const isMissing = fault === "MissingAuthenticationTokenException";
  return (isMissing ? undefined : tooManyWrong(wrong.count(peer))) ?? new AwsError(fault, message);
}

/** Undefined if there is nothing to wait for. @param waitS seconds */
export function tooManyWrong(waitS: number): AwsError | undefined {
  if (waitS === 0) return undefined;
  const text = new MayflyError("too-many-wrong-credentials").message;
  return new AwsError("TooManyRequestsException", text, { Reason: "CallerRateLimitExceeded", retryAfterSeconds: String(waitS) });
}

/** What is the caller's fault is told in Mayfly's words; what is not, only in the server's own log. */
export function asAwsError(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  if (!(error instanceof MayflyError)) return new AwsError("ServiceException", "Service error.");
  if (error.code === "no-room") return new AwsError("CodeStorageExceededException", `Code storage limit exceeded: ${error.message}`);
  if (error.entry.side === "caller") return new AwsError("InvalidParameterValueException", error.message);
  return new AwsError("ServiceException", error.message);
}

export function sendError(response: ServerResponse, id: string, error: AwsError): void {
  send(response, id, { status: error.shape.status, headers: { "x-amzn-errortype": error.name, ...retryAfter(error) }, body: error.body() });
}

function retryAfter({ more }: AwsError): { "retry-after"?: string } {
  const seconds = more["retryAfterSeconds"];
  return typeof seconds === "string" ? { "retry-after": seconds } : {};
}

/** In bytes: a body up to this is sent together with the head, by one system call. Longer ones are not copied for that. */
const TOGETHER = 16_384;

export function send(response: ServerResponse, id: string, { status, headers = {}, body }: LambdaAnswer): void {
  const { "content-type": type = body instanceof Uint8Array ? "application/octet-stream" : "application/json", ...more } = headers;
  const head = ["x-amzn-requestid", id];
  for (const name in more) head.push(name, more[name]!);
  if (body === undefined) return void response.writeHead(status, head).end();
  const bytes = body instanceof Uint8Array ? Buffer.from(body.buffer, body.byteOffset, body.byteLength) : Buffer.from(JSON.stringify(body));
  response.writeHead(status, [...head, "content-type", type, "content-length", String(bytes.length)]);
  if (bytes.length <= TOGETHER) response.end(bytes.toString("latin1"), "latin1");
  else response.end(bytes);
}
