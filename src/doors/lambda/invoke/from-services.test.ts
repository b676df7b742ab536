/** Which functions a service may name. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { notFound } from "../../../control/lambda/aws-error.ts";
import type { Invokable } from "../../../control/lambda/invokables.ts";
import { accountOf } from "../../../control/lambda/names.ts";
import { fromServices } from "./from-services.ts";

const services = fromServices({
  events: { accept: () => Promise.reject(new Error("nothing is sent here")) },
  invokables: {
    find(_account, { name }) {
      if (name !== "own") throw notFound(name);
      return { app: "app_own" } as Invokable;
    },
  },
  retryMs: 1,
  traceOf: () => assert.fail("nothing is sent here"),
});
const arnOf = (tenant: string, name: string) => `arn:aws:lambda:us-east-1:${accountOf(tenant)}:function:${name}`;

test("a tenant names its functions, and an app its own alone", () => {
  const knows = (arn: string, app?: string) => services.knows(arn, { tenant: "ten_a", app });
  assert.equal(knows(arnOf("ten_a", "own")), true);
  assert.equal(knows(arnOf("ten_a", "own"), "app_own"), true);
  assert.equal(knows(arnOf("ten_a", "own"), "app_other"), false);
  assert.equal(knows(arnOf("ten_a", "gone")), false);
  assert.equal(knows(arnOf("ten_b", "own")), false);
  assert.equal(knows("arn:aws:sqs:us-east-1:123456789012:own"), false);
});
