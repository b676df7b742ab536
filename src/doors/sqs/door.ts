/**
 * SQS's API: operations by name, in two protocols, of which the newer is JSON and the older a form that is answered with XML.
 *
 * 1. A request is answered only to a principal that signed it and may do what it asks; inside.ts answers those of machines, for which their app counts.
 * 2. The body is read within a limit of its own and one for all requests together, of which no tenant gets all, and only if the head names a key.
 * 3. Of the requests that are under way, those that wait for messages included, no tenant has all that there may be.
 * 4. Tenants take turns with what looks at many queues or changes one; messages do not wait for that.
 * 5. Nothing that a client sends is able to throw past handle().
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { FairTurns } from "../../clients/fair-turns.ts";
import { Shares } from "../../clients/shares.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import { type Account, accountOf } from "../../control/lambda/names.ts";
import { tenantOfAccount } from "../../control/lambda/other-accounts.ts";
import type { NamedQueue } from "../../control/lambda/queue-arns.ts";
import type { Queues } from "../../services/queues/queues.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import { may } from "../../store/principals/rights.ts";
import type { BesideApi } from "../admin/listen.ts";
import type { AuditedCall } from "../lambda/door.ts";
import { holderOf, strangers, takePlace, unprovenHolder } from "../lambda/take-place.ts";
import { busy, readBody } from "../lambda/read-body.ts";
import { type HeadOfSigned, signatureCheck } from "../signature/check-signature.ts";
import { SignatureRefusal, unknownKey } from "../signature/signature-refusal.ts";
import { ordered } from "./order.ts";
import { type Asked, isJson, originOf, readAsked, traceOf } from "./read-asked.ts";
import { sendAnswer, sendError } from "./reply.ts";
import { asSqsError, noSuchQueue, SqsError } from "./sqs-error.ts";

export interface SqsDoorOptions {
  queues: Queues;
  catalog: Pick<Catalog, "tenants">;
  principals: Pick<Principals, "ofAccessKey">;
  /** For the requests that are under way. */
  places: Shares;
  turns: FairTurns;
  audit(call: AuditedCall): void;
  /** How many wrong signatures come from each address. */
  wrong: WrongCredentials;
  isTls: boolean;
  clock: Clock;
  /** Called with failures that are not the caller's fault. */
  onError(error: unknown): void;
}

/** Of all requests together. */
const ALL_BODIES = 100_000_000;
/** Ten messages of one batch, or one of the largest, with all that is escaped in it. */
const MOST_BYTES = 8_000_000;

interface Told extends AuditedCall {
  isQuery: boolean;
  /** Aborted when the client has left. */
  left: () => AbortSignal;
}

