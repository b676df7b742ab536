import { ownerXml } from "../access/acl.ts";
import type { S3Answer, S3Call, S3Operation } from "../call.ts";
import type { StoredVersion } from "../../../services/objects/store/rows.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf, type Xml } from "../xml.ts";

const MOST = 1_000;

export const listOperations: readonly S3Operation[] = [
  {
    operation: "ListObjects",
    method: "GET",
    isOfContent: true,
    level: "bucket",
    right: "read",
    others: "READ",
    handle: (call) => (call.query.get("list-type") === "2" ? listV2(call) : listV1(call)),
  },
  {
    operation: "ListObjectVersions",
    method: "GET",
    isOfContent: true,
    level: "bucket",
    query: "versions",
    right: "read",
    others: "READ",
    handle: listVersions,
  },
];

/** What the listings have in common. */
export function queryOf({ name, query }: S3Call): {
  bucket: string;
  prefix: string;
  delimiter: string;
  most: number;
  encode: (text: string) => string;
  encoding: string | undefined;
} {
  const encoding = query.get("encoding-type") ?? undefined;
  if (encoding !== undefined && encoding !== "url")
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "encoding-type", ArgumentValue: encoding.slice(0, 100) },
      "Invalid Encoding Method specified in Request",
    );
  return {
    bucket: name,
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    most: mostOf(query, "max-keys"),
    encoding,
    encode: encoding === "url" ? urlEncoded : (text) => text,
  };
}

/** A listing goes on after all keys of the common prefix that its marker is in. */
export function afterMarker(marker: string, { prefix, delimiter }: { prefix: string; delimiter: string }): string {
  const at = delimiter !== "" && marker.startsWith(prefix) ? marker.indexOf(delimiter, prefix.length) : -1;
  return at < 0 ? marker : marker.slice(0, at + delimiter.length);
}

/** As AWS encodes keys in listings. */
function urlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replaceAll("%2F", "/")
    .replaceAll("%20", "+")
    .replaceAll(/[!'()~]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function mostOf(query: URLSearchParams, name: string): number {
  const text = query.get(name);
  if (text === null || text === "") return MOST;
  if (!/^-?\d{1,12}$/.test(text))
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: name, ArgumentValue: text.slice(0, 50) },
      `Provided ${name} not an integer or within integer range`,
    );
  const most = Number(text);
  if (most < 0 || most > 2_147_483_647)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: name, ArgumentValue: text.slice(0, 50) },
      `Argument ${name} must be an integer between 0 and 2147483647`,
    );
  return Math.min(most, MOST);
}

