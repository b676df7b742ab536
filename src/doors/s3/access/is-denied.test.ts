import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bucket } from "../../../services/objects/object.ts";
import type { Principal } from "../../../store/principals/principal.ts";
import { isDenied } from "./is-denied.ts";

test("a version that is named is asked of the policy as one: what it denies of versions is denied", () => {
  const principal: Principal = { id: "pri", name: "ada", role: "deployer", tenant: "ten_a", apps: null };
  const statement = { Effect: "Deny", Principal: "*", Action: "s3:GetObjectVersion", Resource: "arn:aws:s3:::photos/*" };
  const settings = { policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }) };
  const bucket = { name: "photos", tenant: "ten_a", settings } as unknown as Bucket;
  const author = { principal: "ada", tenant: "ten_a", peer: "127.0.0.1", request: "r" };
  const read = { caller: { principal, tenant: "ten_a" }, bucket, operation: "GetObject", key: "a", author, now: 0 };
  assert.deepEqual([isDenied(read), isDenied({ ...read, version: "v1" })], [false, true]);
});
