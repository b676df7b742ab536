/** Names of functions in paths: a name, or an ARN, in full or in part, with or without a qualifier. */
import { AwsError, invalidValue, notFound } from "../../control/lambda/aws-error.ts";
import type { Account } from "../../control/lambda/names.ts";
import type { Named } from "../../control/lambda/require-function.ts";
import type { LambdaCall } from "./call.ts";
import { Constraints } from "./constraints.ts";

/** In AWS's words. The first is that of CreateFunction. */
const CREATED =
  "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?";
const ASKED =
  "(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_\\.]+)(:(\\$LATEST(\\.PUBLISHED)?|[a-zA-Z0-9-_]+))?";
const QUALIFIER = "\\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+";

const place =
  /^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:)?(?:(?<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(?<account>\d{12}):)?(?:function:)?(?<name>[a-zA-Z0-9_.-]+)(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_-]+))?$/;

const NAME_LENGTH = 64;

/** Throws if the text is no name of a function, or one of another region or account. */
export function createdName(account: Account, text: string | undefined): string {
  new Constraints()
    .required("functionName", text)
    .length("functionName", text, 1, 140)
    .pattern("functionName", text, CREATED, place)
    .check();
  const { name, qualifier } = readPlace(account, text!);
  if (name.length > NAME_LENGTH)
    throw invalidValue(
      `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${NAME_LENGTH}`,
    );
  if (qualifier !== undefined || name.includes(".")) throw invalidValue(`Unsupported function name: ${text}`);
  return name;
}

export interface NameRule {
  /** AWS's name of the parameter that has the qualifier, and the pattern that it must match. */
  qualifier?: { pattern: string; test: RegExp };
}

/** The function that a path names, and the qualifier that the path or the query gives. */
export function namedIn({ params, query, account }: Pick<LambdaCall, "params" | "query" | "account">, rule: NameRule = {}): Named {
  return readNamed(account, params["FunctionName"] ?? "", query.get("Qualifier") ?? undefined, rule);
}

const anyQualifier = { pattern: QUALIFIER, test: /^(?:\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9_$-]+)$/ };

export function readNamed(
  account: Account,
  text: string,
  asked: string | undefined,
  { qualifier: rule = anyQualifier }: NameRule = {},
): Named {
  new Constraints()
    .pattern("functionName", text, ASKED, place)
    .length("qualifier", asked, 1, 128)
    .pattern("qualifier", asked === undefined || asked.length > 128 ? undefined : asked, rule.pattern, rule.test)
    .check();
  const { name, qualifier } = readPlace(account, text);
  if (qualifier !== undefined && asked !== undefined && qualifier !== asked)
    throw invalidValue("The derived qualifier from the function name does not match the specified qualifier.");
  return { name, qualifier: asked ?? qualifier };
}

function readPlace({ account, region }: Account, text: string): { name: string; qualifier: string | undefined } {
  const { name = "", qualifier, ...where } = place.exec(text)?.groups ?? {};
  if (where["region"] !== undefined && where["region"] !== region)
    throw notFound(`Functions from '${where["region"]}' are not reachable in this region ('${region}')`);
  if (where["account"] !== undefined && where["account"] !== account) throw new AwsError("AccessDeniedException", null);
  return { name, qualifier };
}
