/**
 * Replays what AWS's own Lambda API was recorded to answer, through AWS's SDK, against a server, and compares whole answers. The recordings are beside the repository;
 * where they are missing, there are no such tests.
 */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createClient } from "../src/doors/admin/client.ts";
import { serve } from "./command.ts";
import { leftOut, uncompared } from "./lambda/left-out.ts";
import { readRecordings, type Recording, recordingsFolder } from "./lambda/recordings.ts";
import { Replay, type ReplayServer } from "./lambda/replay.ts";
import { scripts } from "./lambda/scripts/all.ts";
import { createKey, createNeighbour } from "./lambda/key.ts";
import { type Scope, temporaryFolder } from "./platform.ts";

/** The share of recorded tests that may be left out, by name and with a reason. */
const MOST_LEFT_OUT = 1 / 7;

const ofQueues = new Map(["sqs-source", "destinations"].flatMap((file) => readRecordings(file)));
const recorded = new Map([...["api", "common", "invoke", "runtimes"].flatMap((file) => readRecordings(file)), ...ofQueues]);

if (recordingsFolder === undefined) console.log("AWS's recordings are not beside the repository: nothing is replayed");
else
  describe(`${recorded.size} recordings of AWS's own answers, read from ${recordingsFolder}`, () => {
    let server: ReplayServer;
    const closing: (() => void | Promise<void>)[] = [];
    const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };

    before(async () => {
      const stateDir = temporaryFolder(scope);
      const config = join(stateDir, "settings.json");
      // AWS's own minutes between attempts would only be waited for.
      writeFileSync(config, JSON.stringify({ lambda: { retryMs: 100 } }));
      const { apiUrl } = await serve(scope, stateDir, [
        "--driver",
        "process",
        "--blanks",
        "0",
        "--domain",
        "mayfly.example",
        "--config",
        config,
      ]);
      const client = createClient({ url: apiUrl, token: readFileSync(join(stateDir, "api-token"), "utf8").trim() });
      const neighbour = await createNeighbour(apiUrl, stateDir);
      const share = async (queue: string, app: string) => void (await client.shareQueue(queue, [app]));
      server = { url: apiUrl, credentials: await createKey(apiUrl, stateDir), account: "0".repeat(12), neighbour, share };
    });

    after(async () => {
      for (const close of closing) await close();
    });

    const replay = (name: string, recording: Recording) =>
      test(name, async () => {
        const replayed = new Replay(server, recording, uncompared[name]?.keys);
        let differences: string[] = [];
        try {
          await scripts[name]!(replayed);
        } finally {
          differences = await replayed.end();
        }
        assert.deepEqual(differences, []);
      });

    for (const [name, recording] of recorded) if (Object.hasOwn(scripts, name) && !ofQueues.has(name)) void replay(name, recording);

    // They mostly wait for times of queues.
    describe("of queues and functions", { concurrency: 10 }, () => {
      for (const [name, recording] of ofQueues) if (Object.hasOwn(scripts, name)) void replay(name, recording);
    });

    test("every recorded test is replayed, or left out with a reason", () => {
      const missing = [...recorded.keys()].filter((name) => !Object.hasOwn(scripts, name) && !Object.hasOwn(leftOut, name));
      assert.deepEqual(missing, []);
      const both = Object.keys(leftOut).filter((name) => Object.hasOwn(scripts, name) || !recorded.has(name));
      assert.deepEqual(both, [], "left out, but replayed, or not recorded");
      const share = Object.keys(leftOut).length / recorded.size;
      assert.ok(share <= MOST_LEFT_OUT, `${Object.keys(leftOut).length} of ${recorded.size} are left out`);
    });
  });
