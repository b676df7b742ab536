/** An object that a browser sends by a form. Who signed the form's policy is told by its fields. */
import { ALGORITHMS, checksumBytes } from "../../../services/objects/checksums/checksum.ts";
import type { Stored } from "../../../services/objects/objects.ts";
import { mainTenant } from "../../../base/ids/new-id.ts";
import type { Headers } from "../../signature/read-signature.ts";
import { authorize } from "../access/authorize.ts";
import type { Caller, S3Answer, S3Call, S3Operation } from "../call.ts";
import { newAbout } from "../operations/objects.ts";
import { MOST_PUT_BYTES } from "../request/body.ts";
import { customersKey, encryptionHeaders, encryptionOf } from "../request/encryption.ts";
import { checkedTags } from "../request/object-headers.ts";
import { equal, signing } from "../request/authenticate.ts";
import { oldSignatureOf } from "../request/signature-v2.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf, parseXml } from "../xml.ts";
import { checkForm, type ContentLength, readFormPolicy } from "./form-policy.ts";
import { type Form, readForm } from "./read-form.ts";

/** Bytes above a form's limit that are still read, so that the error can say how many there were. */
const MORE = 1_048_576;
const MOST_KEY_BYTES = 1_024;

export const postObject: S3Operation = {
  operation: "PostObject",
  method: "POST",
  isOfContent: true,
  level: "bucket",
  right: "deploy",
  others: "WRITE",
  authorizesItself: true,
  async handle(call) {
    const form = await readForm(call.request);
    try {
      return await put(call, form);
    } finally {
      form.release();
    }
  },
};

async function put(call: S3Call, { fields, fileName, content }: Form): Promise<S3Answer> {
  const { name, objects } = call;
  const given = fields.get("key");
  if (given === undefined || given === "") throw missing("key");
  const key = fileName === undefined ? given : given.replaceAll("${filename}", fileName);
  // The policy is about the key that the object gets.
  const { caller, length } = signer(call, new Map([...fields, ["key", key]]));
  if (Buffer.byteLength(key) > MOST_KEY_BYTES)
    throw new S3Error("KeyTooLongError", { Size: Buffer.byteLength(key), MaxSizeAllowed: MOST_KEY_BYTES });
  const headers = headersOf(fields);
  const asked = { ...call, caller, key, headers };
  authorize(asked, postObject);
  const about = await newAbout(asked);
  const encrypt = encryptionOf(asked);
  const tagging = fields.get("tagging");
  if (tagging !== undefined) about.tags = tagsOfField(tagging);
  const algorithm = ALGORITHMS.find((each) => fields.has(`x-amz-checksum-${each.toLowerCase()}`));
  const wanted = algorithm && fields.get(`x-amz-checksum-${algorithm.toLowerCase()}`);
  if (algorithm !== undefined && Buffer.from(wanted!, "base64").length !== checksumBytes[algorithm])
    throw new S3Error("InvalidRequest", {}, `Value for x-amz-checksum-${algorithm.toLowerCase()} header is invalid.`);
  const most = length?.most ?? MOST_PUT_BYTES;
  const stored = await objects.put(
    {
      bucket: name,
      key,
      about,
      algorithm: algorithm ?? "CRC64NVME",
      check(digests, size) {
        if (size > most) throw new S3Error("EntityTooLarge", { ProposedSize: size, MaxSizeAllowed: most });
        if (length !== undefined && size < length.least)
          throw new S3Error("EntityTooSmall", { ProposedSize: size, MinSizeAllowed: length.least });
        if (algorithm !== undefined && digests.of(algorithm).toString("base64") !== wanted)
          throw new S3Error("BadDigest", {}, `The ${algorithm} you specified did not match the calculated checksum.`);
      },
      most: most + MORE,
      encrypt,
      how: "Post",
      author: { ...call.author, principal: caller?.principal.name ?? "anonymous", tenant: caller?.tenant },
    },
    content,
  );
  const encryption = encryptionHeaders(stored.encryption, customersKey(encrypt));
  return answerOf(call, key, fields, stored, encryption);
}

function missing(field: string): S3Error {
  return new S3Error(
    "InvalidArgument",
    { ArgumentName: field, ArgumentValue: "" },
    `Bucket POST must contain a field named '${field}'.  If it is specified, please check the order of the fields.`,
  );
}

/** Without a policy the form is anonymous. */
function signer(call: S3Call, fields: ReadonlyMap<string, string>): { caller: Caller | null; length?: ContentLength | undefined } {
  const { name, now } = call;
  const policy = fields.get("policy");
  const isOld = fields.has("awsaccesskeyid") || fields.has("signature");
  const isNew = fields.has("x-amz-signature") || fields.has("x-amz-credential") || fields.has("x-amz-algorithm");
  if (policy === undefined) {
    if (isOld || isNew) throw missing("policy");
    return { caller: null };
  }
  if (!isNew && !isOld) throw new S3Error("AccessDenied");
  const known = isNew ? signerOf(policy, fields, call) : oldSigner(policy, fields, call);
  known.used(now);
  const length = checkForm(readFormPolicy(policy), new Map([...fields, ["bucket", name]]), now);
  return { caller: { principal: known.principal, tenant: known.principal.tenant ?? mainTenant }, length };
}

