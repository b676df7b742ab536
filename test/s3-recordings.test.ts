/**
 * Replays what AWS's own S3 was recorded to answer against a server, and compares whole answers. The recordings are beside the repository; where they are missing,
 * there are no such tests.
 */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { freePort } from "../src/base/testing/listening.ts";
import { serve } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import type { Recording } from "./lambda/recordings.ts";
import { projectDir, type Scope, temporaryFolder } from "./platform.ts";
import { bucketScripts } from "./s3/bucket-scripts.ts";
import { checksumScripts } from "./s3/checksum-scripts.ts";
import { Client } from "./s3/client.ts";
import { contentScripts } from "./s3/content-scripts.ts";
import { copyScripts } from "./s3/copy-scripts.ts";
import { formScripts } from "./s3/form-scripts.ts";
import { keyScripts } from "./s3/key-scripts.ts";
import { leftOut, noticesLeftOut } from "./s3/left-out.ts";
import { lifecycleScripts } from "./s3/lifecycle-scripts.ts";
import { listScripts } from "./s3/list-scripts.ts";
import { lockScripts } from "./s3/lock-scripts.ts";
import { notificationScripts } from "./s3/notification-scripts.ts";
import { objectScripts } from "./s3/object-scripts.ts";
import { partScripts } from "./s3/part-scripts.ts";
import { receivedScripts } from "./s3/received-scripts.ts";
import { regionScripts } from "./s3/region-scripts.ts";
import { Replay, type ReplayParts, type Scripts } from "./s3/replay.ts";
import { Signing } from "./s3/signing.ts";
import { urlScripts } from "./s3/url-scripts.ts";
import { writeScripts } from "./s3/write-scripts.ts";
import { jsonClient } from "./sqs/clients.ts";

const folder = join(projectDir, "..", "shared", "recordings", "s3");
const scripts: Scripts = {
  ...bucketScripts,
  ...checksumScripts,
  ...contentScripts,
  ...copyScripts,
  ...formScripts,
  ...keyScripts,
  ...lifecycleScripts,
  ...listScripts,
  ...lockScripts,
  ...objectScripts,
  ...partScripts,
  ...regionScripts,
  ...urlScripts,
  ...writeScripts,
};
const ofNotices: Scripts = { ...notificationScripts, ...receivedScripts };
/** Tests of notices have names that others have too. */
const isOfNotices = (title: string) => title.includes("NotificationsTo");
const scriptOf = (title: string) => (isOfNotices(title) ? ofNotices : scripts)[nameIn(title)];
const reasonOf = (title: string) => (isOfNotices(title) ? noticesLeftOut : leftOut)[nameIn(title)];
const nameIn = (title: string) => /::(\w+)/.exec(title)![1]!;
const read = (file: string) => Object.entries(JSON.parse(readFileSync(join(folder, `${file}.json`), "utf8")) as Record<string, Recording>);

if (!existsSync(folder)) console.log("AWS's recordings are not beside the repository: nothing is replayed");
else {
  const all = ["list", "api", "objects", "notifications", "notifications-sqs"].flatMap(read);
  const recorded = all.filter(([title]) => scriptOf(title) !== undefined);
  describe(`${recorded.length} of ${all.length} recordings of S3's own answers, read from ${folder}`, { concurrency: 4 }, () => {
    let parts: ReplayParts;
    const closing: (() => void | Promise<void>)[] = [];
    const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };

    before(async () => {
      const stateDir = temporaryFolder(scope);
      const endpoint = `http://127.0.0.1:${await freePort()}`;
      process.env["MAYFLY_OBJECTS_LISTEN"] = endpoint.slice(7);
      process.env["MAYFLY_OBJECTS_MAX_BUCKETS"] = "1000";
      const { apiUrl } = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
      const keys = await createKey(apiUrl, stateDir);
      const client = new Client(endpoint, keys);
      scope.after(() => client.close());
      const queues = jsonClient(apiUrl, keys);
      scope.after(() => queues.close());
      parts = { client, queues, signing: new Signing(endpoint, keys), account: "0".repeat(12) };
    });

    after(async () => {
      for (const close of closing) await close();
    });

    for (const [title, recording] of recorded) {
      test(title, async () => {
        const replay = new Replay(parts, title, recording);
        await scriptOf(title)!(replay);
        assert.deepEqual(replay.end(), []);
      });
    }

    test("every recorded test is replayed, or left out with a reason", () => {
      const titles = all.map(([title]) => title);
      assert.deepEqual(
        titles.filter((title) => (scriptOf(title) === undefined) === (reasonOf(title) === undefined)),
        [],
      );
      const names = new Set(titles.filter((title) => reasonOf(title) !== undefined).map(nameIn));
      assert.deepEqual(
        Object.keys({ ...leftOut, ...noticesLeftOut }).filter((name) => !names.has(name)),
        [],
      );
      assert.ok((all.length - recorded.length) * 12 <= all.length, "more than one in twelve is left out");
    });
  });
}
