/** What the policy of a form allows: whoever signed it has said which fields the form may have, and until when. */
import { z } from "zod";
import { S3Error } from "../s3-error.ts";

export interface FormPolicy {
  /** Wall clock, ms. */
  expiresAt: number;
  conditions: readonly Condition[];
}

type Condition = readonly [operator: string, subject: unknown, value: unknown];

/** How many bytes the content may have. */
export interface ContentLength {
  least: number;
  most: number;
}

const schema = z.looseObject({
  expiration: z.string(),
  conditions: z.array(z.union([z.array(z.unknown()), z.record(z.string(), z.unknown())])),
});
/** Fields that a policy need not name. */
const free = new Set(["x-amz-signature", "awsaccesskeyid", "signature", "policy", "file"]);

function invalid(what: string): S3Error {
  return new S3Error("InvalidPolicyDocument", {}, `Invalid Policy: ${what}`);
}

/** Throws "InvalidPolicyDocument". @param text base64 */
export function readFormPolicy(text: string): FormPolicy {
  let given: unknown;
  try {
    given = JSON.parse(Buffer.from(text, "base64").toString("utf8"));
  } catch {
    throw new S3Error("InvalidPolicyDocument");
  }
  const read = schema.safeParse(given);
  if (!read.success)
    throw invalid(read.error.issues[0]?.path[0] === "conditions" ? "Policy missing conditions." : "Policy missing expiration.");
  const { expiration, conditions } = read.data;
  const expiresAt = Date.parse(expiration);
  if (!/^\d{4}-\d\d-\d\dT/.test(expiration) || Number.isNaN(expiresAt))
    throw invalid(`Invalid 'expiration' value: '${expiration.slice(0, 100)}'`);
  return { expiresAt, conditions: conditions.map((each) => conditionOf(each)) };
}

function conditionOf(given: unknown[] | Record<string, unknown>): Condition {
  if (Array.isArray(given)) {
    if (given.length !== 3 || typeof given[0] !== "string") throw invalid("Invalid Condition: a condition has three parts.");
    return [given[0].toLowerCase(), given[1], given[2]];
  }
  const [[name, value] = [], ...more] = Object.entries(given);
  if (name === undefined || more.length > 0)
    throw invalid("Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.");
  return ["eq", `$${name}`, value];
}

/** Throws "AccessDenied" if the form is not what its policy says. @param fields by their names in lower case; with the bucket's name as `bucket` */
export function checkForm(policy: FormPolicy, fields: ReadonlyMap<string, string>, now: number): ContentLength | undefined {
  const denied = (what: string) => new S3Error("AccessDenied", {}, `Invalid according to Policy: ${what}`);
  if (now > policy.expiresAt) throw denied("Policy expired.");
  const named = new Set<string>();
  let length: ContentLength | undefined;
  for (const condition of policy.conditions) {
    const [operator, subject, value] = condition;
    const failed = denied(`Policy Condition failed: [${condition.map(shown).join(", ")}]`);
    if (operator === "content-length-range") {
      if ([subject, value].some((each) => /^-\d+$/.test(String(each))))
        throw invalid("Invalid Content-Length-Range: the least and the most bytes must not be negative.");
      const [least, most] = [wholeNumber(subject), wholeNumber(value)];
      if (least === undefined || most === undefined) throw failed;
      length = { least, most };
      continue;
    }
    if (typeof subject !== "string" || typeof value !== "string" || !subject.startsWith("$")) throw failed;
    const name = subject.slice(1).toLowerCase();
    named.add(name);
    if (!isRight(operator, value, fields.get(name), name)) throw failed;
  }
  const extra = [...fields.keys()].find(
    (name) => name !== "bucket" && !named.has(name) && !free.has(name) && !name.startsWith("x-ignore-"),
  );
  if (extra !== undefined) throw denied(`Extra input fields: ${extra.slice(0, 100)}`);
  return length;
}

function shown(value: unknown): string {
  return JSON.stringify(typeof value === "number" ? String(value) : value);
}

function isRight(operator: string, wanted: string, found: string | undefined, name: string): boolean {
  if (operator === "eq") return found === wanted;
  if (operator !== "starts-with") return false;
  // Of a content type each of a list must fit.
  const all = name === "content-type" ? (found ?? "").split(",") : [found ?? ""];
  return (found !== undefined || wanted === "") && all.every((each) => each.trim().startsWith(wanted) || each.startsWith(wanted));
}

function wholeNumber(value: unknown): number | undefined {
  return /^\d{1,15}$/.test(String(value)) ? Number(value) : undefined;
}
