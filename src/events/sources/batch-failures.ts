/**
 * Which messages of a batch the function could not handle, as its result says: `{"batchItemFailures": [{"itemIdentifier": "<messageId>"}]}`. A result that says so of none
 * is that of a batch which is done; one that cannot be read, or names a message that was not in the batch, counts as a failure of the whole batch.
 */
export function failuresIn(result: Uint8Array, ids: ReadonlySet<string>): ReadonlySet<string> {
  const value = parsed(result);
  if (value === undefined) return ids;
  if (value === null || typeof value !== "object" || Array.isArray(value)) return new Set();
  const failures = (value as { batchItemFailures?: unknown }).batchItemFailures ?? [];
  if (!Array.isArray(failures)) return ids;
  const named = failures.map((each) => (each as { itemIdentifier?: unknown } | null)?.itemIdentifier);
  return named.every((id): id is string => typeof id === "string" && ids.has(id)) ? new Set(named) : ids;
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
