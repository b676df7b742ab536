import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf, type Source } from "./source.ts";

test("two traces of one kind get different names", () => {
  const trace = (file: string): Source => ({ trace: { kind: "azure2021", file }, hours: 1, apps: 1 });
  const sources: Source[] = [trace("a.csv"), { family: "rare", hours: 1, apps: 1 }, trace("b.csv")];
  assert.deepEqual(
    sources.map((_, at) => nameOf(sources, at)),
    ["azure2021", "rare", "azure2021-2"],
  );
});
