/** Names of functions in paths: a name, or an ARN, in full or in part, with or without a qualifier. */
import { AwsError, invalidValue, notFound } from "../../control/lambda/aws-error.ts";
import { remembering } from "../../base/remember/remembering.ts";
import type { Account } from "../../control/lambda/names.ts";
import type { Named } from "../../control/lambda/require-function.ts";
import type { LambdaCall } from "./call.ts";
import { Constraints } from "./constraints.ts";

/** How a function may be named. AWS has three ways, in its words; which of them is a matter of the operation. */
interface NameForm {
  pattern: string;
  test: RegExp;
  most: number;
}

const BEFORE = "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?";
const before = String.raw`^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:(?<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(?<account>\d{12}):)?(?:function:)?`;

const anyForm: NameForm = {
  pattern: `${BEFORE}([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
  test: new RegExp(String.raw`${before}(?<name>[a-zA-Z0-9_.-]+)(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?$`),
  most: 256,
};
const shortForm: NameForm = {
  pattern: `${BEFORE}([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?`,
  test: new RegExp(String.raw`${before}[a-zA-Z0-9_-]+(?::(?:\$LATEST|[a-zA-Z0-9_-]+))?$`),
  most: 140,
};
const bareForm: NameForm = { pattern: `${BEFORE}([a-zA-Z0-9-_]+)`, test: new RegExp(`${before}[a-zA-Z0-9_-]+$`), most: 140 };

const forms = new Map<string, NameForm>([
  ...(
    "CreateAlias DeleteAlias GetAlias ListAliases UpdateAlias CreateFunctionUrlConfig DeleteFunctionUrlConfig GetFunctionUrlConfig ListFunctionUrlConfigs " +
    "UpdateFunctionUrlConfig DeleteFunctionConcurrency GetFunctionConcurrency PutFunctionConcurrency DeleteProvisionedConcurrencyConfig " +
    "GetProvisionedConcurrencyConfig ListProvisionedConcurrencyConfigs PutProvisionedConcurrencyConfig PublishVersion UpdateFunctionCode UpdateFunctionConfiguration"
  )
    .split(" ")
    .map((operation) => [operation, shortForm] as const),
  ...["GetFunctionRecursionConfig", "PutFunctionRecursionConfig", "GetFunctionScalingConfig", "PutFunctionScalingConfig"].map(
    (operation) => [operation, bareForm] as const,
  ),
]);

/** Of a qualifier, in AWS's words. */
interface QualifierForm {
  pattern: string;
  test: RegExp;
}

const anyQualifier: QualifierForm = {
  pattern: "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+",
  test: /^(?:\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_$-]+)$/,
};
const aliasQualifier: QualifierForm = { pattern: "((?!^\\d+$)^[0-9a-zA-Z-_]+$)", test: /^(?!\d+$)[0-9a-zA-Z-_]+$/ };
const plainQualifier: QualifierForm = { pattern: "(|[a-zA-Z0-9$_-]+)", test: /^[a-zA-Z0-9$_-]*$/ };
const publishedQualifier: QualifierForm = { pattern: "(\\$LATEST\\.PUBLISHED|[0-9]+)", test: /^(?:\$LATEST\.PUBLISHED|\d+)$/ };

function qualifierFormOf(operation: string): QualifierForm {
  if (operation.includes("FunctionUrlConfig")) return aliasQualifier;
  if (operation.includes("ProvisionedConcurrency")) return plainQualifier;
  return operation.includes("FunctionScalingConfig") ? publishedQualifier : anyQualifier;
}

const NAME_LENGTH = 64;

/** The name that CreateFunction gives. Throws if it is none, or one of another region or account. */
export function createdName(account: Account, text: string | undefined): string {
  new Constraints()
    .required("functionName", text)
    .length("functionName", text, 1, shortForm.most)
    .pattern("functionName", text, shortForm.pattern, shortForm.test)
    .check();
  const { name, qualifier } = readPlace(account, text!);
  if (name.length > NAME_LENGTH)
    throw invalidValue(
      `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${NAME_LENGTH}`,
    );
  if (qualifier !== undefined) throw invalidValue(`Unsupported function name: ${text}`);
  return name;
}

type Call = Pick<LambdaCall, "params" | "query" | "account" | "operation">;

/** The function that a path names, and the qualifier that the path or the query gives. Throws if they have not the form that the operation asks for. */
export function namedIn({ params, query, account, operation }: Call): Named {
  const text = params["FunctionName"] ?? "";
  const asked = query.get("Qualifier") ?? undefined;
  const form = forms.get(operation) ?? anyForm;
  // Of a plain name nothing can be wrong: calls of functions come here.
  if (asked === undefined && plainName.test(text)) return { name: text, qualifier: undefined };
  const qualifierForm = qualifierFormOf(operation);
  new Constraints()
    .length("functionName", text, 1, form.most)
    .pattern("functionName", text, form.pattern, form.test)
    .length("qualifier", asked, 1, QUALIFIER_LENGTH)
    .pattern("qualifier", isLong(asked) ? undefined : asked, qualifierForm.pattern, qualifierForm.test)
    .check();
  return together(readPlace(account, text), asked);
}

const plainName = /^[a-zA-Z0-9_-]{1,140}$/;
const QUALIFIER_LENGTH = 128;

/** A qualifier that is too long is told once. */
function isLong(qualifier: string | undefined): boolean {
  return qualifier !== undefined && qualifier.length > QUALIFIER_LENGTH;
}

/** A function that a body or a query names. @param at AWS's name of the member */
export function readNamed(account: Account, text: string, at = "functionName"): Named {
  new Constraints().length(at, text, 1, anyForm.most).pattern(at, text, anyForm.pattern, anyForm.test).check();
  return readPlace(account, text);
}

/** What a text names, whoever asks; undefined if it has not the form of a name. */
export function nameIn(text: string): Named | undefined {
  return placeIn(text) ?? undefined;
}

function together({ name, qualifier }: Named, asked: string | undefined): Named {
  if (qualifier !== undefined && asked !== undefined && qualifier !== asked)
    throw invalidValue("The derived qualifier from the function name does not match the specified qualifier.");
  return { name, qualifier: asked ?? qualifier };
}

interface Place extends Named {
  region: string | undefined;
  account: string | undefined;
}

/** Undefined if the text has not the form of a name. */
const placeIn = remembering(10_000, (text): Place | null => {
  const groups = anyForm.test.exec(text)?.groups;
  if (groups === undefined) return null;
  const { name = "", qualifier, region, account } = groups as Record<string, string | undefined>;
  return { name, qualifier, region, account };
});

function readPlace(caller: Account, text: string): Named {
  const { name, qualifier, region, account } = placeIn(text)!;
  if (region !== undefined && region !== caller.region)
    throw notFound(`Functions from '${region}' are not reachable in this region ('${caller.region}')`);
  if (account !== undefined && account !== caller.account) throw new AwsError("AccessDeniedException", null);
  return { name, qualifier };
}
