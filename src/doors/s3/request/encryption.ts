/**
 * What requests say of encryption, and what answers say of it. By the server (SSE-S3): `x-amz-server-side-encryption: AES256`. With a key of the customer (SSE-C): three headers, which come with
 * each request that writes or reads the object. The words of the errors are AWS's.
 */
import { createHash } from "node:crypto";
import { isLoopback } from "../../../base/listen/address.ts";
import { isKeyOf, KEY_BYTES } from "../../../services/objects/encryption/data-keys.ts";
import { encryptionIn } from "../../../services/objects/encryption/object-keys.ts";
import type { AskedEncryption, Encryption } from "../../../services/objects/object.ts";
import type { Found } from "../../../services/objects/store/versions.ts";
import type { Headers } from "../../signature/read-signature.ts";
import type { S3Call } from "../call.ts";
import { S3Error } from "../s3-error.ts";
import type { Address } from "./address.ts";

const BY_SERVER = "x-amz-server-side-encryption";
const KMS_KEY = `${BY_SERVER}-aws-kms-key-id`;
const KMS_CONTEXT = `${BY_SERVER}-context`;
const CUSTOMER = `${BY_SERVER}-customer`;
const OF_SOURCE = "x-amz-copy-source-server-side-encryption-customer";
/** As machines' own channel is named where other requests have an address. */
const MACHINE = "machine";

type Call = Pick<S3Call, "headers" | "origin" | "author" | "request">;

/** How the object is to be encrypted that the request writes; undefined: not at all. Throws an S3Error. */
export function encryptionOf(call: Call & Pick<S3Call, "bucket" | "name" | "key">): AskedEncryption | undefined {
  const { headers, bucket, name, key } = call;
  const method = headers[BY_SERVER];
  const customerKey = customerKeyOf(call);
  if (customerKey === undefined) return encryptionIn(bucket, method === undefined ? withoutMethod(headers) : byServer(method, headers));
  if (bucket.settings.encryption?.blocksCustomerKeys === true)
    throw new S3Error(
      "AccessDenied",
      {},
      `This bucket has blocked upload requests that specify Server Side Encryption with Customer provided keys (SSE-C): "arn:aws:s3:::${name}/${key}". Please specify a different server-side encryption type`,
    );
  return { by: "customer", key: customerKey };
}

/** How a part is to be encrypted, which must be as its upload was begun. Throws an S3Error. */
export function encryptionOfPart(call: Call, upload: Encryption | undefined): AskedEncryption | undefined {
  const method = call.headers[BY_SERVER];
  if (method !== undefined && !(method === "AES256" && upload?.by === "server")) throw notHere(BY_SERVER);
  const key = customerKeyOf(call);
  if (upload?.by !== "customer" && key === undefined) return upload;
  if (upload?.by !== "customer" || key === undefined)
    throw new S3Error(
      "InvalidRequest",
      {},
      "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate encryption parameters.",
    );
  refuseOtherKey(upload, key);
  return { by: "customer", key };
}

/** How the upload is encrypted that the request is about; undefined also if the bucket's policy does not ask for it. */
export async function encryptionBegun(
  { objects, bucket }: Pick<S3Call, "objects" | "bucket">,
  { bucket: name, key, query }: Address,
): Promise<Encryption | undefined> {
  const upload = query.get("uploadId");
  if (upload === null || !/x-amz-server-side-encryption/i.test((bucket.settings["policy"] as string | undefined) ?? "")) return undefined;
  try {
    return (await objects.upload(name, key, upload)).about.object.encryption;
  } catch (error) {
    if ((error as { code?: string }).code === "no-such-upload") return undefined;
    throw error;
  }
}

/** The customer's key of a request that completes an upload, which need not have it. Throws an S3Error if it is another one. */
export function keyOfCompletion(call: Call, upload: Encryption | undefined): Buffer | undefined {
  const key = customerKeyOf(call);
  if (key === undefined) return undefined;
  if (upload?.by !== "customer") throw notApplicable();
  refuseOtherKey(upload, key);
  return key;
}

function refuseOtherKey(upload: Encryption & { by: "customer" }, key: Buffer): void {
  if (!isKeyOf(upload, key))
    throw new S3Error("InvalidRequest", {}, "The provided encryption parameters did not match the ones used originally.");
}

/** Whatever customer's key comes with the request fits an object that was found. Throws an S3Error, but not for a wrong or missing key: the store does. */
export function keyForReading(call: Call, { about, isMarker }: Pick<Found, "about" | "isMarker">): Buffer | undefined {
  return keyFor(customerKeyOf(call), about.encryption, isMarker);
}

/** The same of the source of a copy. */
export function keyOfSource(call: Call, { about, isMarker }: Pick<Found, "about" | "isMarker">): Buffer | undefined {
  return keyFor(customerKeyOf(call, OF_SOURCE), about.encryption, isMarker);
}

function keyFor(key: Buffer | undefined, encryption: Encryption | undefined, isMarker: boolean): Buffer | undefined {
  if (key !== undefined && encryption?.by !== "customer" && !isMarker) throw notApplicable();
  return key;
}

