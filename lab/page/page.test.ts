import assert from "node:assert/strict";
import { test } from "node:test";
import { madeUpReport } from "../testing/made-up-report.ts";
import { installPackages } from "./packages.ts";
import { reportPage } from "./page.ts";

test("the page has no script and no address to load from, and names in it are text, not markup", async (context) => {
  await installPackages((text) => context.diagnostic(text));
  const page = await reportPage(madeUpReport());
  assert.doesNotMatch(page, /<script|<link|src=|url\(|@import/);
  for (const [, address] of page.matchAll(/(https?:[^"\s]*)/g)) assert.match(address!, /^http:\/\/www\.w3\.org\//);
  assert.equal(page.match(/<svg/g)?.length, 10);
  assert.ok(page.includes("&#60;day&#62;"));
  assert.doesNotMatch(page, /<day>/);
});
