import { ALGORITHMS, type Algorithm, type Checksum, type ChecksumType } from "../../../services/objects/checksums/checksum.ts";
import { canBeJoined } from "../../../services/objects/checksums/digests.ts";
import type { Completed, UploadAbout } from "../../../services/objects/store/uploads.ts";
import { authorizeUpload } from "../access/authorize.ts";
import type { S3Answer, S3Call, S3Operation } from "../call.ts";
import { contentOf, documentOf as bodyOf, MOST_PUT_BYTES } from "../request/body.ts";
import { customersKey, encryptionHeaders, encryptionOf, encryptionOfPart, keyOfCompletion } from "../request/encryption.ts";
import { rangeOf, unquoted } from "../request/reading.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf, type Element, parseXml } from "../xml.ts";
import { sourceOf } from "./copies.ts";
import { uploadExpiration } from "./object-reads.ts";
import { headersOfStored, newAbout, writeConditions } from "./objects.ts";

const LEAST_PART_BYTES = 5_242_880;
const MOST_PARTS = 10_000;

export const uploadOperations: readonly S3Operation[] = [
  {
    operation: "CreateMultipartUpload",
    method: "POST",
    level: "object",
    query: "uploads",
    right: "deploy",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key, caller, headers } = call;
      const asked = checksumAsked(headers);
      // Nobody has to ask for a checksum: the parts have one of this kind then.
      const checksum = asked ?? { algorithm: "CRC64NVME", type: "FULL_OBJECT" };
      const about = {
        object: await newAbout(call),
        checksum,
        isAsked: asked !== undefined,
        initiator: caller?.tenant ?? "",
        initiatorName: caller?.principal.name,
      };
      const encrypt = encryptionOf(call);
      const upload = await objects.startUpload(name, key, about, encrypt);
      const body = documentOf("InitiateMultipartUploadResult", { Bucket: name, Key: key, UploadId: upload });
      const sums = { "x-amz-checksum-algorithm": asked?.algorithm, "x-amz-checksum-type": asked?.type };
      const encryption = encryptionHeaders(encrypt, customersKey(encrypt));
      return { body, headers: { ...sums, ...encryption, ...uploadExpiration(call, call.now) } };
    },
  },
  {
    operation: "UploadPart",
    method: "PUT",
    level: "object",
    query: "partNumber",
    right: "deploy",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key } = call;
      const [number, upload] = partOf(call);
      const { about } = await objects.upload(name, key, upload);
      const encrypt = encryptionOfPart(call, about.object.encryption);
      const { source, algorithm: sent, also, check } = contentOf(call);
      const algorithm = about.checksum?.algorithm;
      if (about.isAsked === true && sent !== undefined && algorithm !== sent)
        throw new S3Error(
          "InvalidRequest",
          {},
          `Checksum Type mismatch occurred, expected checksum Type: ${algorithm?.toLowerCase()}, actual checksum Type: ${sent.toLowerCase()}`,
        );
      const isNeeded = about.isAsked === true && about.checksum?.type === "COMPOSITE" && sent === undefined;
      if (isNeeded)
        throw new S3Error(
          "InvalidRequest",
          {},
          `Checksum Type mismatch occurred, expected checksum Type: ${algorithm?.toLowerCase()}, actual checksum Type: null`,
        );
      const more = sent === undefined || sent === algorithm ? also : [...also, sent];
      let echoed: Record<string, string> | undefined;
      const checked: typeof check = (digests, size) => {
        check?.(digests, size);
        if (sent !== undefined) echoed = { [`x-amz-checksum-${sent.toLowerCase()}`]: digests.of(sent).toString("base64") };
      };
      const stored = await objects.putPart(
        { bucket: name, key, upload, number, algorithm, also: more, check: checked, most: MOST_PUT_BYTES, encrypt },
        source,
      );
      const { "x-amz-checksum-type": _type, "x-amz-version-id": _version, ...headers } = headersOfStored(stored, encrypt);
      // The checksum that nobody asked for is not told, and the one that came with the part is.
      if (about.isAsked === true || sent === algorithm) return { headers };
      return { headers: { ...headersOfStored({ ...stored, checksum: undefined }, encrypt), ...echoed } };
    },
  },
  {
    operation: "UploadPartCopy",
    method: "PUT",
    level: "object",
    query: "partNumber",
    header: "x-amz-copy-source",
    right: "deploy",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key, headers } = call;
      const [number, upload] = partOf(call);
      const { about } = await objects.upload(name, key, upload);
      const encrypt = encryptionOfPart(call, about.object.encryption);
      const { object, version } = await sourceOf(call);
      try {
        const range = copyRange(headers["x-amz-copy-source-range"], object.found.size);
        const algorithm = about.checksum?.algorithm;
        const stored = await objects.copyPart({ object, range }, { bucket: name, key, upload, number, algorithm, encrypt });
        const { etag, checksum, modifiedAt } = stored;
        const body = documentOf("CopyPartResult", {
          ETag: `"${etag}"`,
          LastModified: new Date(modifiedAt).toISOString(),
          ...(checksum && about.isAsked === true && { [`Checksum${checksum.algorithm}`]: checksum.value }),
        });
        const { etag: _etag, ...headersOfPart } = headersOfStored({ ...stored, checksum: undefined }, encrypt);
        return { body, headers: { ...headersOfPart, "x-amz-copy-source-version-id": version } };
      } finally {
        object.release();
      }
    },
  },
  {
    operation: "CompleteMultipartUpload",
    method: "POST",
    level: "object",
    query: "uploadId",
    right: "deploy",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key, query, headers, author } = call;
      const upload = query.get("uploadId")!;
      const conditions = writeConditions(headers);
      const bytes = await bodyOf(call);
      if (bytes.length === 0) throw new S3Error("InvalidRequest", {}, "You must specify at least one part");
      const root = parseXml(bytes, "CompleteMultipartUpload");
      const begun = await objects
        .upload(name, key, upload)
        .catch((error: unknown) => (isNoUpload(error) ? null : Promise.reject(error as Error)));
      if (begun === null) return answerAgain(call, upload);
      const { about } = begun;
      const customerKey = keyOfCompletion(call, about.object.encryption);
      const parts = root.all("Part").map((part) => namedPart(part, about.checksum?.algorithm));
      if (parts.length === 0) throw new S3Error("MalformedXML");
      if (parts.some(({ number }, at) => at > 0 && number <= parts[at - 1]!.number))
        throw new S3Error("InvalidPartOrder", { UploadId: upload });
      const checksum = wholeChecksum(headers, about);
      for (const part of parts) checkSums(part, about, upload);
      const size = headers["x-amz-mp-object-size"];
      const done = await objects.completeUpload({
        bucket: name,
        key,
        upload,
        parts,
        conditions,
        size: size === undefined ? undefined : Number(size),
        checksum,
        leastPart: LEAST_PART_BYTES,
        author,
      });
      return completed(call, done, encryptionHeaders(about.object.encryption, customerKey));
    },
  },
  {
    operation: "AbortMultipartUpload",
    method: "DELETE",
    level: "object",
    query: "uploadId",
    right: "deploy",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key, query } = call;
      const id = query.get("uploadId")!;
      authorizeUpload(call, (await objects.upload(name, key, id)).about.initiator);
      await objects.abortUpload(name, key, id);
      return { status: 204 };
    },
  },
];

