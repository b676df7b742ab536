/** A function that tampers with the channel ends only its own machine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ErrorBody } from "../src/base/errors/error.ts";
import { startPlatform } from "./platform.ts";

test("garbage on the channel kills that machine with the reason; the platform and the next call work", async (context) => {
  const platform = await startPlatform(context, { driver: "process" });
  await platform.deploy("test/apps/tamper");
  assert.equal(await (await platform.call("/tamper/tamper")).text(), "honest\n");
  const response = await platform.call("/tamper/tamper?garbage");
  const { error } = (await response.json()) as ErrorBody;
  assert.equal(response.status, 502);
  assert.ok(["machine-died", "protocol-violation"].includes(error.code), error.code);
  await platform.logged("tamper", /protocol/i);
  assert.equal(await (await platform.call("/tamper/tamper")).text(), "honest\n");
});
