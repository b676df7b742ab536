/**
 * Compares what is said of wrong patterns with what EventBridge was recorded to say; its texts quote the patterns. The recordings are beside the repository; where they are
 * missing, there are no such tests.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { NoPattern, readPattern } from "../src/patterns/read-pattern.ts";
import { projectDir } from "./platform.ts";

const file = join(projectDir, "..", "shared", "recordings", "events", "patterns.json");
const PREFIX = "Event pattern is not valid. Reason: ";

if (!existsSync(file)) console.log("AWS's recordings are not beside the repository: nothing is replayed");
else {
  console.log(`Recordings of EventBridge's own answers are read from ${file}`);
  for (const [name, recording] of Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, object>)) {
    const said = messageIn(recording);
    const [, pattern] = /\[Source: \(String\)"(.*?)"; line: 1, column: \d+\]/s.exec(said ?? "") ?? [];
    if (said === undefined || pattern === undefined) continue;
    test(`${name.split("::").at(-1)}: what is wrong is told as EventBridge was recorded to tell it`, () => {
      assert.throws(
        () => readPattern(pattern),
        (error: unknown) => {
          assert.ok(error instanceof NoPattern, String(error));
          assert.equal(PREFIX + error.message, said);
          return true;
        },
      );
    });
  }
}

/** What was said of a pattern. Of several texts the longest has the place. */
function messageIn(recorded: unknown): string | undefined {
  if (typeof recorded === "string") return recorded.startsWith(PREFIX) ? recorded : undefined;
  if (typeof recorded !== "object" || recorded === null) return undefined;
  const texts = Object.values(recorded).flatMap((value) => messageIn(value) ?? []);
  return texts.toSorted((one, other) => other.length - one.length)[0];
}
