/** A function's URL calls it by HTTP, without this API. Here is what is kept of it; the gateway answers it. */
import { randomBytes } from "node:crypto";
import { LATEST } from "../../store/lambda/lambda-store.ts";
import type { FunctionRecord, UrlRecord } from "../../store/lambda/records.ts";
import { conflict, invalidValue, noSuchResource, notFound } from "./aws-error.ts";
import { findFunction } from "./find-function.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, functionArn } from "./names.ts";
import { type Named, requireOwn } from "./require-function.ts";

type Parts = Pick<LambdaParts, "store" | "catalog" | "clock">;

export type UrlChange = Partial<Pick<UrlRecord, "authType" | "invokeMode" | "cors">>;

const LETTERS = "abcdefghijklmnopqrstuvwxyz234567";
const ID_LENGTH = 32;

export function createUrl(parts: Parts, account: Account, named: Named, made: UrlChange & Pick<UrlRecord, "authType">): UrlRecord {
  const { store, clock } = parts;
  const { name, qualifier = LATEST } = named;
  requireTarget(parts, account, named);
  if (store.urls.get(account.tenant, name, qualifier) !== undefined)
    throw conflict(
      `Failed to create function url config for [functionArn = ${functionArn(account, name, named.qualifier)}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    );
  const { tags } = requireOwn(parts, account, { name });
  const id =
    chosenId(parts, tags, named.qualifier) ?? Array.from(randomBytes(ID_LENGTH), (byte) => LETTERS[byte % LETTERS.length]).join("");
  const now = clock.wall();
  const url: UrlRecord = {
    id,
    authType: made.authType,
    invokeMode: made.invokeMode ?? null,
    cors: made.cors ?? null,
    createdAt: now,
    lastModified: now,
  };
  store.urls.put(account.tenant, name, qualifier, url);
  return url;
}

/** The tag by which LocalStack lets a function choose the id in its URL; AWS has none. */
const ID_TAG = "_custom_id_";

/** Undefined if the function's tags choose none. The URL of an alias has the alias's name after it. */
function chosenId({ store }: Parts, tags: FunctionRecord["tags"], qualifier: string | undefined): string | undefined {
  const chosen = Object.hasOwn(tags, ID_TAG) ? tags[ID_TAG]! : undefined;
  if (chosen === undefined) return undefined;
  const id = qualifier === undefined ? chosen : `${chosen}-${qualifier}`;
  if (!/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(id))
    throw invalidValue(
      `The tag ${ID_TAG} makes the id ${id} of the URL, which must be 1 to 63 of a-z, 0-9 and -, and neither begin nor end with -.`,
    );
  if (store.ofUrl(id) !== undefined) throw conflict(`The id ${id}, which the tag ${ID_TAG} makes, is that of another function's URL.`);
  return id;
}

export function urlOf({ store }: Parts, { tenant }: Account, { name, qualifier = LATEST }: Named): UrlRecord {
  const url = store.urls.get(tenant, name, qualifier);
  if (url === undefined) throw noSuchResource();
  return url;
}

export function updateUrl(parts: Parts, account: Account, named: Named, change: UrlChange): UrlRecord {
  requireTarget(parts, account, named);
  const url = { ...urlOf(parts, account, named), ...change, lastModified: parts.clock.wall() };
  parts.store.urls.put(account.tenant, named.name, named.qualifier ?? LATEST, url);
  return url;
}

export function deleteUrl(parts: Parts, account: Account, { name, qualifier = LATEST }: Named): void {
  if (!parts.store.urls.remove(account.tenant, name, qualifier)) throw noSuchResource();
}

/** The URLs of a function, of itself and of its aliases. */
export function urlsOf(parts: Parts, account: Account, name: string): { qualifier: string; url: UrlRecord }[] {
  if (findFunction(parts, account.tenant, name) === undefined) throw notFound("Function does not exist");
  const { urls } = parts.store;
  return urls.keys(account.tenant, name).map((qualifier) => ({ qualifier, url: urls.get(account.tenant, name, qualifier)! }));
}

/** The function, or the alias, that the URL is for. */
function requireTarget(parts: Parts, { tenant }: Account, { name, qualifier }: Named): void {
  const isThere =
    findFunction(parts, tenant, name) !== undefined &&
    (qualifier === undefined || parts.store.aliases.get(tenant, name, qualifier) !== undefined);
  if (!isThere) throw notFound("Function does not exist");
}
