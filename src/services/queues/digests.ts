/** The hashes of messages that SQS has, which clients compare with their own. */
import { createHash, hash } from "node:crypto";
import type { MessageAttribute } from "./queue.ts";

export type Attributes = Record<string, MessageAttribute>;

export function md5(text: string): string {
  return hash("md5", text);
}

/** Undefined if there are none. */
export function md5OfAttributes(attributes: Attributes): string | undefined {
  const names = Object.keys(attributes).toSorted((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  if (names.length === 0) return undefined;
  const hash = createHash("md5");
  const add = (bytes: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const { type, value } = attributes[name]!;
    add(Buffer.from(name));
    add(Buffer.from(type));
    hash.update(Buffer.from([isBinary(type) ? 2 : 1]));
    add(Buffer.from(value, isBinary(type) ? "base64" : "utf8"));
  }
  return hash.digest("hex");
}

export function isBinary(type: string): boolean {
  return type === "Binary" || type.startsWith("Binary.");
}
