/** What a principal may do by the Lambda API, by the same rights as by every other door. */
import { AwsError } from "../../control/lambda/aws-error.ts";
import { functionArn } from "../../control/lambda/names.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import { may } from "../../store/principals/rights.ts";
import type { LambdaCall, LambdaRoute } from "./call.ts";
import { readNamed } from "./read-name.ts";

export function authorizeWith({ names }: Pick<Catalog, "names">): (call: Omit<LambdaCall, "body">, route: LambdaRoute) => void {
  return ({ account, principal, params }, { operation, right }) => {
    const text = params["FunctionName"];
    const name = text === undefined ? undefined : readNamed(account, text, undefined).name;
    const app = name === undefined ? null : (names.holder(account.tenant, name)?.id ?? null);
    if (may(principal, right, { tenant: account.tenant, app })) return;
    const resource = name === undefined ? "*" : functionArn(account, name);
    throw new AwsError(
      "AccessDeniedException",
      `User: arn:aws:iam::${account.account}:user/${principal.name} is not authorized to perform: lambda:${operation} on resource: ${resource}`,
    );
  };
}
