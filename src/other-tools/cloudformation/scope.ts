import type { Budget } from "../document/budget.ts";
import type { Scope } from "./intrinsics.ts";

/** What stands for the number of an account at Amazon, which nothing has here. */
const ACCOUNT = "000000000000";

/** Of a file without parameters, conditions and mappings. @param stack its name */
export function emptyScope(budget: Budget, { region, stack }: { region: string; stack: string }): Scope {
  const pseudo = new Map([
    ["AWS::Region", region],
    ["AWS::AccountId", ACCOUNT],
    ["AWS::Partition", "aws"],
    ["AWS::URLSuffix", "amazonaws.com"],
  ]);
  if (stack !== "") pseudo.set("AWS::StackName", stack);
  return { budget, parameters: new Map(), mappings: new Map(), conditions: new Map(), pseudo };
}
