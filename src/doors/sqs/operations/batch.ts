/** Batches: up to ten entries with ids of the client's own, each of which has its own result. */
import type { Input } from "../input.ts";
import { missingParameter, type SqsError, SqsError as Refusal } from "../sqs-error.ts";

export interface Failed {
  Id: string;
  SenderFault: boolean;
  Code: string;
  Message: string;
}

const MOST_ENTRIES = 10;

export function readEntries(input: Input, name: string): { id: string; entry: Input }[] {
  const entries = input.objects("Entries").map((entry) => ({ id: entry.text("Id"), entry }));
  if (entries.length === 0) throw new Refusal("EmptyBatchRequest", `There should be at least one ${name} in the request.`);
  if (entries.length > MOST_ENTRIES)
    throw new Refusal(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${MOST_ENTRIES}. You have sent ${entries.length}.`,
    );
  const seen = new Set<string>();
  return entries.map(({ id, entry }, at) => {
    if (id === undefined) throw missingParameter(`${name}.${at + 1}.Id`);
    if (!/^[\w-]{1,80}$/.test(id))
      throw new Refusal(
        "InvalidBatchEntryId",
        "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.",
      );
    if (seen.has(id)) throw new Refusal("BatchEntryIdsNotDistinct", `Id ${id} repeated.`);
    seen.add(id);
    return { id, entry };
  });
}

export function failedEntry(id: string, error: SqsError): Failed {
  return { Id: id, SenderFault: error.status < 500, Code: error.queryName, Message: error.message };
}

/** Lists that are empty are left out. */
export function batchAnswer(successful: readonly object[], failed: readonly Failed[]): Record<string, unknown> {
  return { ...(successful.length > 0 && { Successful: successful }), ...(failed.length > 0 && { Failed: failed }) };
}
