import assert from "node:assert/strict";
import { test } from "node:test";
import { accountOf } from "../../../../control/lambda/names.ts";
import { askedOf } from "./asked.ts";
import { newPolicy } from "./new-policy.ts";
import { type Asked, decide, isPublicPolicy, readPolicy } from "./policy.ts";
import { fits } from "./wildcard.ts";

const text = (...statements: object[]) => JSON.stringify({ Version: "2012-10-17", Statement: statements });
const allow = (more: object = {}) => ({
  Effect: "Allow",
  Principal: "*",
  Action: "s3:GetObject",
  Resource: "arn:aws:s3:::photos/*",
  ...more,
});
const asked = (more: Partial<Asked> = {}): Asked => ({
  caller: null,
  action: "s3:GetObject",
  resource: "photos/a.jpg",
  facts: new Map(),
  ...more,
});
const says = (statements: object[], more: Partial<Asked> = {}) => decide(readPolicy(text(...statements), "photos"), asked(more));
const caller = { account: accountOf("ten_b"), tenant: "ten_b", user: "bo" };

test("a policy allows what a statement of it says, to whom it says, and denies before it allows", () => {
  assert.equal(says([allow()]), "allow");
  assert.equal(says([allow()], { resource: "photos" }), "nothing");
  assert.equal(says([allow()], { action: "s3:PutObject" }), "nothing");
  assert.equal(says([allow({ Action: ["s3:Get*"] })], { action: "s3:GetObjectTagging" }), "allow");
  assert.equal(says([allow({ Action: "S3:getobject" })]), "allow");
  assert.equal(says([allow(), allow({ Effect: "Deny", Resource: "arn:aws:s3:::photos/a.*" })]), "deny");
  assert.equal(says([allow({ Action: undefined, NotAction: "s3:Delete*" })]), "allow");
  assert.equal(says([allow({ Resource: undefined, NotResource: "arn:aws:s3:::photos/a.jpg" })]), "nothing");
});

test("principals are everybody, an account, a user of it, or a canonical id", () => {
  for (const principal of [
    { AWS: caller.account },
    { AWS: [`arn:aws:iam::${caller.account}:root`] },
    { AWS: `arn:aws:iam::${caller.account}:user/bo` },
  ]) {
    assert.equal(says([allow({ Principal: principal })], { caller }), "allow");
    assert.equal(says([allow({ Principal: principal })]), "nothing");
    assert.equal(says([allow({ Principal: principal })], { caller: { ...caller, account: "111111111111" } }), "nothing");
  }
  assert.equal(says([allow({ Principal: { AWS: `arn:aws:iam::${caller.account}:user/bob` } })], { caller }), "nothing");
  assert.equal(says([allow({ Principal: { Service: "lambda.amazonaws.com" } })], { caller }), "nothing");
});

test("conditions compare what is known of a request; what is not known meets none but those that say not", () => {
  const facts = new Map([
    ["aws:sourceip", "10.1.2.3"],
    ["s3:existingobjecttag/level", "public"],
    ["s3:max-keys", "10"],
  ]);
  const holds = (Condition: object) => says([allow({ Condition })], { facts }) === "allow";
  assert.ok(holds({ IpAddress: { "aws:SourceIp": ["192.168.0.0/16", "10.0.0.0/8"] } }));
  assert.ok(!holds({ NotIpAddress: { "aws:SourceIp": "10.0.0.0/8" } }));
  assert.ok(!holds({ IpAddress: { "aws:SourceIp": "10.0.0.0/99" } }));
  assert.ok(holds({ StringEquals: { "s3:ExistingObjectTag/level": ["public", "open"] } }));
  assert.ok(!holds({ StringNotEquals: { "s3:ExistingObjectTag/level": ["public", "open"] } }));
  assert.ok(holds({ StringNotEquals: { "s3:ExistingObjectTag/other": "x" } }));
  assert.ok(!holds({ StringEquals: { "s3:ExistingObjectTag/other": "x" } }));
  assert.ok(holds({ StringEqualsIfExists: { "s3:ExistingObjectTag/other": "x" } }));
  assert.ok(holds({ Null: { "s3:ExistingObjectTag/other": "true" }, NumericLessThanEquals: { "s3:max-keys": 10 } }));
  assert.ok(!holds({ Null: { "s3:ExistingObjectTag/other": "true" }, NumericLessThan: { "s3:max-keys": 10 } }));
  assert.ok(holds({ StringLike: { "s3:ExistingObjectTag/level": "pub*" } }));
});

test("what a caller chose fits no more than itself where a policy names it", () => {
  const own = [allow({ Resource: "arn:aws:s3:::photos/${aws:username}/*" })];
  const of = (name: string, resource: string) => says(own, { resource, facts: new Map([["aws:username", name]]) });
  assert.equal(of("bo", "photos/bo/a"), "allow");
  assert.equal(of("bo", "photos/al/a"), "nothing");
  assert.equal(of("*", "photos/al/a"), "nothing");
  assert.equal(says(own, { resource: "photos//a" }), "nothing");
});

