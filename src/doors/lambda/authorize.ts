/**
 * What a principal may do by the Lambda API: by the same rights as by every other door, and by resource policies, which let other accounts in. An ARN with the number
 * of another account names the functions of that account; an account is a tenant.
 */
import { AwsError } from "../../control/lambda/aws-error.ts";
import { partsOfLayerArn } from "../../control/lambda/layers.ts";
import { type Account, functionArn } from "../../control/lambda/names.ts";
import { letsIn, tenantOfAccount } from "../../control/lambda/other-accounts.ts";
import { statementsFor } from "../../control/lambda/permissions.ts";
import type { Catalog } from "../../store/catalog/catalog.ts";
import { type LambdaStore, versionKey } from "../../store/lambda/lambda-store.ts";
import type { Statement } from "../../store/lambda/records.ts";
import { may } from "../../store/principals/rights.ts";
import type { LambdaCall, LambdaRoute } from "./call.ts";
import { nameIn } from "./read-name.ts";

interface Parts {
  catalog: Pick<Catalog, "names" | "tenants">;
  store: Pick<LambdaStore, "functions" | "policies" | "layers">;
}

type Call = Omit<LambdaCall, "body">;

/** What AWS lets policies of functions and layers allow to other accounts. */
const acrossAccounts = new Set(
  (
    "Invoke InvokeWithResponseStream GetFunction GetFunctionConfiguration UpdateFunctionCode DeleteFunction PublishVersion ListVersionsByFunction CreateAlias GetAlias " +
    "ListAliases UpdateAlias DeleteAlias GetPolicy PutFunctionConcurrency DeleteFunctionConcurrency ListTags TagResource UntagResource GetLayerVersion GetLayerVersionByArn"
  ).split(" "),
);

/** What the policies call the operations that they name otherwise than the API does. */
const policyNames: Readonly<Record<string, string>> = {
  Invoke: "InvokeFunction",
  InvokeAsync: "InvokeFunction",
  InvokeWithResponseStream: "InvokeFunction",
  GetLayerVersionByArn: "GetLayerVersion",
};

/** Operations that look at the bounds of a principal themselves: what one makes is named in its body, and of a list everybody gets what they may see. */
const boundedWithin = new Set([
  "CreateFunction",
  "ListFunctions",
  "SendDurableExecutionCallbackSuccess",
  "SendDurableExecutionCallbackFailure",
  "SendDurableExecutionCallbackHeartbeat",
]);

/** Returns whose functions the call is about. Throws an AwsError if the principal may not do that. */
export function authorizeWith(parts: Parts): (call: Call, route: LambdaRoute) => Account {
  const { names } = parts.catalog;
  return (call, route) => {
    const { account, principal } = call;
    const owner = ownerOf(parts, call, route);
    const name = functionIn(call);
    // Which app it is matters only to a principal that is bounded to some.
    const app =
      name === undefined || principal.apps === null
        ? null
        : ownApp(names, principal.apps, owner.tenant, appNamed(parts, owner.tenant, name));
    if (may(principal, route.right, { tenant: owner.tenant, app })) return owner;
    if (boundedWithin.has(route.operation) && may({ ...principal, apps: null }, route.right, { tenant: owner.tenant, app: null }))
      return owner;
    if (owner.account !== account.account) {
      if (isOpenTo(parts, owner, call, route)) return owner;
      throw new AwsError("AccessDeniedException", null);
    }
    throw denied(account, principal, route.operation, name);
  };
}

/**
 * Throws an AwsError for a principal that is bounded to other apps. The function that CreateFunction makes is named in its body alone, and an app of somebody's bounds
 * may be still to come. @param appName of the app that the function is to be in
 */
export function refuseBeyondBounds({ names }: Pick<Catalog, "names">, { account, principal }: Call, name: string, appName: string): void {
  if (principal.apps === null) return;
  if (ownApp(names, principal.apps, account.tenant, appName) === null) throw denied(account, principal, "CreateFunction", name);
}

/** Which of a principal's apps has that name. The name is not looked up: the time that this takes does not tell whether an app has it that the principal may not see. */
function ownApp(names: Pick<Catalog["names"], "nameOf">, apps: readonly string[], tenant: string, name: string): string | null {
  const known = apps.map((id) => ({ id, of: names.nameOf(id) }));
  return known.findLast(({ of }) => of !== undefined && of.tenant === tenant && of.name === name)?.id ?? null;
}

/** The name of the app that has the function, or would have it. */
function appNamed({ store }: Parts, tenant: string, name: string): string {
  return store.functions.get(tenant, "", name)?.app ?? name;
}

function denied(account: Account, principal: Call["principal"], operation: string, name: string | undefined): AwsError {
  const resource = name === undefined ? "*" : functionArn(account, name);
  return new AwsError(
    "AccessDeniedException",
    `User: arn:aws:iam::${account.account}:user/${principal.name} is not authorized to perform: lambda:${actionOf(operation)} on resource: ${resource}`,
  );
}

const ACCOUNT = /^(?:arn:[a-z-]+:lambda:)?(?:[a-z]{2}[a-z-]*-\d:)?(\d{12}):/;

/** The caller's own account, unless an ARN names that of another tenant of this server. */
function ownerOf(parts: Parts, call: Call, route: LambdaRoute): Account {
  const { account, params, query } = call;
  const text =
    params["FunctionName"] ??
    params["DurableExecutionArn"] ??
    params["LayerName"] ??
    params["Resource"] ??
    params["ResourceArn"] ??
    query.get("Arn") ??
    "";
  const other = ACCOUNT.exec(text)?.[1];
  if (other === undefined || other === account.account) return account;
  const tenant = tenantOfAccount(parts.catalog, other);
  if (tenant !== undefined) return { tenant, account: other, region: account.region };
  // For nothing: the time of a refusal does not tell which accounts there are.
  isOpenTo(parts, { ...account, tenant: "" }, call, route);
  return account;
}

/** Whether a policy lets the caller's account do that with what another account has. */
function isOpenTo(parts: Parts, owner: Account, call: Call, { operation, right }: LambdaRoute): boolean {
  const { account, principal } = call;
  if (!acrossAccounts.has(operation) || !may(principal, right, { tenant: account.tenant, app: null })) return false;
  return letsIn(statementsOf(parts, owner, call), actionOf(operation), account.account);
}

/** Undefined if the call is about no function, or names it in a form that the operation itself refuses. */
function functionIn({ params }: Call): string | undefined {
  const resource = params["Resource"] ?? params["ResourceArn"];
  const execution = params["DurableExecutionArn"]?.split("/", 1)[0];
  const text = params["FunctionName"] ?? execution ?? (resource?.includes(":function:") ? resource : undefined);
  return text === undefined ? undefined : nameIn(text)?.name;
}

function statementsOf({ store }: Parts, owner: Account, { params, query }: Call): Statement[] {
  const { LayerName, VersionNumber, FunctionName, Resource } = params;
  const layer = LayerName === undefined ? query.get("Arn") : `${LayerName}:${VersionNumber}`;
  if (layer !== null) {
    const { name, version } = partsOfLayerArn(layer);
    return store.layers.get(owner.tenant, name, versionKey(version))?.policy?.statements ?? [];
  }
  const named = nameIn(FunctionName ?? Resource ?? "");
  return named === undefined
    ? []
    : statementsFor({ store }, owner.tenant, { name: named.name, qualifier: query.get("Qualifier") ?? named.qualifier });
}

/** The name of an operation in policies and in some of AWS's errors. */
export function actionOf(operation: string): string {
  return policyNames[operation] ?? operation;
}
