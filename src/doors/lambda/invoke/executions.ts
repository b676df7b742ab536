/**
 * Counts the invocations of each function that run, for its reserved and provisioned concurrency. Reserved concurrency is the most that run at a time; what
 * is provisioned for a version or an alias is taken from it, and is for that alone.
 */
import type { Invokable } from "../../../control/lambda/invokables.ts";
import { throttled } from "./failures.ts";

export class Executions {
  /** Of each function, those that use nothing provisioned. */
  readonly #shared = new Map<string, number>();
  /** Of each version or alias, those that use what is provisioned for it. */
  readonly #provisioned = new Map<string, number>();

  /** Returns what ends it. Throws TooManyRequestsException. */
  begin(invokable: Invokable): () => void {
    const { tenant, name, arn, reserved, provisioned, provisionedInAll } = invokable;
    if (reserved === 0) throw throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
    if (provisioned > 0) {
      // Without the region for which the call was signed: all regions show the same functions, and share what is provisioned.
      const own = `${tenant} ${arn.split(":").slice(6).join(":")}`;
      if (provisioned > (this.#provisioned.get(own) ?? 0)) return counted(this.#provisioned, own);
    }
    const key = `${tenant} ${name}`;
    if (reserved !== null && (this.#shared.get(key) ?? 0) >= reserved - provisionedInAll)
      throw throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
    return counted(this.#shared, key);
  }
}

function counted(counts: Map<string, number>, key: string): () => void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    const left = counts.get(key)! - 1;
    if (left === 0) counts.delete(key);
    else counts.set(key, left);
  };
}
