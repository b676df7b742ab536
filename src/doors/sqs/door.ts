/**
 * SQS's API: operations by name, in two protocols, of which the newer is JSON and the older a form that is answered with XML.
 *
 * 1. A request is answered only to a principal that signed it and may do what it asks.
 * 2. The body is read within a limit of its own and one for all requests together, of which no tenant gets all, and only if the head names a key.
 * 3. Of the requests that are under way, those that wait for messages included, no tenant has all that there may be.
 * 4. Nothing that a client sends is able to throw past handle().
 */
import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { guarded } from "../../base/errors/guarded.ts";
import { MayflyError } from "../../base/errors/error.ts";
import type { Clock } from "../../base/clock/clock.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import { Shares } from "../../clients/shares.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import { type Account, accountOf } from "../../control/lambda/names.ts";
import { tenantOfAccount } from "../../control/lambda/other-accounts.ts";
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
import type { SqsCall } from "./call.ts";
import { Input, isObject } from "./input.ts";
import { operations } from "./operations/all.ts";
import { readQuery } from "./query/read-query.ts";
import { answerXml, errorXml } from "./query/write-xml.ts";
import { type NamedQueue, readQueueUrl } from "./queue-name.ts";
import { asSqsError, noSuchQueue, SqsError } from "./sqs-error.ts";

export interface SqsDoorOptions {
  queues: Queues;
  catalog: Pick<Catalog, "tenants">;
  principals: Pick<Principals, "ofAccessKey">;
  /** For the requests that are under way. */
  places: Shares;
  audit(call: AuditedCall): void;
  /** How many wrong signatures come from each address. */
  wrong: WrongCredentials;
  isTls: boolean;
  clock: Clock;
  /** Called with failures that are not the caller's fault. */
  onError(error: unknown): void;
}

const TARGET = "AmazonSQS.";
/** Of all requests together. */
const ALL_BODIES = 100_000_000;
/** Ten messages of one batch, or one of the largest, with all that is escaped in it. */
const MOST_BYTES = 8_000_000;

interface Told extends AuditedCall {
  isQuery: boolean;
  /** Aborted when the client has left. */
  left: AbortSignal;
}

export function createSqsDoor(options: SqsDoorOptions): BesideApi {
  const { principals, clock, places, queues, catalog } = options;
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
      asked = read(request, body.bytes, told.isQuery);
    } finally {
      body.release();
    }
    return run(request, signer, asked, told);
  }

  async function run(request: IncomingMessage, { principal, region }: Signer, asked: Asked, told: Told): Promise<Record<string, unknown>> {
    const operation = operations.get(asked.operation);
    if (operation === undefined)
      throw new SqsError("UnknownOperationException", `The action ${asked.operation.slice(0, 100)} is not valid for this endpoint.`);
    const { right } = operation;
    const input = new Input(asked.members);
    const url = input.text("QueueUrl");
    const named = url === undefined ? undefined : readQueueUrl(url);
    Object.assign(told, { operation: asked.operation, right, target: named?.name ?? input.text("QueueName") ?? "" });
    const own = principal.tenant ?? mainTenant;
    const account = ownerOf(catalog, { tenant: own, account: accountOf(own), region }, named, told.isQuery);
    if (account.tenant !== own) told.owner = account.tenant;
    if (!may({ ...principal, apps: null }, right, { tenant: account.tenant, app: null }))
      throw denied(accountOf(own), principal, asked.operation);
    const ref = () => {
      if (named === undefined) throw new SqsError("MissingRequiredParameterException", "The request must contain the parameter QueueUrl.");
      return { tenant: account.tenant, name: named.name, apps: principal.apps };
    };
    const call: SqsCall = {
      input,
      isQuery: told.isQuery,
      account,
      principal,
      origin: `${options.isTls ? "https" : "http"}://${hostOf(request.headers)}`,
      trace: traceOf(request.headers),
      signal: told.left,
      queues,
      ref,
      look: () => queues.look(ref()),
    };
    return operation.handle(call);
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
      left: leaving(request, response),
    };
    try {
      const body = await answer(request, response, told);
      options.audit(told);
      if (isQuery) send(response, id, 200, "text/xml", answerXml(told.operation!, id, body));
      else
        send(response, id, 200, JSON_TYPE, Object.keys(body).length === 0 && returnsNothing(told.operation!) ? "" : JSON.stringify(body));
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

interface Asked {
  operation: string;
  members: Record<string, unknown>;
}

const JSON_TYPE = "application/x-amz-json-1.0";

function isJson(headers: IncomingHttpHeaders): boolean {
  const target = headers["x-amz-target"];
  return typeof target === "string" && target.startsWith(TARGET);
}

function read(request: IncomingMessage, body: Buffer, isQuery: boolean): Asked {
  if (isQuery) return readForm(request, body);
  const operation = String(request.headers["x-amz-target"]).slice(TARGET.length);
  let members: unknown;
  try {
    members = body.length === 0 ? {} : JSON.parse(body.toString());
  } catch {
    throw new SqsError("SerializationException", "The request body is no JSON");
  }
  if (!isObject(members)) throw new SqsError("SerializationException", "The request body must be an object");
  return { operation, members };
}

/** A queue's own URL may be the target of a request, which then needs not name it again. */
function readForm({ url = "/", method }: IncomingMessage, body: Buffer): Asked {
  const at = url.indexOf("?");
  const [path, query] = at < 0 ? [url, ""] : [url.slice(0, at), url.slice(at + 1)];
  const asked = readQuery(method === "GET" ? query : body.toString());
  return path.length > 1 && asked.members["QueueUrl"] === undefined ? { ...asked, members: { ...asked.members, QueueUrl: path } } : asked;
}

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

/** The host that the client called; it becomes a part of the URLs of queues. */
function hostOf({ host = "" }: IncomingHttpHeaders): string {
  return /^[\w.:[\]-]{1,260}$/.test(host) ? host : "localhost";
}

function traceOf(headers: IncomingHttpHeaders): string | undefined {
  const text = headers["x-amzn-trace-id"];
  return typeof text === "string" && /^[\w=;.: -]{1,500}$/.test(text) ? text : undefined;
}

const withoutAnswer = new Set(
  "AddPermission ChangeMessageVisibility DeleteMessage DeleteQueue PurgeQueue RemovePermission SetQueueAttributes TagQueue UntagQueue".split(
    " ",
  ),
);

function returnsNothing(operation: string): boolean {
  return withoutAnswer.has(operation);
}

function sendError(response: ServerResponse, id: string, error: SqsError, isQuery: boolean): void {
  if (isQuery) return send(response, id, error.status, "text/xml", errorXml(id, error));
  const body = JSON.stringify({ __type: `com.amazonaws.sqs#${error.name}`, message: error.message });
  const queryError = `${error.queryName};${error.status < 500 ? "Sender" : "Receiver"}`;
  send(response, id, error.status, JSON_TYPE, body, ["x-amzn-query-error", queryError]);
}

function send(response: ServerResponse, id: string, status: number, type: string, body: string, more: string[] = []): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, ["x-amzn-requestid", id, ...more, "content-type", type, "content-length", length]);
  response.end(body);
}
