/**
 * S3's protocol: a table of operations, a signature that is checked before anything of the body is read, and one place where errors become AWS's documents.
 *
 * 1. A request is carried out only for a principal that may do it, or for whom an access control list lets in.
 * 2. Content is streamed: from the request to the store, and from the store to the reply, no faster than the receiver takes it.
 * 3. Nothing that a client sends is able to throw past handle().
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { finished } from "node:stream/promises";
import type { Clock } from "../../base/clock/clock.ts";
import { guarded } from "../../base/errors/guarded.ts";
import { mainTenant } from "../../base/ids/new-id.ts";
import type { Shares } from "../../clients/shares.ts";
import type { WrongCredentials } from "../../clients/wrong-credentials.ts";
import type { Bucket } from "../../services/objects/object.ts";
import type { Objects } from "../../services/objects/objects.ts";
import type { Principals } from "../../store/principals/principal.ts";
import { traceInHeaders } from "../../telemetry/traces/trace-header.ts";
import type { AuditedCall } from "../lambda/door.ts";
import { holderOf, strangers, takePlace } from "../lambda/take-place.ts";
import type { Headers } from "../signature/read-signature.ts";
import { authorize } from "./access/authorize.ts";
import type { Caller, S3Answer, S3Call, S3Operation } from "./call.ts";
import { type CorsRule, corsHeaders } from "./cors.ts";
import { bucketOperations } from "./operations/buckets.ts";
import { bucketPolicyOperations } from "./operations/bucket-policy.ts";
import { bucketSettingOperations } from "./operations/bucket-settings.ts";
import { postObject } from "./forms/post-object.ts";
import type { NotificationTargets } from "./notification-targets.ts";
import { notificationOperations } from "./operations/notifications.ts";
import { listOperations } from "./operations/lists.ts";
import { copyOperations } from "./operations/copies.ts";
import { objectAttributes } from "./operations/object-attributes.ts";
import { objectReads } from "./operations/object-reads.ts";
import { objectOperations } from "./operations/objects.ts";
import { objectSettingOperations } from "./operations/object-settings.ts";
import { uploadLists } from "./operations/upload-lists.ts";
import { uploadOperations } from "./operations/uploads.ts";
import { type Address, addressOf } from "./request/address.ts";
import { authenticate } from "./request/authenticate.ts";
import { encryptionBegun } from "./request/encryption.ts";
import { operationOf } from "./request/operation-of.ts";
import { sendPiece } from "./send-piece.ts";
import { asS3Error, S3Error } from "./s3-error.ts";
import { documentOf } from "./xml.ts";

export interface S3DoorOptions {
  objects: Objects;
  principals: Pick<Principals, "ofAccessKey">;
  /** Who can be told of changes. */
  targets: NotificationTargets;
  /** Names under which this door is reached: a bucket's name may stand before them. */
  hosts: readonly string[];
  isTls: boolean;
  /** For the requests that are under way: no tenant has all that there may be. */
  places: Shares;
  /** Called when the reply to a call is known that is about a bucket, not about what is in it. */
  audit(call: AuditedCall): void;
  /** How many wrong signatures come from each address. */
  wrong: WrongCredentials;
  clock: Pick<Clock, "wall">;
  /** Called with failures that are not the caller's fault. */
  onError(error: unknown): void;
}

export interface S3Door {
  /** @param peer the caller's address */
  handle(request: IncomingMessage, response: ServerResponse, peer: string): void;
  /** A request of somebody who is known already: its signature is not looked at. Resolves when it is answered. */
  answer(request: IncomingMessage, response: ServerResponse, known: Known): Promise<void>;
}

/** Who sends a request, and the buckets that there are for it. */
interface Known {
  caller: Caller;
  objects: Objects;
  /** Whether the operation may be done with the bucket of that name, besides what the caller's role allows. */
  admits(bucket: string, operation: S3Operation): boolean;
}

const s3Operations: readonly S3Operation[] = [
  ...bucketOperations,
  ...bucketSettingOperations,
  ...bucketPolicyOperations,
  ...notificationOperations,
  postObject,
  ...objectOperations,
  ...copyOperations,
  ...objectReads,
  objectAttributes,
  ...objectSettingOperations,
  ...listOperations,
  ...uploadOperations,
  ...uploadLists,
];

const DEFAULT_REGION = "us-east-1";
/** Of what a refused request sends, and what is waited for it. */
const MOST_REST_BYTES = 262_144;
const REST_MS = 500;

