import assert from "node:assert/strict";
import { test } from "node:test";
import { deliveryMembers } from "./delivery-members.ts";
import { Input } from "./input.ts";

test("of what is kept of a request, only members that are known are there, however deep others are", () => {
  const deep = JSON.parse(`${"[".repeat(50_000)}1${"]".repeat(50_000)}`) as unknown;
  const target = new Input({
    Arn: "a",
    Other: deep,
    RetryPolicy: { MaximumRetryAttempts: 1, Other: deep },
    DeadLetterConfig: { Arn: "d", Other: deep },
    SqsParameters: { MessageGroupId: "g", Other: deep },
  });
  assert.deepEqual(target.only({ Arn: (name) => target.text(name), RoleArn: (name) => target.text(name), ...deliveryMembers(target) }), {
    Arn: "a",
    RetryPolicy: { MaximumRetryAttempts: 1 },
    DeadLetterConfig: { Arn: "d" },
    SqsParameters: { MessageGroupId: "g" },
  });
  assert.throws(() => deliveryMembers(new Input({ SqsParameters: { MessageGroupId: " " } }))["SqsParameters"]!(), {
    code: "ValidationException",
  });
  assert.throws(() => new Input({ DeadLetterConfig: { Arn: deep } }).object("DeadLetterConfig")!.text("Arn"), {
    code: "SerializationException",
  });
});

test("tags are few and short", () => {
  const tags = (count: number, value = "v") =>
    new Input({ Tags: Array.from({ length: count }, (_, at) => ({ Key: `k${at}`, Value: value })) }).tags();
  assert.equal(Object.keys(tags(200)).length, 200);
  assert.throws(() => tags(201), { code: "ValidationException" });
  assert.throws(() => tags(1, "x".repeat(257)), { code: "ValidationException" });
  assert.throws(() => new Input({ Tags: [{ Value: "v" }] }).tags(), { code: "ValidationException" });
});
