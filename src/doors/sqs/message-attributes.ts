/** The attributes of messages: what may be in them, and their size. */
import type { MessageAttribute } from "../../services/queues/queue.ts";
import { type Attributes, isBinary } from "../../services/queues/digests.ts";
import type { Input } from "./input.ts";
import { invalidParameter } from "./sqs-error.ts";

const MOST = 10;
/** What XML 1.0 has no form for. */
// oxlint-disable-next-line no-control-regex -- these are meant
export const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;

/** @param kind how errors call them */
export function readMessageAttributes(given: ReadonlyMap<string, Input>, kind = "user"): Attributes {
  if (given.size > MOST) throw invalidParameter(`Number of message attributes [${given.size}] exceeds the allowed maximum [${MOST}].`);
  return Object.fromEntries(
    [...given].map(([name, value]) => [name, readOne(name, value, `Message (${kind}) attribute '${name.slice(0, 256)}'`)]),
  );
}

function readOne(name: string, value: Input, what: string): MessageAttribute {
  checkName(name, what);
  const type = value.text("DataType") ?? "";
  const base = /^(String|Number|Binary)(?:\.[^]+)?$/.exec(type)?.[1];
  if (type === "") throw invalidParameter(`${what} must contain a non-empty attribute type.`);
  if (type.length > 256) throw invalidParameter(`${what} has a type that is longer than 256 characters.`);
  if (base === undefined)
    throw invalidParameter(
      `The type of message (user) attribute '${name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.`,
    );
  const text = value.text(base === "Binary" ? "BinaryValue" : "StringValue") ?? "";
  if (text === "") throw invalidParameter(`${what} must contain a non-empty value of type '${base}'.`);
  if (base === "Binary" && !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw invalidParameter(`${what} must be base64.`);
  if (base === "Number" && !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text.trim()))
    throw invalidParameter(`Can't cast the value of message (user) attribute '${name}' to a number.`);
  if (base !== "Binary" && UNWRITABLE.test(text)) throw invalidParameter(`${what} contains characters that are not allowed.`);
  return { type, value: text };
}

function checkName(name: string, what: string): void {
  if (name.length > 256 || name === "") throw invalidParameter(`Length of message attribute name must be between 1 and 256 characters.`);
  if (!/^[\p{L}\p{N}_.-]+$/u.test(name) || name.startsWith(".") || name.endsWith(".") || name.includes(".."))
    throw invalidParameter(
      `${what} has an invalid name. Valid names are made of letters, digits, hyphens, underscores and single periods within.`,
    );
  if (/^(?:aws|amazon)\./i.test(name)) throw invalidParameter(`${what} has an invalid name: it starts with a reserved prefix.`);
}

/** What of a message counts against its queue's limit, bytes. */
export function sizeOf(body: string, attributes: Attributes): number {
  let bytes = Buffer.byteLength(body);
  for (const [name, { type, value }] of Object.entries(attributes))
    bytes +=
      Buffer.byteLength(name) + Buffer.byteLength(type) + (isBinary(type) ? Buffer.byteLength(value, "base64") : Buffer.byteLength(value));
  return bytes;
}

export function showAttribute({ type, value }: MessageAttribute): Record<string, string> {
  return { [isBinary(type) ? "BinaryValue" : "StringValue"]: value, DataType: type };
}

/** Those that a receiver asked for: by name, all, or by the beginning of their names. */
export function chosen(attributes: Attributes, wanted: readonly string[]): Attributes {
  const isWanted = (name: string) =>
    wanted.some(
      (each) => ["All", "*", ".*"].includes(each) || each === name || (each.endsWith(".*") && name.startsWith(each.slice(0, -2))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isWanted(name)));
}
