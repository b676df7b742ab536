/** What is known of an object, by names, without its content. */
import type { S3Answer, S3Call, S3Operation } from "../call.ts";
import { refuseMethod } from "../request/encryption.ts";
import { S3Error } from "../s3-error.ts";
import { documentOf } from "../xml.ts";
import { readable, refuseMarker } from "./object-reads.ts";

export const objectAttributes: S3Operation = {
  operation: "GetObjectAttributes",
  method: "GET",
  level: "object",
  query: "attributes",
  right: "read",
  others: "object",
  handle: attributes,
};

const MOST_PARTS_SHOWN = 1_000;

const attributeNames = new Set(["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]);

async function attributes(call: S3Call): Promise<S3Answer> {
  const { name, key, query, headers } = call;
  refuseMethod(headers);
  const wanted = new Set(
    (headers["x-amz-object-attributes"] ?? "")
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== ""),
  );
  if (wanted.size === 0 || [...wanted].some((each) => !attributeNames.has(each)))
    throw new S3Error("InvalidArgument", {}, "Invalid attribute name specified.");
  const version = query.get("versionId") ?? undefined;
  const object = await readable(call, name, key, version);
  object.release();
  refuseMarker(call, object, version);
  const { about, etag, size, modifiedAt, isVersioned, version: id } = object.found;
  const { checksum, parts } = about;
  const [marker, most] = [numberIn(headers, "x-amz-part-number-marker", 0), numberIn(headers, "x-amz-max-parts", MOST_PARTS_SHOWN)];
  const rest = (parts ?? []).filter((part) => part.number > marker);
  const shown = rest.slice(0, most);
  const body = documentOf("GetObjectAttributesResponse", {
    ETag: wanted.has("ETag") ? etag : undefined,
    Checksum:
      wanted.has("Checksum") && checksum !== undefined
        ? { [`Checksum${checksum.algorithm}`]: checksum.value.replace(/-\d+$/, ""), ChecksumType: checksum.type }
        : undefined,
    ObjectParts:
      wanted.has("ObjectParts") && parts !== undefined
        ? {
            PartsCount: parts.length,
            ...(checksum?.type === "COMPOSITE" && {
              PartNumberMarker: marker,
              NextPartNumberMarker: shown.at(-1)?.number ?? 0,
              MaxParts: most,
              IsTruncated: rest.length > most,
              Part: shown.map((part) => ({ PartNumber: part.number, Size: part.size, [`Checksum${checksum.algorithm}`]: part.checksum })),
            }),
          }
        : undefined,
    StorageClass: wanted.has("StorageClass") ? (about.storageClass ?? "STANDARD") : undefined,
    ObjectSize: wanted.has("ObjectSize") ? size : undefined,
  });
  return { body, headers: { "last-modified": new Date(modifiedAt).toUTCString(), "x-amz-version-id": isVersioned ? id : undefined } };
}

/** Throws "InvalidArgument". */
function numberIn(headers: S3Call["headers"], name: string, otherwise: number): number {
  const text = headers[name] ?? "";
  if (text === "") return otherwise;
  if (!/^\d{1,9}$/.test(text))
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: name, ArgumentValue: text.slice(0, 50) },
      `Provided ${name} not an integer or within integer range`,
    );
  return name === "x-amz-max-parts" ? Math.min(Number(text), MOST_PARTS_SHOWN) : Number(text);
}