export function createSqsDoor(options: SqsDoorOptions): BesideApi {
  const { principals, clock, places, turns, queues, catalog } = options;
  const check = signatureCheck({ keys: principals, service: "sqs", clock });
  const room = new Shares(ALL_BODIES);

  async function answer(request: IncomingMessage, response: ServerResponse, told: Told): Promise<Record<string, unknown>> {
    const head = check({ method: request.method!, url: request.url!, headers: request.headers as Record<string, string> });
    const isStranger = head.claimed === null;
    const noRoom = () => (isStranger ? unknownKey() : busy());
    const holder = isStranger ? strangers : unprovenHolder(told.peer);
    const place = takePlace(places, response, holder);
    if (place === null) throw noRoom();
    const body = await readBody(request, { holder, operation: "SQS", most: MOST_BYTES, noRoom }, clock, room);
    let asked: Asked;
    let signer: Signer;
    try {
      signer = head.check(body.bytes);
      told.principal = signer.principal;
      if (!place.becomes(holderOf(signer.principal.tenant ?? mainTenant))) throw busy();
      asked = readAsked(request, body.bytes, told.isQuery);
    } finally {
      body.release();
    }
    return run(request, signer, asked, told);
  }

  async function run(request: IncomingMessage, { principal, region }: Signer, asked: Asked, told: Told): Promise<Record<string, unknown>> {
    const order = ordered(asked);
    if (order.right !== "invoke") await turns.take(holderOf(principal.tenant ?? mainTenant)[0]);
    Object.assign(told, { operation: asked.operation, right: order.right, target: order.target });
    const own = principal.tenant ?? mainTenant;
    const account = ownerOf(catalog, { tenant: own, account: accountOf(own), region }, order.named, told.isQuery);
    if (account.tenant !== own) told.owner = account.tenant;
    if (!may({ ...principal, apps: null }, order.right, { tenant: account.tenant, app: null }))
      throw denied(accountOf(own), principal, asked.operation);
    return order.run({
      isQuery: told.isQuery,
      account,
      principal,
      origin: originOf(request, options.isTls),
      trace: traceOf(request.headers),
      left: told.left,
      queues,
    });
  }

  async function handle(request: IncomingMessage, response: ServerResponse, peer: string): Promise<void> {
    const id = randomUUID();
    const isQuery = !isJson(request.headers);
    const told: Told = {
      peer,
      operation: null,
      right: "read",
      target: "",
      principal: null,
      status: 200,
      result: "ok",
      isQuery,
      left: () => leaving(request, response),
    };
    try {
      const body = await answer(request, response, told);
      options.audit(told);
      sendAnswer(response, id, told.operation!, body, isQuery);
    } catch (error) {
      const refused = error instanceof SignatureRefusal ? refusal(error, options.wrong, peer) : asSqsError(error, isQuery);
      if (refused.status >= 500) options.onError(error);
      options.audit({ ...told, status: refused.status, result: refused.name });
      if (response.headersSent || response.destroyed) response.destroy();
      else sendError(response, id, refused, isQuery);
    }
  }

  return {
    owns: (_url, headers) => isJson(headers) || /^AWS4-HMAC-SHA256 .{0,300}\/sqs\/aws4_request/.test(headers.authorization ?? ""),
    handle: (request, response, peer) => {
      handle(request, response, peer).catch((error: unknown) => {
        options.onError(error);
        response.destroy();
      });
    },
  };
}

type Signer = ReturnType<HeadOfSigned<Principal>["check"]>;

/** The caller's own account, unless a URL names that of another tenant of this server. */
function ownerOf(catalog: Pick<Catalog, "tenants">, own: Account, named: NamedQueue | undefined, isQuery: boolean): Account {
  if (named?.account === undefined || named.account === own.account) return own;
  const tenant = tenantOfAccount(catalog, named.account);
  if (tenant === undefined) throw noSuchQueue(isQuery);
  return { tenant, account: named.account, region: own.region };
}

function denied(account: string, principal: Principal, operation: string): SqsError {
  return new SqsError(
    "AccessDeniedException",
    `User: arn:aws:iam::${account}:user/${principal.name} is not authorized to perform: sqs:${operation}`,
  );
}

/** Signatures that are no good are counted. */
function refusal({ fault, message }: SignatureRefusal, wrong: WrongCredentials, peer: string): SqsError {
  if (fault !== "MissingAuthenticationTokenException" && wrong.count(peer) > 0)
    return new SqsError("RequestThrottled", new MayflyError("too-many-wrong-credentials").message);
  return new SqsError(fault, message);
}

/**
 * Aborted when the client has left, or has closed its half of the connection: both look the same for seconds, in which a message would be given to nobody. A client that is
 * still there gets an empty answer, as at the end of its wait.
 */
function leaving({ socket }: IncomingMessage, response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  const leave = guarded(
    () => controller.abort(),
    () => {},
  );
  if (response.closed || socket.destroyed || socket.readableEnded) controller.abort();
  socket.once("end", leave);
  const over = () => {
    socket.off("end", leave);
    if (!response.writableFinished) controller.abort();
  };
  response.once(
    "close",
    guarded(over, () => {}),
  );
  return controller.signal;
}
