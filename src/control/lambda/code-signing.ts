/**
 * Configurations of code signing are kept, shown and heeded as far as they can be here: no zip file has a signature of AWS's Signer, so that a function whose
 * configuration enforces signatures takes no code, and one whose configuration warns takes any.
 */
import { randomBytes } from "node:crypto";
import type { CodeSigningRecord, FunctionRecord } from "../../store/lambda/records.ts";
import { AwsError, conflict, notFound } from "./aws-error.ts";
import type { LambdaParts } from "./lambda-parts.ts";
import { type Account, partitionOf } from "./names.ts";
import { requireOwn } from "./require-function.ts";
import { refuseTooManyRecords } from "./room.ts";

type Parts = Pick<LambdaParts, "store" | "catalog" | "clock">;

export type CodeSigningChange = Partial<Pick<CodeSigningRecord, "description" | "publishers" | "policy">>;

const LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";
const ID_LETTERS = 17;

export function codeSigningArn({ account, region }: Account, id: string): string {
  return `arn:${partitionOf(region)}:lambda:${region}:${account}:code-signing-config:${id}`;
}

/** The id in an ARN. */
export function codeSigningIdIn(arn: string): string {
  return arn.slice(arn.lastIndexOf(":") + 1);
}

export function createCodeSigning(
  { store, clock }: Parts,
  { tenant }: Account,
  made: Omit<CodeSigningRecord, "id" | "lastModified">,
): CodeSigningRecord {
  refuseTooManyRecords({ store }, tenant);
  const id = `csc-${Array.from(randomBytes(ID_LETTERS), (byte) => LETTERS[byte % LETTERS.length]).join("")}`;
  const record = { ...made, id, lastModified: clock.wall() };
  store.codeSignings.put(tenant, "", id, record);
  return record;
}

export function requireCodeSigning({ store }: Pick<Parts, "store">, account: Account, arn: string): CodeSigningRecord {
  const record = store.codeSignings.get(account.tenant, "", codeSigningIdIn(arn));
  if (record === undefined) throw notFound(`The Lambda code signing configuration ${arn} can not be found.`);
  return record;
}

export function updateCodeSigning(parts: Parts, account: Account, arn: string, change: CodeSigningChange): CodeSigningRecord {
  const record = { ...requireCodeSigning(parts, account, arn), ...change, lastModified: parts.clock.wall() };
  parts.store.codeSignings.put(account.tenant, "", record.id, record);
  return record;
}

export function tagCodeSigning(parts: Parts, { tenant }: Account, record: CodeSigningRecord, tags: Record<string, string>): void {
  parts.store.codeSignings.put(tenant, "", record.id, { ...record, tags });
}

export function deleteCodeSigning(parts: Parts, account: Account, arn: string): void {
  const { id } = requireCodeSigning(parts, account, arn);
  if (parts.store.functionsSignedBy(account.tenant, id, "", 1).length > 0)
    throw conflict(`The code signing configuration ${arn} is used by functions. Remove it from them before you delete it.`);
  parts.store.codeSignings.remove(account.tenant, "", id);
}

/** For a function that asks for this configuration. Throws CodeSigningConfigNotFoundException. @returns its id */
export function chosenCodeSigning({ store }: Pick<Parts, "store">, { tenant }: Account, arn: string): string {
  const id = codeSigningIdIn(arn);
  if (store.codeSignings.get(tenant, "", id) === undefined)
    throw new AwsError(
      "CodeSigningConfigNotFoundException",
      `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`,
    );
  return id;
}

/** Throws CodeVerificationFailedException if the function's configuration wants signed code. @param id of the configuration */
export function refuseUnsigned({ store }: Pick<Parts, "store">, { tenant }: Account, name: string, id: string | undefined): void {
  if (id === undefined || store.codeSignings.get(tenant, "", id)?.policy !== "Enforce") return;
  throw new AwsError(
    "CodeVerificationFailedException",
    `Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. Check the provided signature for ${name}.`,
  );
}

/** @param id undefined: none any more */
export function setCodeSigning(parts: Parts, account: Account, name: string, id: string | undefined): FunctionRecord {
  const { codeSigning: _, ...rest } = requireOwn(parts, account, { name });
  const record: FunctionRecord = { ...rest, ...(id !== undefined && { codeSigning: id }) };
  parts.store.functions.put(account.tenant, "", name, record);
  return record;
}
