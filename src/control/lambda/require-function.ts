import { invalidValue, notFound } from "./aws-error.ts";
import { conflict } from "./aws-error.ts";
import { LATEST, versionKey } from "../../store/lambda/lambda-store.ts";
import type { AliasRecord, FunctionRecord, VersionRecord } from "../../store/lambda/records.ts";
import { findFunction, type FoundFunction } from "./find-function.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, functionArn } from "./names.ts";

/** A function as a request names it. */
export interface Named {
  name: string;
  /** A version's number, an alias, or $LATEST. */
  qualifier?: string | undefined;
}

type Parts = Pick<LambdaParts, "store" | "catalog">;

/** Throws "Function not found". */
export function requireFunction(parts: Parts, account: Account, { name, qualifier }: Named): FoundFunction {
  const found = findFunction(parts, account.tenant, name);
  if (found === undefined) throw functionNotFound(account, { name, qualifier });
  return found;
}

export function functionNotFound(account: Account, { name, qualifier }: Named): Error {
  return notFound(`Function not found: ${functionArn(account, name, qualifier)}`);
}

/** Of a function that this API may change. It is stored from then on, if it was deployed by another way. */
export function requireOwn(parts: Parts, account: Account, named: Named): FunctionRecord {
  const { record, isWhole, app } = requireFunction(parts, account, named);
  if (!isWhole)
    throw invalidValue(
      `The function is one of several of the app ${app}, which were deployed together. Please change it by mayfly deploy.`,
    );
  if (parts.store.functions.get(account.tenant, "", record.name)?.revisionId !== record.revisionId)
    parts.store.functions.put(account.tenant, "", record.name, record);
  return record;
}

/** What a qualifier stands for. */
export interface Qualified {
  found: FoundFunction;
  /** Undefined: the newest, unpublished code. */
  version: VersionRecord | undefined;
  alias: AliasRecord | undefined;
}

/** Throws "Function not found", also if there is no such version or alias. */
export function requireQualified(parts: Parts, account: Account, named: Named): Qualified {
  const found = requireFunction(parts, account, named);
  const { qualifier = LATEST } = named;
  if (qualifier === LATEST) return { found, version: undefined, alias: undefined };
  const alias = /^\d+$/.test(qualifier) ? undefined : parts.store.aliases.get(account.tenant, named.name, qualifier);
  const number = alias?.version ?? qualifier;
  if (number === LATEST) return { found, version: undefined, alias };
  const version = /^\d+$/.test(number) ? parts.store.versions.get(account.tenant, named.name, versionKey(Number(number))) : undefined;
  if (version === undefined) throw functionNotFound(account, named);
  return { found, version, alias };
}

/** Throws while a change of the function is under way, as AWS does for every other change. */
export function refuseWhileChanging(account: Account, { name, state, update }: FunctionRecord): void {
  if (state === "Pending")
    throw conflict("The operation cannot be performed at this time. The function is currently in the following state: Pending");
  if (update === "InProgress")
    throw conflict(`The operation cannot be performed at this time. An update is in progress for resource: ${functionArn(account, name)}`);
}
