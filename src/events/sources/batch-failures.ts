/**
 * Which messages of a batch the function could not handle, as its result says: `{"batchItemFailures": [{"itemIdentifier": "<messageId>"}]}`. A result that says so of none
 * is that of a batch which is done; one that cannot be read, or names a message that was not in the batch, counts as a failure of the whole batch.
 */

/** By message: milliseconds until it comes again, if the function says so (`"delaySeconds": 60` beside the identifier); null: when the queue's visibility time is over. */
export type BatchFailures = ReadonlyMap<string, number | null>;

/** As long as SQS keeps a message from its receivers, at most. */
const MOST_DELAY_S = 43_200;

export function failuresIn(result: Uint8Array, ids: ReadonlySet<string>): BatchFailures {
  const value = parsed(result);
  if (value === undefined) return allOf(ids);
  if (value === null || typeof value !== "object" || Array.isArray(value)) return new Map();
  const failures = (value as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return allOf(ids);
  const named = new Map<string, number | null>();
  for (const each of failures as unknown[]) {
    const { itemIdentifier: id, delaySeconds } = (each ?? {}) as { itemIdentifier?: unknown; delaySeconds?: unknown };
    if (typeof id !== "string" || !ids.has(id)) return allOf(ids);
    named.set(id, delayOf(delaySeconds));
  }
  return named;
}

function allOf(ids: ReadonlySet<string>): BatchFailures {
  return new Map([...ids].map((id) => [id, null]));
}

function delayOf(seconds: unknown): number | null {
  return typeof seconds === "number" && seconds >= 0 ? 1_000 * Math.min(MOST_DELAY_S, seconds) : null;
}

/** Undefined: it is no JSON. Nothing at all stands for null. */
function parsed(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  try {
    return text.trim() === "" ? null : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}