export function createS3Door(options: S3DoorOptions): S3Door {
  const { principals, clock, wrong, hosts, isTls, targets, places } = options;

  async function call(
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
    peer: string,
    address: Address,
    from: Known | undefined,
  ): Promise<[S3Call, S3Operation]> {
    const { bucket: name, key, query, isByHost } = address;
    const method = request.method ?? "";
    const now = clock.wall();
    const head = { method, url: request.url ?? "/", headers: request.headers as Headers, bucketOfHost: isByHost ? name : undefined };
    const signed = from === undefined ? authenticate(head, query, principals, now) : null;
    const caller = from?.caller ?? (signed && { principal: signed.principal, tenant: signed.principal.tenant ?? mainTenant });
    if (takePlace(places, response, caller === null ? strangers : holderOf(caller.tenant)) === null) throw new S3Error("SlowDown");
    const { objects } = from ?? options;
    const headers = signed?.headers ?? head.headers;
    const operation = operationOf(s3Operations, method, address, headers);
    const known = operation.level === "service" || operation.isFree === true ? null : await objects.bucket(name);
    if (known === null && operation.level !== "service" && operation.isFree !== true)
      throw new S3Error("NoSuchBucket", { BucketName: name });
    // An operation that needs no bucket does not look at it.
    const bucket = known ?? (undefined as unknown as Bucket);
    const made: S3Call = {
      id,
      operation: operation.operation,
      method,
      name,
      bucket,
      key,
      query,
      headers,
      caller,
      region: signed?.region ?? DEFAULT_REGION,
      payload: signed?.payload ?? headers["x-amz-content-sha256"] ?? "UNSIGNED-PAYLOAD",
      seed: signed?.seed,
      isPresigned: query.has("X-Amz-Signature") || query.has("Signature"),
      request,
      author: {
        principal: caller?.principal.name ?? "anonymous",
        tenant: caller?.tenant,
        peer,
        request: id,
        trace: traceInHeaders(request.headers),
      },
      objects,
      principals,
      targets,
      begun: known === null ? undefined : await encryptionBegun({ objects, bucket }, address),
      now,
      origin: `${isTls ? "https" : "http"}://${headers["host"] ?? ""}`,
    };
    return [made, operation];
  }

  /** Carries the operation out, if the caller may. */
  async function audited(made: S3Call, operation: S3Operation, response: ServerResponse, from?: Known): Promise<S3Answer> {
    const told = (status: number, result: string) => {
      if (operation.level === "object" || operation.isOfContent === true) return;
      const { caller, name, author } = made;
      const about = { peer: author.peer, operation: operation.operation, right: operation.right, target: name };
      options.audit({ ...about, principal: caller?.principal ?? null, status, result });
    };
    try {
      if (from?.admits(made.name, operation) === false) throw new S3Error("AccessDenied");
      if (operation.authorizesItself !== true) authorize(made, operation);
      // A client that asks first sends its body only if it is not refused anyway.
      if (made.request.headers.expect?.toLowerCase() === "100-continue") response.writeContinue();
      const answer = await operation.handle(made);
      told(answer.status ?? 200, "ok");
      return answer;
    } catch (error) {
      const { status, name } = asS3Error(error, { bucket: made.name, key: made.key, versionId: undefined });
      told(status, name);
      throw error;
    }
  }

  async function corsOf(
    request: IncomingMessage,
    { bucket }: Address,
    { objects }: Pick<Known, "objects">,
  ): Promise<Record<string, string> | undefined> {
    const { origin } = request.headers;
    if (origin === undefined || bucket === "") return undefined;
    const isPreflight = request.method === "OPTIONS";
    const rules = ((await objects.bucket(bucket))?.settings["cors"] ?? []) as CorsRule[];
    // A request that names a method is asked for that one, whatever it is itself.
    const method = request.headers["access-control-request-method"] ?? (isPreflight ? undefined : request.method);
    const names = (isPreflight ? (request.headers["access-control-request-headers"] ?? "") : "")
      .split(",")
      .map((each) => each.trim().toLowerCase());
    return corsHeaders(
      rules,
      origin,
      method ?? "",
      names.filter((each) => each !== ""),
    );
  }

  async function preflight(request: IncomingMessage, address: Address, from: Pick<Known, "objects">): Promise<S3Answer> {
    const { origin, "access-control-request-method": method } = request.headers;
    if (origin === undefined) throw new S3Error("BadRequest", {}, "Insufficient information. Origin request header needed.");
    if (method === undefined) throw new S3Error("BadRequest", {}, "Invalid Access-Control-Request-Method: null");
    const headers = await corsOf(request, address, from);
    if (headers === undefined)
      throw new S3Error("AccessForbidden", { Method: method.slice(0, 50), ResourceType: address.key === "" ? "BUCKET" : "OBJECT" });
    return { headers };
  }

  async function handle(request: IncomingMessage, response: ServerResponse, peer: string, from?: Known): Promise<void> {
    const id = randomUUID().replaceAll("-", "").slice(0, 16).toUpperCase();
    let address: Address = { bucket: "", key: "", query: new URLSearchParams(), isByHost: false };
    try {
      address = addressOf(request.url ?? "/", request.headers.host ?? "", hosts);
      if (request.method === "OPTIONS") return await send(request, response, id, await preflight(request, address, from ?? options));
      const [made, operation] = await call(request, response, id, peer, address, from);
      const answer = await audited(made, operation, response, from);
      const cors = await corsOf(request, address, from ?? options);
      await send(request, response, id, cors === undefined ? answer : { ...answer, headers: { ...cors, ...answer.headers } });
    } catch (error) {
      const isWrong = error instanceof S3Error && (error.name === "SignatureDoesNotMatch" || error.name === "InvalidAccessKeyId");
      // Wrong signatures of an address are counted: after many, it has to wait.
      const failure = isWrong && wrong.count(peer) > 0 ? new S3Error("SlowDown") : error;
      const told = asS3Error(failure, { bucket: address.bucket, key: address.key, versionId: address.query.get("versionId") ?? undefined });
      if (told.status >= 500 && told.name === "InternalError" && !request.destroyed) options.onError(failure);
      if (response.headersSent || response.destroyed) return void response.destroy();
      await readRest(request);
      await send(
        request,
        response,
        id,
        errorAnswer(request, id, told, await corsOf(request, address, from ?? options).catch(() => undefined)),
      );
    }
  }

  function begin(request: IncomingMessage, response: ServerResponse, peer: string, from?: Known): Promise<void> {
    // A client that leaves while nobody reads its request is no failure.
    const ignored = guarded(
      () => {},
      () => {},
    );
    request.on("error", ignored);
    response.on("error", ignored);
    return handle(request, response, peer, from).catch((error: unknown) => {
      if (!request.destroyed && !response.destroyed) options.onError(error);
      response.destroy();
    });
  }

  return {
    handle: (request, response, peer) => void begin(request, response, peer),
    answer: (request, response, known) => begin(request, response, "machine", known),
  };
}