function completed(
  { name, key, origin }: S3Call,
  { etag, checksum, version }: Pick<Completed, "etag" | "checksum" | "version">,
  encryption: Record<string, string | undefined>,
): S3Answer {
  const body = documentOf("CompleteMultipartUploadResult", {
    Location: `${origin}/${name}/${encodeURIComponent(key)}`,
    Bucket: name,
    Key: key,
    ETag: `"${etag}"`,
    ...(checksum && { [`Checksum${checksum.algorithm}`]: checksum.value, ChecksumType: checksum.type }),
  });
  // A bucket whose versions are suspended has the id "null" in listings only.
  return { body, headers: { ...encryption, "x-amz-version-id": version === "null" ? undefined : version } };
}

/** A client that lost the answer asks again: the object that it has completed is told as before. Throws "NoSuchUpload". */
async function answerAgain(call: S3Call, upload: string): Promise<S3Answer> {
  const { objects, name, key } = call;
  const found = await objects.head(name, key).catch(() => null);
  if (found === null || found.about.upload !== upload) throw new S3Error("NoSuchUpload", { UploadId: upload.slice(0, 200) });
  const { checksum, encryption } = found.about;
  const done = { etag: found.etag, checksum, version: found.isVersioned ? found.version : undefined };
  return completed(call, done, encryptionHeaders(encryption, keyOfCompletion(call, encryption)));
}

function isNoUpload(error: unknown): boolean {
  return (error as { code?: string }).code === "no-such-upload";
}