async function listV1(call: S3Call): Promise<S3Answer> {
  const { objects, query, caller } = call;
  const { encode, encoding, ...asked } = queryOf(call);
  const marker = query.get("marker") ?? "";
  const listed = await objects.list({ ...asked, after: afterMarker(marker, asked) });
  const body = documentOf("ListBucketResult", {
    Name: asked.bucket,
    Prefix: encode(asked.prefix),
    Marker: encode(marker),
    NextMarker: listed.next !== null && asked.delimiter !== "" ? encode(listed.next) : undefined,
    MaxKeys: asked.most,
    Delimiter: asked.delimiter === "" ? undefined : encode(asked.delimiter),
    EncodingType: encoding,
    IsTruncated: listed.next !== null,
    // Nobody is not told whose they are.
    Contents: listed.objects.map((each) => objectXml(each, encode, caller !== null)),
    CommonPrefixes: listed.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
  return { body, headers: { "x-amz-bucket-region": call.bucket.region } };
}

async function listV2(call: S3Call): Promise<S3Answer> {
  const { objects, query } = call;
  const { encode, encoding, ...asked } = queryOf(call);
  const [token, startAfter] = [query.get("continuation-token"), query.get("start-after") ?? ""];
  const after = token === null ? startAfter : keyOfToken(token);
  const listed = await objects.list({ ...asked, after });
  const body = documentOf("ListBucketResult", {
    Name: asked.bucket,
    Prefix: encode(asked.prefix),
    MaxKeys: asked.most,
    Delimiter: asked.delimiter === "" ? undefined : encode(asked.delimiter),
    EncodingType: encoding,
    KeyCount: listed.objects.length + listed.prefixes.length,
    IsTruncated: listed.next !== null,
    ContinuationToken: token ?? undefined,
    NextContinuationToken: listed.next === null ? undefined : tokenOf(listed.next),
    StartAfter: startAfter === "" || token !== null ? undefined : encode(startAfter),
    Contents: listed.objects.map((each) => objectXml(each, encode, query.get("fetch-owner") === "true")),
    CommonPrefixes: listed.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  });
  return { body, headers: { "x-amz-bucket-region": call.bucket.region } };
}

function tokenOf(key: string): string {
  return Buffer.from(key).toString("base64url");
}

/** Throws "InvalidArgument" if no listing has given that token. */
function keyOfToken(token: string): string {
  const key = Buffer.from(token, "base64url").toString("utf8");
  if (key === "" || tokenOf(key) !== token)
    throw new S3Error("InvalidArgument", { ArgumentName: "continuation-token" }, "The continuation token provided is incorrect");
  return key;
}

async function listVersions(call: S3Call): Promise<S3Answer> {
  const { objects, query } = call;
  const { encode, encoding, ...asked } = queryOf(call);
  const [keyMarker, versionMarker] = [query.get("key-marker") ?? "", query.get("version-id-marker") ?? undefined];
  // Both empty: the listing begins at its beginning.
  if (versionMarker === "" && keyMarker !== "")
    throw new S3Error("InvalidArgument", { ArgumentName: "version-id-marker", ArgumentValue: "" }, "A version-id marker cannot be empty.");
  if (versionMarker !== undefined && versionMarker !== "" && keyMarker === "")
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "version-id-marker", ArgumentValue: versionMarker.slice(0, 100) },
      "A version-id marker cannot be specified without a key marker.",
    );
  const after = afterMarker(keyMarker, asked);
  const listed = await objects.listVersions({ ...asked, after, afterVersion: after === keyMarker ? versionMarker : undefined });
  const head: Xml = {
    Name: asked.bucket,
    Prefix: encode(asked.prefix),
    KeyMarker: encode(keyMarker),
    VersionIdMarker: versionMarker ?? "",
    NextKeyMarker: listed.next === null ? undefined : encode(listed.next),
    NextVersionIdMarker: listed.next === null ? undefined : (listed.nextVersion ?? undefined),
    MaxKeys: asked.most,
    Delimiter: asked.delimiter === "" ? undefined : encode(asked.delimiter),
    EncodingType: encoding,
    IsTruncated: listed.next !== null,
    Version: listed.objects.filter(({ isMarker }) => !isMarker).map((each) => Object.assign(versionXml(each, encode), contentXml(each))),
    DeleteMarker: listed.objects.filter(({ isMarker }) => isMarker).map((each) => versionXml(each, encode)),
    CommonPrefixes: listed.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  };
  return { body: documentOf("ListVersionsResult", head) };
}

function objectXml(found: StoredVersion, encode: (text: string) => string, withOwner: boolean): Xml {
  const { key, modifiedAt, about } = found;
  return {
    Key: encode(key),
    LastModified: new Date(modifiedAt).toISOString(),
    ...contentXml(found),
    Owner: withOwner ? ownerXml(about.owner) : undefined,
  };
}

function contentXml({ etag, size, about }: StoredVersion): { readonly [name: string]: Xml } {
  return {
    ETag: `"${etag}"`,
    ChecksumAlgorithm: about.checksum?.algorithm,
    ChecksumType: about.checksum?.type,
    Size: size,
    StorageClass: about.storageClass ?? "STANDARD",
  };
}

function versionXml(
  { key, version, isLatest, modifiedAt, about }: StoredVersion,
  encode: (text: string) => string,
): { readonly [name: string]: Xml } {
  return {
    Key: encode(key),
    VersionId: version,
    IsLatest: isLatest,
    LastModified: new Date(modifiedAt).toISOString(),
    Owner: ownerXml(about.owner),
  };
}
