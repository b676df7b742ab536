/** Accounts of the Lambda API are tenants. What a resource policy allows to another account is decided here. */
import type { Catalog } from "../../store/catalog/catalog.ts";
import type { Statement } from "../../store/lambda/records.ts";
import { accountOf } from "./names.ts";

/** Undefined if no tenant of this server has that number. */
export function tenantOfAccount({ tenants }: Pick<Catalog, "tenants">, account: string): string | undefined {
  return tenants.list().find(({ id }) => accountOf(id) === account)?.id;
}

/**
 * Whether one of the statements lets principals of the account do that. One with a condition is for AWS's services or organizations, which are not here, and lets
 * nobody in. @param action as policies name it, such as InvokeFunction
 */
export function letsIn(statements: readonly Statement[], action: string, account: string): boolean {
  return statements.some(
    ({ Effect, Action, Principal, Condition }) =>
      Effect === "Allow" &&
      Condition === undefined &&
      [Action].flat().some((each) => [`lambda:${action}`, "lambda:*", "*"].includes(each)) &&
      isMeant(Principal, account),
  );
}

/** A principal of an account is not told apart from another of it. */
function isMeant(principal: unknown, account: string): boolean {
  const named = typeof principal === "object" && principal !== null && "AWS" in principal ? principal.AWS : principal;
  return [named].flat().some((each) => each === "*" || each === account || each === `arn:aws:iam::${account}:root`);
}
