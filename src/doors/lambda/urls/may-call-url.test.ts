import assert from "node:assert/strict";
import { test } from "node:test";
import type { Statement } from "../../../store/lambda/records.ts";
import { mayCallUrl } from "./may-call-url.ts";

const ann = { account: "123456789012", arn: "arn:aws:iam::123456789012:user/ann" };
const allows = (Principal: unknown, more: Partial<Statement> = {}): Statement[] => [
  { Sid: "one", Effect: "Allow", Principal, Action: "lambda:InvokeFunctionUrl", Resource: "any", ...more },
];

test("a statement for one user of an account is for no other user of it", () => {
  for (const principal of ["*", "123456789012", { AWS: "arn:aws:iam::123456789012:root" }, { AWS: ann.arn }])
    assert.ok(mayCallUrl(allows(principal), "AWS_IAM", ann), JSON.stringify(principal));
  for (const user of ["arn:aws:iam::123456789012:user/bob", "arn:aws:iam::123456789012:user/an", "arn:aws:iam::999999999999:root"])
    assert.ok(!mayCallUrl(allows({ AWS: user }), "AWS_IAM", ann), user);
});

test("nobody is let in without a signature but by a statement for everybody, and by a condition that is not met", () => {
  assert.ok(mayCallUrl(allows("*"), "NONE", undefined));
  for (const principal of ["undefined", { AWS: "arn:aws:iam::undefined:root" }, { Service: "s3.amazonaws.com" }, null, {}])
    assert.ok(!mayCallUrl(allows(principal), "NONE", undefined), JSON.stringify(principal));
  const forNone = { Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "NONE" } } };
  assert.ok(mayCallUrl(allows("*", forNone), "NONE", undefined) && !mayCallUrl(allows("*", forNone), "AWS_IAM", ann));
  assert.ok(!mayCallUrl(allows("*", { Condition: { Bool: { "lambda:FunctionUrlAuthType": "NONE" } } }), "NONE", undefined));
});
