/** What keys, values and requests may be. Checked before anything is written, so that every implementation of the contract refuses the same. */
import { MayflyError } from "../../base/errors/error.ts";
import { MOST_KEY_BYTES, MOST_LISTED, MOST_METADATA_BYTES, MOST_VALUE_BYTES, MOST_WRITES, type Write } from "./kv.ts";

/** Bytes of a batch besides values, for each write. */
const OVERHEAD = 600;

/** Throws "bad-request" and "kv-too-large". */
export function assertWrites(writes: readonly Write[]): void {
  if (writes.length === 0 || writes.length > MOST_WRITES)
    throw bad(`a batch must have 1 to ${MOST_WRITES} writes, and has ${writes.length}`);
  for (const write of writes) assertWrite(write);
  if (valueBytes(writes) > MOST_VALUE_BYTES) throw tooLarge("The values of a batch together", MOST_VALUE_BYTES);
}

/** Throws "bad-request" and "kv-too-large". */
function assertKey(key: string): void {
  if (key === "" || key === "." || key === "..") throw bad(`a key must not be ${JSON.stringify(key)}`);
  if (!key.isWellFormed()) throw bad("a key must be a text of Unicode, and this one has half of a surrogate pair");
  if (Buffer.byteLength(key) > MOST_KEY_BYTES) throw tooLarge("The key", MOST_KEY_BYTES);
}

/** Throws "bad-request". */
export function assertRequest(prefix: string, most: number): void {
  if (!prefix.isWellFormed()) throw bad("a prefix must be a text of Unicode");
  if (!Number.isSafeInteger(most) || most < 1 || most > MOST_LISTED) throw bad(`limit must be 1 to ${MOST_LISTED}, and is ${most}`);
}

/** About how many a write takes while it waits. */
export function bytesOf(writes: readonly Write[]): number {
  return valueBytes(writes) + OVERHEAD * writes.length;
}

function valueBytes(writes: readonly Write[]): number {
  return writes.reduce((sum, write) => sum + (write.kind === "put" ? write.value.length : 0), 0);
}

function assertWrite(write: Write): void {
  assertKey(write.key);
  const { ifVersion = 0 } = write;
  if (!Number.isSafeInteger(ifVersion) || ifVersion < 0) throw bad("a version must be a whole number, and is not below 0");
  if (write.kind === "remove") return;
  if (typeof write.expiresAt === "number" && !Number.isSafeInteger(write.expiresAt)) throw bad("an expiry must be a whole number");
  if (write.kind === "add") {
    if (!Number.isSafeInteger(write.by)) throw bad("what is added must be a whole number");
    return;
  }
  if (write.value.length > MOST_VALUE_BYTES) throw tooLarge("The value", MOST_VALUE_BYTES);
  if (Buffer.byteLength(write.metadata ?? "") > MOST_METADATA_BYTES) throw tooLarge("The metadata", MOST_METADATA_BYTES);
}

function bad(what: string): MayflyError {
  return new MayflyError("bad-request", { what });
}

function tooLarge(what: string, most: number): MayflyError {
  return new MayflyError("kv-too-large", { what, most });
}
