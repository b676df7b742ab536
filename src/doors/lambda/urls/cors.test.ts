import assert from "node:assert/strict";
import { validateHeaderValue } from "node:http";
import { test } from "node:test";
import { corsHeaders, preflightHeaders } from "./cors.ts";

test("texts that no header can carry are left out, so that the reply is sent", () => {
  const odd = ["x-own", "a\r\nset-cookie: b=1", "\u0000", "é", "→"];
  const rules = { AllowOrigins: ["*"], ExposeHeaders: odd, AllowHeaders: odd, AllowMethods: odd };
  const headers = [...corsHeaders(rules, "https://a.example"), ...preflightHeaders(rules, "https://a.example")];
  const values = new Map(headers.flatMap((name, at) => (at % 2 === 0 ? [[name, headers[at + 1]!]] : [])) as [string, string][]);
  for (const [name, value] of values) validateHeaderValue(name, value);
  assert.equal(values.get("access-control-expose-headers"), "x-own,é");
  assert.equal(values.get("access-control-allow-headers"), "x-own,é");
});
