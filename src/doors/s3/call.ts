/** What an operation of S3's protocol is, and what it gets of a request. */
import type { IncomingMessage } from "node:http";
import type { Objects } from "../../services/objects/objects.ts";
import type { Author, Bucket, Encryption } from "../../services/objects/object.ts";
import type { Principal, Principals } from "../../store/principals/principal.ts";
import type { Headers } from "../signature/read-signature.ts";
import type { NotificationTargets } from "./notification-targets.ts";
import type { ChunkSeed } from "./request/authenticate.ts";

export interface Caller {
  principal: Principal;
  /** The tenant's id. */
  tenant: string;
}

export interface S3Call {
  /** In x-amz-request-id. */
  id: string;
  /** AWS's name of it. */
  operation: string;
  method: string;
  /** The bucket's name, or empty. */
  name: string;
  /** Only where the operation needs one that exists. */
  bucket: Bucket;
  key: string;
  query: URLSearchParams;
  headers: Headers;
  /** Null: nobody has signed the request. */
  caller: Caller | null;
  region: string;
  /** What the signature says of the body. */
  payload: string;
  seed: ChunkSeed | undefined;
  isPresigned: boolean;
  request: IncomingMessage;
  author: Author;
  objects: Objects;
  targets: NotificationTargets;
  /** Whose the keys are that a body may name. */
  principals: Pick<Principals, "ofAccessKey">;
  /** How the upload was begun to be encrypted that the request is about. Only where the bucket's policy may ask for it. */
  begun?: Encryption | undefined;
  /** Wall clock, ms. */
  now: number;
  /** As the client reaches this service, without a trailing slash. */
  origin: string;
}

export interface S3Answer {
  status?: number;
  headers?: Record<string, string | undefined>;
  /** A document, or content. Left out: none. */
  /** Of a stream, each piece is sent before the next one is asked for. */
  body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Called when the answer has been sent, or cannot be. */
  release?: () => void;
}

export interface S3Operation {
  /** AWS's name of it. */
  operation: string;
  method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  level: "service" | "bucket" | "object";
  /** A parameter or header that a request must have for this operation rather than for another one of the method and level. */
  query?: string;
  header?: string;
  /** What the caller's role must allow, if the bucket is its tenant's. */
  right: "read" | "deploy";
  /** The permission by which others may. Left out: nobody else may. `object`: the operation asks for it, since it is the object's. */
  others?: "READ" | "WRITE" | "READ_ACP" | "WRITE_ACP" | "object";
  /** Whether the bucket may be missing. */
  isFree?: boolean;
  /** Whether an operation on a bucket is about its objects: there is no line of the audit log for it. */
  isOfContent?: boolean;
  /** Whether the body says who sent it. */
  authorizesItself?: boolean;
  handle(call: S3Call): Promise<S3Answer>;
}
