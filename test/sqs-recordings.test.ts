/**
 * Replays what AWS's own SQS was recorded to answer, by both of its protocols, against a server, and compares whole answers. The recordings are beside the repository; where
 * they are missing, there are no such tests.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { serve } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import type { Recording } from "./lambda/recordings.ts";
import { projectDir, type Scope, temporaryFolder } from "./platform.ts";
import { jsonClient, queryClient } from "./sqs/clients.ts";
import { Replay, type ReplayParts } from "./sqs/replay.ts";
import { leftOut, scripts } from "./sqs/scripts.ts";

const file = join(projectDir, "..", "shared", "recordings", "sqs.json");
const nameIn = (title: string) => /::(\w+)/.exec(title)![1]!;

if (!existsSync(file)) console.log("AWS's recordings are not beside the repository: nothing is replayed");
else {
  const recorded = Object.entries(JSON.parse(readFileSync(file, "utf8")) as Record<string, Recording>);
  // Most of them wait for visibility time-outs, and each has queues of its own.
  describe(`${recorded.length} recordings of SQS's own answers, read from ${file}`, { concurrency: 8 }, () => {
    let parts: ReplayParts;
    const closing: (() => void | Promise<void>)[] = [];
    const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };

    before(async () => {
      const stateDir = temporaryFolder(scope);
      const { apiUrl } = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
      const credentials = await createKey(apiUrl, stateDir);
      const json = jsonClient(apiUrl, credentials);
      scope.after(() => json.close());
      parts = { json, query: queryClient(apiUrl, credentials), account: "0".repeat(12), url: apiUrl };
    });

    after(async () => {
      for (const close of closing) await close();
    });

    for (const [title, recording] of recorded) {
      const script = scripts[nameIn(title)];
      if (script !== undefined)
        test(title, async () => {
          const replay = new Replay(parts, title, recording);
          let differences: string[] = [];
          try {
            await script(replay);
          } finally {
            differences = await replay.end();
          }
          assert.deepEqual(differences, []);
        });
    }

    test("every recorded test is replayed, or left out with a reason", () => {
      const names = new Set(recorded.map(([title]) => nameIn(title)));
      assert.deepEqual(
        [...names].filter((name) => !Object.hasOwn(scripts, name) && !Object.hasOwn(leftOut, name)),
        [],
      );
      assert.deepEqual(
        Object.keys(leftOut).filter((name) => Object.hasOwn(scripts, name) || !names.has(name)),
        [],
      );
    });
  });
}
