/** What calls of an app were like that are over, and what one has cost. */
import { MayflyError } from "../base/errors/error.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { InvocationFilter, Invocations, KeepRule } from "../store/invocations/kept-invocations.ts";
import type { KeptInvocation } from "../store/invocations/kept-invocation.ts";
import { monthOf } from "../store/ledger/month.ts";
import { type BillParts, billOfApp } from "./bills.ts";
import { costOfCall, type CallCost } from "./call-cost.ts";
import { appIdOf } from "./names.ts";

export interface InvocationParts extends BillParts {
  catalog: BillParts["catalog"] & Pick<Catalog, "revision">;
  invocations: Invocations;
}

export interface ShownInvocation extends KeptInvocation {
  /** The number of its revision; null: that is not stored any more. */
  number: number | null;
}

/** Throws "no-such-app". */
export function listInvocations(
  { catalog, invocations }: InvocationParts,
  tenant: string,
  name: string,
  filter: InvocationFilter,
): { rule: KeepRule; invocations: ShownInvocation[] } {
  const app = appIdOf(catalog.names, tenant, name);
  return { rule: invocations.rule, invocations: shown(catalog, app, invocations.list(app, filter)) };
}

/** Its attempts that are kept, the newest first, and what the newest has cost. Throws "no-such-app" and "no-such-invocation". */
export function showInvocation(
  parts: InvocationParts,
  tenant: string,
  name: string,
  invocation: string,
): { attempts: ShownInvocation[]; cost: CallCost | null } {
  const { catalog, invocations } = parts;
  const app = appIdOf(catalog.names, tenant, name);
  const attempts = invocations.attempts(app, invocation);
  const [newest] = attempts;
  if (newest === undefined) throw new MayflyError("no-such-invocation", { invocation, app: name });
  const { month, prices, bill } = billOfApp(parts, tenant, name, monthOf(newest.at));
  const share = bill.functions.find((one) => one.function === newest.function);
  return { attempts: shown(catalog, app, attempts), cost: costOfCall(newest, share, month, prices) };
}

function shown(catalog: Pick<Catalog, "revision">, app: string, kept: readonly KeptInvocation[]): ShownInvocation[] {
  const numbers = new Map<string, number | null>();
  const numberOf = (id: string) => {
    const known = numbers.get(id);
    if (known !== undefined) return known;
    const number = id === "" ? null : (catalog.revision(app, id)?.number ?? null);
    numbers.set(id, number);
    return number;
  };
  return kept.map((one) => ({ ...one, number: numberOf(one.revision) }));
}
