/** Which of an object's bytes a request wants, and whether it wants them at all. */
import type { ByteRange } from "../../../services/objects/content/outgoing.ts";
import type { Found } from "../../../services/objects/store/versions.ts";
import type { Headers } from "../../signature/read-signature.ts";
import { S3Error } from "../s3-error.ts";

/** The names of the conditions of a request; those of a copy's source are others. */
export interface ConditionNames {
  match: string;
  noneMatch: string;
  modified: string;
  unmodified: string;
}

export const ofRead: ConditionNames = {
  match: "if-match",
  noneMatch: "if-none-match",
  modified: "if-modified-since",
  unmodified: "if-unmodified-since",
};
export const ofCopy: ConditionNames = {
  match: "x-amz-copy-source-if-match",
  noneMatch: "x-amz-copy-source-if-none-match",
  modified: "x-amz-copy-source-if-modified-since",
  unmodified: "x-amz-copy-source-if-unmodified-since",
};

const shown: Readonly<Record<string, string>> = {
  "if-match": "If-Match",
  "if-unmodified-since": "If-Unmodified-Since",
  "x-amz-copy-source-if-match": "x-amz-copy-source-If-Match",
  "x-amz-copy-source-if-none-match": "x-amz-copy-source-If-None-Match",
  "x-amz-copy-source-if-modified-since": "x-amz-copy-source-If-Modified-Since",
  "x-amz-copy-source-if-unmodified-since": "x-amz-copy-source-If-Unmodified-Since",
};

/** Returns false if the client has the object already. Throws "PreconditionFailed". */
export function isWanted(headers: Headers, found: Pick<Found, "etag" | "modifiedAt">, names: ConditionNames, now: number): boolean {
  const [match, noneMatch] = [headers[names.match], headers[names.noneMatch]];
  const [modified, unmodified] = [timeOf(headers[names.modified]), timeOf(headers[names.unmodified])];
  const at = Math.floor(found.modifiedAt / 1_000) * 1_000;
  if (match !== undefined) {
    if (!isAmong(match, found.etag)) throw failed(names.match);
  } else if (unmodified !== undefined && at > unmodified) throw failed(names.unmodified);
  if (noneMatch !== undefined) {
    if (!isAmong(noneMatch, found.etag)) return true;
    if (names === ofCopy) throw failed(names.noneMatch);
    return false;
  }
  // A time that is still to come is no condition.
  if (modified === undefined || at > modified || modified > now) return true;
  if (names === ofCopy) throw failed(names.modified);
  return false;
}

function failed(name: string): S3Error {
  return new S3Error("PreconditionFailed", { Condition: shown[name] ?? name });
}

function isAmong(list: string, etag: string): boolean {
  return list.split(",").some((each) => unquoted(each) === etag || each.trim() === "*");
}

export function unquoted(text: string): string {
  return text
    .trim()
    .replace(/^W\//, "")
    .replace(/^"(.*)"$/, "$1");
}

function timeOf(text: string | undefined): number | undefined {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}

/** Undefined: all bytes; also if the header is none that means a range of bytes. Throws "InvalidRange". */
export function rangeOf(text: string | undefined, size: number): ByteRange | undefined {
  const [, from = "", to = ""] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/.exec(text ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  const range =
    from === ""
      ? { first: Math.max(0, size - Number(to)), last: size - 1 }
      : { first: Number(from), last: Math.min(to === "" ? Infinity : Number(to), size - 1) };
  if (from !== "" && to !== "" && Number(to) < Number(from)) return undefined;
  if (range.first >= size || (from === "" && Number(to) === 0))
    throw new S3Error("InvalidRange", { RangeRequested: text!.slice(0, 100), ActualObjectSize: size });
  return range;
}

/** The bytes of one of the object's parts. Throws "InvalidPartNumber". */
export function partRange(
  text: string,
  { size, about }: Pick<Found, "size" | "about">,
): { range: ByteRange | undefined; parts: number | undefined; checksum: string | undefined } {
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 10_000)
    throw new S3Error(
      "InvalidArgument",
      { ArgumentName: "partNumber", ArgumentValue: text.slice(0, 50) },
      "Part number must be an integer between 1 and 10000, inclusive",
    );
  const parts = about.parts ?? [{ number: 1, size }];
  const part = parts[number - 1];
  if (part === undefined) throw new S3Error("InvalidPartNumber", { PartNumberRequested: number, ActualPartCount: parts.length });
  const first = parts.slice(0, number - 1).reduce((sum, each) => sum + each.size, 0);
  const range = part.size === 0 ? undefined : { first, last: first + part.size - 1 };
  return { range, parts: about.parts?.length, checksum: about.parts === undefined ? undefined : part.checksum };
}