function partOf({ query }: S3Call): [number: number, upload: string] {
  const [text, upload] = [query.get("partNumber") ?? "", query.get("uploadId")];
  if (upload === null) throw new S3Error("InvalidArgument", {}, "This operation does not accept a query-string.");
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > MOST_PARTS)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "partNumber", ArgumentValue: text.slice(0, 50) },
      "Part number must be an integer between 1 and 10000, inclusive",
    );
  return [Number(text), upload];
}

function checksumAsked(headers: S3Call["headers"]): { algorithm: Algorithm; type: ChecksumType } | undefined {
  const [named, kind] = [headers["x-amz-checksum-algorithm"]?.toUpperCase(), headers["x-amz-checksum-type"]?.toUpperCase()];
  if (named === undefined) {
    if (kind !== undefined)
      throw new S3Error("InvalidRequest", {}, "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.");
    return undefined;
  }
  if (!ALGORITHMS.includes(named as Algorithm))
    throw new S3Error(
      "InvalidRequest",
      {},
      "Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]",
    );
  const algorithm = named as Algorithm;
  const type = kind ?? (algorithm === "CRC64NVME" ? "FULL_OBJECT" : "COMPOSITE");
  if (type !== "FULL_OBJECT" && type !== "COMPOSITE")
    throw new S3Error("InvalidRequest", {}, "Value for x-amz-checksum-type header is invalid.");
  const isPossible = type === "COMPOSITE" ? algorithm !== "CRC64NVME" : canBeJoined(algorithm);
  if (!isPossible)
    throw new S3Error(
      "InvalidRequest",
      {},
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  return { algorithm, type };
}

interface NamedPart {
  number: number;
  etag: string;
  checksum: string | undefined;
  /** Of which it names a checksum. */
  given: Algorithm | undefined;
}

function namedPart(part: Element, algorithm: Algorithm | undefined): NamedPart {
  const number = part.number("PartNumber");
  if (number === undefined) throw new S3Error("MalformedXML");
  const given = ALGORITHMS.find((each) => part.text(`Checksum${each}`) !== undefined);
  return { number, etag: unquoted(part.needed("ETag")), checksum: algorithm && part.text(`Checksum${algorithm}`), given };
}

/** Throws an S3Error if the part lacks the checksum that the upload was begun with, or has one that nobody asked for. */
function checkSums({ number, etag, checksum, given }: NamedPart, { isAsked, checksum: kind }: UploadAbout, upload: string): void {
  if (isAsked !== true) {
    if (given !== undefined) throw new S3Error("InvalidPart", { UploadId: upload, PartNumber: number, ETag: etag });
    return;
  }
  if (kind?.type !== "COMPOSITE" || checksum !== undefined) return;
  if (given !== undefined)
    throw new S3Error("BadDigest", {}, `The ${given.toLowerCase()} you specified for part ${number} did not match what we received.`);
  throw new S3Error(
    "InvalidRequest",
    {},
    `The upload was created using a ${kind.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
  );
}

function wholeChecksum(headers: S3Call["headers"], { isAsked, checksum: kind }: UploadAbout): Checksum | undefined {
  const algorithm = ALGORITHMS.find((each) => headers[`x-amz-checksum-${each.toLowerCase()}`] !== undefined);
  const type = headers["x-amz-checksum-type"];
  const mode = isAsked === true ? kind?.type : undefined;
  if (type !== undefined && type !== mode)
    throw new S3Error(
      "InvalidRequest",
      {},
      `The upload was created using the ${mode ?? "null"} checksum mode. The complete request must use the same checksum mode.`,
    );
  if (algorithm === undefined || algorithm !== kind?.algorithm) return undefined;
  return { ...kind, value: headers[`x-amz-checksum-${algorithm.toLowerCase()}`]! };
}

function copyRange(text: string | undefined, size: number) {
  if (text === undefined) return undefined;
  const [, first = 1, last = 0] = (/^bytes=(\d+)-(\d+)$/.exec(text) ?? []).map(Number);
  if (first > last)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "x-amz-copy-source-range", ArgumentValue: text.slice(0, 100) },
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy",
    );
  if (first >= size) throw new S3Error("InvalidRequest", {}, "The specified copy range is invalid for the source object size");
  if (last >= size)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "x-amz-copy-source-range", ArgumentValue: text.slice(0, 100) },
      `Range specified is not valid for source object of size: ${size}`,
    );
  return rangeOf(text, size);
}
