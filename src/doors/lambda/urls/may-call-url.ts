/** Whether the resource policy of a function lets somebody call its URL. */
import type { Statement } from "../../../store/lambda/records.ts";

/** Who signed a request: the number of the account, and the ARN. */
export interface SignedBy {
  account: string;
  arn: string;
}

/** @param signer undefined: nobody signed the request */
export function mayCallUrl(statements: readonly Statement[], authType: string, signer: SignedBy | undefined): boolean {
  return statements.some(
    ({ Effect, Action, Principal, Condition }) =>
      Effect === "Allow" && [Action].flat().some((each) => actions.has(each)) && isMeant(Principal, signer) && isMet(Condition, authType),
  );
}

const actions = new Set(["lambda:InvokeFunctionUrl", "lambda:*", "*"]);

function isMeant(principal: unknown, signer: SignedBy | undefined): boolean {
  const named = typeof principal === "object" && principal !== null && "AWS" in principal ? principal.AWS : principal;
  const names = signer === undefined ? ["*"] : ["*", signer.account, `arn:aws:iam::${signer.account}:root`, signer.arn];
  return [named].flat().some((each) => names.includes(String(each)));
}

/** A condition of another kind than those that AWS's own tools set is not met. */
function isMet(condition: Statement["Condition"], authType: string): boolean {
  return Object.entries(condition ?? {}).every(([test, values]) =>
    Object.entries(values).every(([key, value]) => test === "StringEquals" && key === "lambda:FunctionUrlAuthType" && value === authType),
  );
}
