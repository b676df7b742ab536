import { ACCOUNT_CONCURRENCY } from "../../../control/lambda/concurrency.ts";
import { UNZIPPED_BYTES } from "../../../control/lambda/app-of-function.ts";
import { countFunctions } from "../../../control/lambda/list-functions.ts";
import type { LambdaRoute } from "../call.ts";
import type { LambdaDoorParts } from "../door-parts.ts";

const ZIPPED_BYTES = 52_428_800;
/** AWS's usual limit of an account. Here the settings maxAppCodeMb and maxCodeMb are what limits code. */
const TOTAL_BYTES = 80_530_636_800;

export function accountRoutes(parts: LambdaDoorParts): LambdaRoute[] {
  return [
    {
      operation: "GetAccountSettings",
      method: "GET",
      path: "/2016-08-19/account-settings",
      right: "read",
      async handle({ account: { tenant } }) {
        const limit = {
          TotalCodeSize: TOTAL_BYTES,
          CodeSizeUnzipped: UNZIPPED_BYTES,
          CodeSizeZipped: ZIPPED_BYTES,
          ConcurrentExecutions: ACCOUNT_CONCURRENCY,
          UnreservedConcurrentExecutions: ACCOUNT_CONCURRENCY - parts.store.reservedInAll(tenant),
        };
        const usage = { TotalCodeSize: parts.store.codeBytes(tenant), FunctionCount: await countFunctions(parts, tenant) };
        return { status: 200, body: { AccountLimit: limit, AccountUsage: usage } };
      },
    },
  ];
}
