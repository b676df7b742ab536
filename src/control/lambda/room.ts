import { invalidValue } from "./aws-error.ts";
import type { LambdaParts } from "./lambda-parts.ts";

/** Functions, versions, aliases, layers and what belongs to them, of one tenant. AWS has no such limit, but a disk has an end. */
const MOST_RECORDS = 200_000;

/** Called before another record is made. */
export function refuseTooManyRecords({ store }: Pick<LambdaParts, "store">, tenant: string): void {
  if (store.countRecords(tenant) >= MOST_RECORDS)
    throw invalidValue(
      `There are ${MOST_RECORDS} functions, versions, aliases and layers, which is the most that a tenant may have on this server.`,
    );
}