/** Who reads asks for no encryption. Throws "InvalidArgument". */
export function refuseMethod(headers: Headers): void {
  const asked = [BY_SERVER, KMS_KEY, KMS_CONTEXT].find((name) => headers[name] !== undefined);
  if (asked !== undefined) throw notHere(asked);
}

/** Whether the request says anything of how the object is to be encrypted. */
export function asksForEncryption(headers: Headers): boolean {
  return headers[BY_SERVER] !== undefined || headers[`${CUSTOMER}-algorithm`] !== undefined;
}

/** The customer's key that is to encrypt an object. */
export function customersKey(encrypt: AskedEncryption | undefined): Buffer | undefined {
  return encrypt?.by === "customer" ? encrypt.key : undefined;
}

/** Of an answer about an object. @param key the customer's, if the request had it */
export function encryptionHeaders(
  encryption: { by: Encryption["by"] } | undefined,
  key: Buffer | undefined,
): Record<string, string | undefined> {
  if (encryption?.by === "server") return { [BY_SERVER]: "AES256" };
  if (encryption === undefined || key === undefined) return {};
  return { [`${CUSTOMER}-algorithm`]: "AES256", [`${CUSTOMER}-key-MD5`]: md5Of(key) };
}

/** The customer's key in the head of a request; undefined: none of its three headers is there. Throws an S3Error. */
function customerKeyOf(call: Call, prefix = CUSTOMER): Buffer | undefined {
  const [algorithm, text, md5] = ["algorithm", "key", "key-md5"].map((part) => call.headers[`${prefix}-${part}`]);
  if (algorithm === undefined && text === undefined && md5 === undefined) return undefined;
  if (!isPrivate(call)) throw wrongKey("must be made over a secure connection.");
  const method = call.headers[BY_SERVER];
  if (prefix === CUSTOMER && method !== undefined)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: BY_SERVER, ArgumentValue: method.slice(0, 100) },
      "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
    );
  if (algorithm === undefined) throw wrongKey("must provide a valid encryption algorithm.");
  if (algorithm !== "AES256")
    throw new S3Error("InvalidEncryptionAlgorithmError", { ArgumentName: BY_SERVER, ArgumentValue: algorithm.slice(0, 100) });
  if (text === undefined) throw wrongKey("must provide an appropriate secret key.");
  if (md5 === undefined) throw wrongKey("must provide the client calculated MD5 of the secret key.");
  const key = Buffer.from(text, "base64");
  const isSame = md5Of(key) === md5;
  if (!isSame) throw invalid("The calculated MD5 hash of the key did not match the hash that was provided.");
  if (key.length !== KEY_BYTES || key.toString("base64") !== text) throw invalid("The secret key was invalid for the specified algorithm.");
  return key;
}

/** Whether nobody on a network reads the request: it came by TLS, from this host, or by a machine's own channel. */
function isPrivate({ origin, author, request }: Call): boolean {
  return origin.startsWith("https:") || author.peer === MACHINE || isLoopback((request.socket.remoteAddress ?? "").replace(/^::ffff:/, ""));
}

/** What goes with AWS's key management service alone means nothing without it. */
function withoutMethod(headers: Headers): undefined {
  const asked = [KMS_KEY, KMS_CONTEXT].find((name) => headers[name] !== undefined);
  if (asked !== undefined) throw onlyWithKms();
}

function byServer(method: string, headers: Headers): AskedEncryption {
  if (method === "AES256") {
    withoutMethod(headers);
    return { by: "server" };
  }
  if (method === "aws:kms" || method === "aws:kms:dsse")
    throw new S3Error(
      "NotImplemented",
      { Header: BY_SERVER },
      `This server has no key management service: it encrypts with keys of its own (${BY_SERVER}: AES256) or with the customer's (SSE-C), and not by ${method}.`,
    );
  throw new S3Error(
    "InvalidArgument",
    { ArgumentName: BY_SERVER, ArgumentValue: method.slice(0, 100) },
    "The encryption method specified is not supported",
  );
}

function onlyWithKms(): S3Error {
  return invalid(`Server Side Encryption with AWS KMS managed key requires HTTP header ${BY_SERVER} : aws:kms`);
}

function wrongKey(what: string): S3Error {
  return invalid(`Requests specifying Server Side Encryption with Customer provided keys ${what}`);
}

/** AWS names this header, whichever is wrong. */
function invalid(message: string): S3Error {
  return new S3Error("InvalidArgument", { ArgumentName: BY_SERVER, ArgumentValue: "null" }, message);
}

function notApplicable(): S3Error {
  return new S3Error("InvalidRequest", {}, "The encryption parameters are not applicable to this object.");
}

function notHere(header: string): S3Error {
  return new S3Error("InvalidArgument", { ArgumentName: header }, `${header} header is not supported for this operation.`);
}

function md5Of(key: Buffer): string {
  return createHash("md5").update(key).digest("base64");
}
