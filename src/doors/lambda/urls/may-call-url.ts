/** Whether the resource policy of a function lets somebody call its URL. */
import type { Statement } from "../../../store/lambda/records.ts";

/** @param account of who signed the request; undefined: nobody did */
export function mayCallUrl(statements: readonly Statement[], authType: string, account: string | undefined): boolean {
  return statements.some(
    ({ Effect, Action, Principal, Condition }) =>
      Effect === "Allow" && [Action].flat().some((each) => actions.has(each)) && isMeant(Principal, account) && isMet(Condition, authType),
  );
}

const actions = new Set(["lambda:InvokeFunctionUrl", "lambda:*", "*"]);

function isMeant(principal: unknown, account: string | undefined): boolean {
  const named = typeof principal === "object" && principal !== null && "AWS" in principal ? principal.AWS : principal;
  return [named]
    .flat()
    .some((each) => each === "*" || (account !== undefined && (each === account || String(each).startsWith(`arn:aws:iam::${account}:`))));
}

/** A condition of another kind than those that AWS's own tools set is not met. */
function isMet(condition: Statement["Condition"], authType: string): boolean {
  return Object.entries(condition ?? {}).every(([test, values]) =>
    Object.entries(values).every(([key, value]) => test === "StringEquals" && key === "lambda:FunctionUrlAuthType" && value === authType),
  );
}
