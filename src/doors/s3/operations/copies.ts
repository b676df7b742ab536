/** Copies of objects, and what copied parts have in common with them. */
import { ALGORITHMS, type Algorithm } from "../../../services/objects/checksums/checksum.ts";
import type { ObjectAbout } from "../../../services/objects/object.ts";
import type { ReadObject } from "../../../services/objects/objects.ts";
import { authorize } from "../access/authorize.ts";
import type { S3Call, S3Operation } from "../call.ts";
import { asksForEncryption, encryptionOf, keyOfSource } from "../request/encryption.ts";
import { contentHeaders, metadataOf, tagsOfQuery } from "../request/object-headers.ts";
import { isWanted, ofCopy } from "../request/reading.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf } from "../xml.ts";
import { getObject, readable } from "./object-reads.ts";
import { headersOfStored, newAbout, writeConditions } from "./objects.ts";

export const copyOperations: readonly S3Operation[] = [
  {
    operation: "CopyObject",
    method: "PUT",
    level: "object",
    header: "x-amz-copy-source",
    right: "deploy",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key, headers, author } = call;
      const { object, bucket, version } = await sourceOf(call);
      try {
        const about = await aboutOfCopy(call, object, bucket);
        const encrypt = encryptionOf(call);
        const wanted = headers["x-amz-checksum-algorithm"]?.toUpperCase() as Algorithm | undefined;
        if (wanted !== undefined && !ALGORITHMS.includes(wanted))
          throw new S3Error(
            "InvalidRequest",
            {},
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
          );
        const algorithm = wanted ?? object.found.about.checksum?.algorithm ?? "CRC64NVME";
        const stored = await objects.copy(
          { object },
          { bucket: name, key, about, algorithm, conditions: writeConditions(headers), author, encrypt },
        );
        const { etag, checksum, modifiedAt } = stored;
        const body = documentOf("CopyObjectResult", {
          ETag: `"${etag}"`,
          LastModified: new Date(modifiedAt).toISOString(),
          ...(checksum && { ChecksumType: checksum.type, [`Checksum${checksum.algorithm}`]: checksum.value }),
        });
        const { etag: _etag, ...headersOfCopy } = headersOfStored({ ...stored, checksum: undefined }, encrypt);
        return { body, headers: { ...headersOfCopy, "x-amz-version-id": stored.version, "x-amz-copy-source-version-id": version } };
      } finally {
        object.release();
      }
    },
  },
];

/** The object that a copy is of, which must be released. Throws an S3Error. */
export async function sourceOf(call: S3Call): Promise<{ object: ReadObject; bucket: string; version: string | undefined }> {
  const { headers, objects, now } = call;
  const text = headers["x-amz-copy-source"] ?? "";
  const [path = "", parameter] = text.replace(/^\//, "").split(/\?versionId=/);
  const [bucket, key] = splitPath(path);
  const from = await objects.bucket(bucket);
  if (from === null) throw new S3Error("NoSuchBucket", { BucketName: bucket });
  const query = new URLSearchParams(parameter === undefined ? {} : { versionId: parameter });
  const ofSource = { ...headers, "x-amz-expected-bucket-owner": headers["x-amz-source-expected-bucket-owner"] };
  const asReader = { ...call, operation: getObject.operation, bucket: from, name: bucket, key, query, headers: ofSource };
  // Who may write to where the copy goes may not read all of its own tenant by that.
  authorize(asReader, getObject);
  const object = await readable(asReader, bucket, key, parameter, keyOfSource).catch((error: unknown) => {
    // What is said of a missing source names the source.
    if ((error as { code?: string }).code !== "no-such-object") throw error;
    throw parameter === undefined
      ? new S3Error("NoSuchKey", { Key: key })
      : new S3Error("NoSuchVersion", { Key: key, VersionId: parameter });
  });
  try {
    if (object.found.isMarker) {
      if (parameter === undefined) throw new S3Error("NoSuchKey", { Key: key });
      throw new S3Error("InvalidRequest", {}, "The source of a copy request may not specifically refer to a delete marker by version id.");
    }
    isWanted(headers, object.found, ofCopy, now);
    const { isVersioned, version } = object.found;
    return { object, bucket, version: isVersioned && version !== "null" ? version : undefined };
  } catch (error) {
    object.release();
    throw error;
  }
}

function splitPath(path: string): [bucket: string, key: string] {
  let whole: string;
  try {
    // AWS reads a plus as a blank here.
    whole = decodeURIComponent(path.replaceAll("+", "%20"));
  } catch {
    whole = "";
  }
  const at = whole.indexOf("/");
  if (at < 1 || at === whole.length - 1)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "x-amz-copy-source", ArgumentValue: "x-amz-copy-source" },
      "Invalid copy source object key",
    );
  return [whole.slice(0, at), whole.slice(at + 1)];
}

async function aboutOfCopy(call: S3Call, { found }: ReadObject, from: string): Promise<ObjectAbout> {
  const { headers, key, name } = call;
  const metadata = headers["x-amz-metadata-directive"] ?? "COPY";
  const tagging = headers["x-amz-tagging-directive"] ?? "COPY";
  for (const directive of [metadata, tagging])
    if (directive !== "COPY" && directive !== "REPLACE")
      throw new S3Error(
        "InvalidArgument",
        { ArgumentName: "x-amz-metadata-directive", ArgumentValue: directive.slice(0, 100) },
        "Unknown metadata directive.",
      );
  const made = await newAbout(call);
  const isSame = from === name && found.key === key && found.isLatest;
  const changes =
    metadata === "REPLACE" ||
    headers["x-amz-storage-class"] !== undefined ||
    made["redirect"] !== undefined ||
    asksForEncryption(headers) ||
    found.about.encryption?.by === "customer" ||
    call.bucket.settings.encryption?.algorithm !== undefined;
  if (isSame && !changes)
    throw new S3Error(
      "InvalidRequest",
      {},
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  const isCopied = metadata === "COPY";
  const tags =
    tagging === "REPLACE" ? (headers["x-amz-tagging"] === undefined ? undefined : tagsOfQuery(headers["x-amz-tagging"])) : found.about.tags;
  return {
    ...made,
    headers: isCopied ? found.about.headers : contentHeaders(headers),
    metadata: isCopied ? found.about.metadata : metadataOf(headers),
    tags,
  };
}
