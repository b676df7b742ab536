/** Who may call a function, as resource policies say. They are kept for a function, a version and an alias each. */
import { LATEST, versionKey } from "../../store/lambda/lambda-store.ts";
import type { Statement } from "../../store/lambda/records.ts";
import { AwsError, invalidValue, noSuchResource, notFound, wrongRevision } from "./aws-error.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { noStatement, statementExists } from "./layers.ts";
import { type Account, functionArn, newRevisionId } from "./names.ts";
import { functionNotFound, type Named, requireOwn, requireQualified } from "./require-function.ts";

type Parts = Pick<LambdaParts, "store" | "catalog">;

/** AWS's limit, in bytes. */
const POLICY_BYTES = 20_480;

export interface Permission {
  statement: Omit<Statement, "Resource">;
  revisionId?: string | undefined;
}

export function addPermission(parts: Parts, account: Account, named: Named, { statement, revisionId }: Permission): Statement {
  const { name, qualifier } = named;
  if (qualifier === LATEST) throw invalidValue("We currently do not support adding policies for $LATEST.");
  const place = placeOf(parts, account, named);
  if (revisionId !== undefined && revisionId !== place.revisionId) throw wrongRevision();
  const statements = place.statements();
  if (statements.some(({ Sid }) => Sid === statement.Sid)) throw statementExists(statement.Sid);
  const { Sid, Effect, Principal, Action, Condition } = statement;
  const added: Statement = {
    Sid,
    Effect,
    Principal,
    Action,
    Resource: functionArn(account, name, qualifier),
    ...(Condition && { Condition }),
  };
  const next = [...statements, added];
  refuseTooLong(next);
  place.put(next);
  return added;
}

function refuseTooLong(statements: Statement[]): void {
  const bytes = Buffer.byteLength(JSON.stringify(policyOf(statements)));
  if (bytes > POLICY_BYTES)
    throw new AwsError("PolicyLengthExceededException", `The final policy size (${bytes}) is bigger than the limit (${POLICY_BYTES}).`);
}

/** In the place of all that was allowed before. */
export function replacePolicy(
  parts: Parts,
  account: Account,
  named: Named,
  { statements, revisionId }: { statements: Statement[]; revisionId?: string | undefined },
): void {
  if (named.qualifier === LATEST) throw invalidValue("We currently do not support adding policies for $LATEST.");
  const place = placeOf(parts, account, named);
  if (revisionId !== undefined && revisionId !== place.revisionId) throw wrongRevision();
  refuseTooLong(statements);
  place.put(statements);
}

export function removePolicy(parts: Parts, account: Account, named: Named, revisionId: string | undefined): void {
  const place = placeOf(parts, account, named);
  if (place.statements().length === 0) throw noSuchResource();
  if (revisionId !== undefined && revisionId !== place.revisionId) throw wrongRevision();
  place.put([]);
}

export function removePermission(parts: Parts, account: Account, named: Named, sid: string, revisionId: string | undefined): void {
  const place = placeOf(parts, account, named);
  const statements = place.statements();
  if (statements.length === 0) throw notFound("No policy is associated with the given resource.");
  if (!statements.some(({ Sid }) => Sid === sid)) throw noStatement(sid);
  if (revisionId !== undefined && revisionId !== place.revisionId) throw wrongRevision();
  place.put(statements.filter(({ Sid }) => Sid !== sid));
}

export function policyFor(parts: Parts, account: Account, named: Named): { policy: string; revisionId: string } {
  const { revisionId, statements } = placeOf(parts, account, named);
  const all = statements();
  if (all.length === 0) throw noSuchResource();
  return { policy: JSON.stringify(policyOf(all)), revisionId };
}

/** The statements that decide who may call what the name stands for; none if nobody added any. */
export function statementsFor(
  { store }: { store: Pick<LambdaParts["store"], "policies"> },
  tenant: string,
  { name, qualifier = LATEST }: Named,
): Statement[] {
  return store.policies.get(tenant, name, qualifier)?.statements ?? [];
}

export function policyOf(statements: Statement[]): { Version: string; Id: string; Statement: Statement[] } {
  return { Version: "2012-10-17", Id: "default", Statement: statements };
}

interface Place {
  /** Of the function, the version or the alias: a change of its policy changes it. */
  revisionId: string;
  statements: () => Statement[];
  put: (statements: Statement[]) => void;
}

function placeOf(parts: Parts, account: Account, named: Named): Place {
  const { store } = parts;
  const { tenant } = account;
  const { name, qualifier = LATEST } = named;
  const { found, version, alias } = requirePlace(parts, account, named);
  const revisionId = newRevisionId();
  return {
    revisionId: (alias ?? version ?? found.record).revisionId,
    statements: () => statementsFor({ store }, tenant, named),
    put(statements) {
      const record = requireOwn(parts, account, { name });
      store.policies.put(tenant, name, qualifier, { statements });
      if (alias !== undefined) store.aliases.put(tenant, name, alias.name, { ...alias, revisionId });
      else if (version !== undefined) store.versions.put(tenant, name, versionKey(version.version), { ...version, revisionId });
      else store.functions.put(tenant, "", name, { ...record, revisionId });
    },
  };
}

/** An alias that is not there is told in other words than a version. */
function requirePlace(parts: Parts, account: Account, named: Named): ReturnType<typeof requireQualified> {
  const { name, qualifier } = named;
  requireQualified(parts, account, { name });
  try {
    return requireQualified(parts, account, named);
  } catch {
    if (qualifier !== undefined && !/^\d+$/.test(qualifier))
      throw notFound(`Cannot find alias arn: ${functionArn(account, name, qualifier)}`);
    throw functionNotFound(account, named);
  }
}