type Signer = NonNullable<ReturnType<S3Call["principals"]["ofAccessKey"]>>;

/** By Signature V4. Throws an S3Error. */
function signerOf(policy: string, fields: ReadonlyMap<string, string>, { principals, now }: S3Call): Signer {
  for (const field of ["X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Signature"])
    if (!fields.has(field.toLowerCase())) throw missing(field);
  const [accessKeyId = "", day = "", region = "", service = "", end] = fields.get("x-amz-credential")!.split("/");
  if (fields.get("x-amz-algorithm") !== "AWS4-HMAC-SHA256" || service !== "s3" || end !== "aws4_request" || !/^\d{8}$/.test(day))
    throw new S3Error("InvalidArgument", {
      ArgumentName: "X-Amz-Credential",
      ArgumentValue: fields.get("x-amz-credential")!.slice(0, 200),
    });
  const known = principals.ofAccessKey(accessKeyId, now);
  const given = {
    accessKeyId,
    day,
    region,
    service,
    date: fields.get("x-amz-date")!,
    signedHeaders: [],
    signature: fields.get("x-amz-signature")!,
    expires: undefined,
  };
  const isRight = signing.isRightFor(policy, given, known?.secret ?? null);
  return rightSigner(known, isRight, { accessKeyId, signature: given.signature, policy });
}

/** By Signature V2. Throws an S3Error. */
function oldSigner(policy: string, fields: ReadonlyMap<string, string>, { principals, now }: S3Call): Signer {
  for (const field of ["AWSAccessKeyId", "Signature"]) if (!fields.has(field.toLowerCase())) throw missing(field);
  const [accessKeyId, signature] = [fields.get("awsaccesskeyid")!, fields.get("signature")!];
  const known = principals.ofAccessKey(accessKeyId, now);
  const isRight = equal(signature, oldSignatureOf(policy, known?.secret ?? null));
  return rightSigner(known, isRight, { accessKeyId, signature, policy });
}

function rightSigner(known: Signer | null, isRight: boolean, given: { accessKeyId: string; signature: string; policy: string }): Signer {
  const AWSAccessKeyId = given.accessKeyId.slice(0, 200);
  if (known === null) throw new S3Error("InvalidAccessKeyId", { AWSAccessKeyId });
  if (isRight) return known;
  const text = given.policy.slice(0, 20_000);
  throw new S3Error("SignatureDoesNotMatch", {
    AWSAccessKeyId,
    SignatureProvided: given.signature.slice(0, 200),
    StringToSign: text,
    StringToSignBytes: Buffer.from(text)
      .toString("hex")
      .replaceAll(/..(?=.)/g, "$& "),
  });
}

/** A document of another kind has no tags. */
function tagsOfField(text: string): Record<string, string> {
  const root = /<([A-Za-z]\w*)[\s/>]/.exec(text)?.[1] ?? "Tagging";
  const document = parseXml(Buffer.from(text), root);
  const tags = root === "Tagging" ? (document.one("TagSet")?.all("Tag") ?? []) : [];
  return checkedTags(tags.map((tag) => [tag.needed("Key"), tag.needed("Value")]));
}

/** The fields as the heads of other requests say the same things. */
function headersOf(fields: ReadonlyMap<string, string>): Headers {
  const found = new Map<string, string>();
  for (const [name, value] of fields) found.set(name === "acl" ? "x-amz-acl" : name, Buffer.from(value, "utf8").toString("latin1"));
  for (const name of ["x-amz-signature", "x-amz-credential", "x-amz-date", "x-amz-algorithm", "x-amz-tagging"]) found.delete(name);
  return Object.fromEntries(found);
}

function answerOf(
  { name, origin }: S3Call,
  key: string,
  fields: ReadonlyMap<string, string>,
  { etag, version }: Stored,
  encryption: Record<string, string | undefined>,
): S3Answer {
  const location = `${origin}/${name}/${encodeURIComponent(key)}`;
  const headers = { ...encryption, etag: `"${etag}"`, "x-amz-version-id": version, location };
  const redirect = fields.get("success_action_redirect") ?? fields.get("redirect");
  if (redirect !== undefined && URL.canParse(redirect)) {
    const url = new URL(redirect);
    url.searchParams.set("bucket", name);
    url.searchParams.set("key", key);
    url.searchParams.set("etag", `"${etag}"`);
    return { status: 303, headers: { ...headers, location: url.href } };
  }
  const status = fields.get("success_action_status");
  if (status === "201") {
    const body = documentOf("PostResponse", { Location: location, Bucket: name, Key: key, ETag: `"${etag}"` }, null);
    return { status: 201, headers, body };
  }
  return { status: status === "200" ? 200 : 204, headers };
}