/** Of a small body: a connection that ends while bytes are unread may take the answer with it. */
async function readRest(request: IncomingMessage): Promise<void> {
  const length = Number(request.headers["content-length"] ?? Number.NaN);
  const isSmall = length <= MOST_REST_BYTES && request.headers.expect === undefined;
  if (request.complete || request.destroyed || !isSmall) return;
  request.unpipe();
  request.resume();
  await finished(request, { writable: false, signal: AbortSignal.timeout(REST_MS) }).catch(() => {});
}

function errorAnswer(request: IncomingMessage, id: string, error: S3Error, cors: Record<string, string> = {}): S3Answer {
  const headers: Record<string, string> = { ...cors, ...error.headers };
  // A body that was not read stands before the next request: the connection ends with the answer.
  if (!request.complete) headers["connection"] = "close";
  if (request.method === "HEAD") return { status: error.status, headers };
  const body = documentOf("Error", { Code: error.name, Message: error.message, ...error.details, RequestId: id, HostId: id }, null);
  return { status: error.status, headers, body };
}

async function send(
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  { status = 200, headers = {}, body, release }: S3Answer,
): Promise<void> {
  try {
    const head: Record<string, string> = { "x-amz-request-id": id, "x-amz-id-2": id, server: "Mayfly" };
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) head[name] = value;
    if (body === undefined) {
      if (request.method !== "HEAD" && status !== 204 && status !== 304) head["content-length"] ??= "0";
      return void response.writeHead(status, head).end();
    }
    if (typeof body === "string") {
      head["content-type"] = "application/xml";
      head["content-length"] = String(Buffer.byteLength(body));
      return void response.writeHead(status, head).end(body);
    }
    response.writeHead(status, head);
    if (body instanceof Uint8Array) return void response.end(body);
    for await (const piece of body) await sendPiece(response, piece);
    response.end();
  } finally {
    release?.();
  }
}