test("a policy that says something else than this server would do is refused, in AWS's words where it has some", () => {
  const refusal = (given: string) => {
    try {
      readPolicy(given, "photos");
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
    return "";
  };
  const notJson = "MalformedPolicy: Policies must be valid JSON and the first byte must be '{'";
  for (const given of ["", "text", "[]", " {}", "{"]) assert.equal(refusal(given), notJson, given);
  assert.equal(refusal("{}"), "MalformedPolicy: Missing required field Statement");
  assert.equal(refusal(text(allow({ Principal: undefined }))), "MalformedPolicy: Missing required field Principal");
  assert.equal(refusal(text(allow({ Resource: "arn:aws:s3:::other/*" }))), "MalformedPolicy: Policy has invalid resource");
  assert.equal(refusal(text(allow({ Action: "sqs:SendMessage" }))), "MalformedPolicy: Policy has invalid action");
  assert.equal(refusal(text(allow({ Principal: { AWS: "somebody" } }))), "MalformedPolicy: Invalid principal in policy");
  assert.match(refusal(text(allow({ Condition: { Sometimes: { "aws:SourceIp": "::1" } } }))), /Invalid Condition type/);
  assert.match(refusal(text(allow({ Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } } }))), /invalid condition key/);
  assert.match(refusal(text(allow({ NotPrincipal: { AWS: "*" }, Principal: undefined }))), /NotPrincipal/);
  assert.match(refusal(text(allow({ Mood: "good" }))), /Unknown field Mood/);
  assert.match(refusal(text(...Array.from({ length: 300 }, () => allow()))), /at most 20480 bytes/);
});

test("a policy that is set names actions that there are, and says something of its resources; one that is stored goes on to count", () => {
  const refusal = (given: string) => {
    readPolicy(given, "photos");
    try {
      newPolicy(given, "photos");
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`;
    }
    return "";
  };
  const bucket = "arn:aws:s3:::photos";
  const wrong = "MalformedPolicy: Policy has invalid action";
  assert.equal(refusal(text(allow({ Action: "s3:GetObjects" }))), wrong);
  assert.equal(refusal(text(allow({ Action: ["s3:GetObject", "s3:Nothing"], Effect: "Deny" }))), wrong);
  const aboutNothing = "MalformedPolicy: Action does not apply to any resource(s) in statement";
  assert.equal(refusal(text(allow({ Action: "s3:ListBucket", Resource: `${bucket}/*` }))), aboutNothing);
  assert.equal(refusal(text(allow({ Action: "s3:GetObject", Resource: bucket }))), aboutNothing);
  for (const Action of ["s3:GetObject", "s3:listbucket", "s3:Get*", "s3:*", "*", "s3:PutAnalyticsConfiguration"])
    assert.equal(refusal(text(allow({ Action, Resource: [bucket, `${bucket}/*`] }))), "", Action);
  assert.equal(refusal(text(allow({ Action: "s3:ListBucket", Resource: "arn:aws:s3:::*" }))), "");
  assert.equal(refusal(text(allow({ Action: "s3:GetObject", Resource: "arn:aws:s3:::photos*" }))), "");
  const ofKeys = (name: string) => refusal(text(allow({ Condition: { StringLike: { [`s3:x-amz-${name}`]: "A*" } } })));
  const customer = "server-side-encryption-customer";
  for (const name of [`${customer}-key`, `${customer}-key-MD5`, `copy-source-${customer}-key`])
    assert.equal(ofKeys(name), "MalformedPolicy: Policy has an invalid condition key", name);
  assert.equal(ofKeys(`${customer}-algorithm`), "");
  const ofVersion = (Version?: string) => refusal(JSON.stringify({ Version, Statement: [allow()] }));
  assert.equal(ofVersion("2012"), "MalformedPolicy: The policy must contain a valid version string");
  assert.deepEqual([ofVersion(), ofVersion("2008-10-17"), ofVersion("2012-10-17")], ["", "", ""]);
});

test("a policy is not told customers' keys, which whoever sets it could find by comparing them", () => {
  const of = "x-amz-server-side-encryption-customer";
  const headers = { [`${of}-algorithm`]: "AES256", [`${of}-key`]: "a2V5", [`${of}-key-md5`]: "bWQ1", "x-amz-acl": "private" };
  const request = { operation: "PutObject", caller: null, name: "photos", key: "a", query: new URLSearchParams(), headers };
  const { facts } = askedOf({
    ...request,
    author: { principal: "anonymous", tenant: undefined, peer: "", request: "" },
    now: 0,
    origin: "",
    isPresigned: false,
  });
  const known = [...facts.keys()].filter((name) => name.startsWith("s3:x-amz-"));
  assert.deepEqual(known.toSorted(), ["s3:x-amz-acl", `s3:${of}-algorithm`]);
});

test("a policy is public if it lets everybody in, or everybody from everywhere", () => {
  const isPublic = (...statements: object[]) => isPublicPolicy(readPolicy(text(...statements), "photos"));
  assert.ok(isPublic(allow()));
  assert.ok(isPublic(allow({ Principal: { AWS: "*" } })));
  assert.ok(isPublic(allow({ Condition: { IpAddress: { "aws:SourceIp": "0.0.0.0/0" } } })));
  assert.ok(!isPublic(allow({ Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } } })));
  assert.ok(!isPublic(allow({ Principal: { AWS: caller.account } })));
  assert.ok(!isPublic(allow({ Effect: "Deny" })));
});

test("patterns take no longer with many stars", () => {
  assert.ok(fits("a*c?e", "abbbcde"));
  assert.ok(!fits("a*c?e", "abbbcdf"));
  assert.ok(!fits(`${"*a".repeat(500)}b`, "a".repeat(5_000)));
});
