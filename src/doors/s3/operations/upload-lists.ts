/** The listings of uploads that are not complete, and of their parts. */
import type { Algorithm } from "../../../services/objects/checksums/checksum.ts";
import type { StoredPart, UploadAbout } from "../../../services/objects/store/uploads.ts";
import { canonicalId, ownerXml } from "../access/acl.ts";
import { authorizeUpload } from "../access/authorize.ts";
import type { S3Operation } from "../call.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf, type Xml } from "../xml.ts";
import { uploadExpiration } from "./object-reads.ts";
import { afterMarker, mostOf, queryOf } from "./lists.ts";

export const uploadLists: readonly S3Operation[] = [
  {
    operation: "ListParts",
    method: "GET",
    level: "object",
    query: "uploadId",
    right: "read",
    others: "WRITE",
    async handle(call) {
      const { objects, name, key, query } = call;
      const id = query.get("uploadId")!;
      const most = mostOf(query, "max-parts");
      const marker = query.get("part-number-marker") || "0";
      if (!/^\d{1,9}$/.test(marker))
        throw new S3Error(
          "InvalidArgument",
          { ArgumentName: "part-number-marker", ArgumentValue: marker.slice(0, 50) },
          "Provided part-number-marker not an integer or within integer range",
        );
      const { upload, parts } = await objects.listParts(name, key, id, Number(marker), most + 1);
      authorizeUpload(call, upload.about.initiator);
      const shown = parts.slice(0, most);
      const { checksum, object, isAsked } = upload.about;
      const body = documentOf("ListPartsResult", {
        Bucket: name,
        Key: key,
        UploadId: id,
        PartNumberMarker: marker,
        NextPartNumberMarker: shown.at(-1)?.number ?? 0,
        MaxParts: most,
        IsTruncated: parts.length > most,
        ChecksumAlgorithm: isAsked === true ? checksum?.algorithm : undefined,
        ChecksumType: isAsked === true ? checksum?.type : undefined,
        Part: shown.map((part) => partXml(part, isAsked === true ? checksum?.algorithm : undefined)),
        Initiator: initiatorXml(upload.about),
        Owner: ownerXml(object.owner),
        StorageClass: object.storageClass ?? "STANDARD",
      });
      return { body, headers: uploadExpiration(call, upload.startedAt) };
    },
  },
  {
    operation: "ListMultipartUploads",
    method: "GET",
    isOfContent: true,
    level: "bucket",
    query: "uploads",
    right: "read",
    others: "READ",
    async handle(call) {
      const { objects, query } = call;
      const { encode, encoding, ...asked } = queryOf(call);
      const [keyMarker, idMarker] = [query.get("key-marker") ?? "", query.get("upload-id-marker") ?? ""];
      const most = mostOf(query, "max-uploads");
      const after = afterMarker(keyMarker, asked);
      const afterUpload = keyMarker !== "" && idMarker !== "" && after === keyMarker ? idMarker : undefined;
      const listed = await objects.listUploads({ ...asked, most, after, afterUpload }).catch((error: unknown) => {
        if ((error as { code?: string }).code !== "no-such-upload") throw error;
        throw new S3Error(
          "InvalidArgument",
          { ArgumentName: "upload-id-marker", ArgumentValue: idMarker.slice(0, 100) },
          "Invalid uploadId marker",
        );
      });
      // The last upload is named even if nothing follows.
      const last = listed.objects.at(-1);
      const body = documentOf("ListMultipartUploadsResult", {
        Bucket: asked.bucket,
        KeyMarker: encode(keyMarker),
        UploadIdMarker: keyMarker === "" ? "" : idMarker,
        NextKeyMarker: encode(listed.next ?? last?.key ?? ""),
        NextUploadIdMarker: listed.next === null ? (last?.upload ?? "") : (listed.nextUpload ?? ""),
        Delimiter: asked.delimiter === "" ? undefined : encode(asked.delimiter),
        Prefix: asked.prefix === "" ? undefined : encode(asked.prefix),
        EncodingType: encoding,
        MaxUploads: most,
        IsTruncated: listed.next !== null,
        Upload: listed.objects.map(({ key, upload, startedAt, about }) => ({
          Key: encode(key),
          UploadId: upload,
          Initiator: initiatorXml(about),
          Owner: ownerXml(about.object.owner),
          StorageClass: about.object.storageClass ?? "STANDARD",
          Initiated: new Date(startedAt).toISOString(),
          ChecksumAlgorithm: about.isAsked === true ? about.checksum?.algorithm : undefined,
          ChecksumType: about.isAsked === true ? about.checksum?.type : undefined,
        })),
        CommonPrefixes: listed.prefixes.map((prefix) => ({ Prefix: encode(prefix) })),
      });
      return { body };
    },
  },
];

/** Who began an upload; of uploads that an older version of Mayfly began, the name is not known. */
function initiatorXml({ initiator, initiatorName }: UploadAbout): Xml {
  return { ID: canonicalId(initiator), DisplayName: initiatorName };
}

/** @param algorithm of the checksum that is shown */
function partXml({ number, modifiedAt, etag, size, checksum }: StoredPart, algorithm: Algorithm | undefined): Xml {
  return {
    PartNumber: number,
    LastModified: new Date(modifiedAt).toISOString(),
    ETag: `"${etag}"`,
    Size: size,
    ...(algorithm && { [`Checksum${algorithm}`]: checksum }),
  };
}
