/** Whether calls of a function start executions, and what the Lambda API calls it. */
import type { CalleeParts } from "../../../control/event-callees.ts";
import { nameOfId } from "../../../control/names.ts";
import { LIVE } from "../../../store/catalog/catalog.ts";

export interface DurableCallee {
  /** The tenant's id. */
  tenant: string;
  /** As the Lambda API names it. */
  name: string;
}

/** Undefined if the live revision has no such function, or it is not durable. @param app an id */
export function durableCallee(parts: CalleeParts, app: string, name: string): DurableCallee | undefined {
  const functions = parts.reach(app, LIVE)?.revision.manifest.functions ?? {};
  if (!Object.hasOwn(functions, name) || functions[name]!.durable === undefined) return undefined;
  return lambdaNameOf(parts, app, name);
}

/** Undefined if the live revision has no such function. Its name changes when the app gets a second function, or has only one left. */
export function lambdaNameOf({ names, reach }: CalleeParts, app: string, name: string): DurableCallee | undefined {
  const revision = reach(app, LIVE)?.revision;
  const functions = revision?.manifest.functions ?? {};
  if (revision === undefined || !Object.hasOwn(functions, name)) return undefined;
  const appName = nameOfId(names, app);
  const isAlone = Object.keys(functions).length === 1;
  return { tenant: revision.tenant, name: revision.members !== undefined ? name : isAlone ? appName : `${appName}--${name}` };
}
