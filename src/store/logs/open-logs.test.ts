import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { LogLevel } from "../../wire/protocol.ts";
import { systemClock } from "../../base/clock/clock.ts";
import type { LogInput, LogLine, Logs } from "./logs.ts";
import { type LogsOptions, openLogs } from "./open-logs.ts";

let dir: string;
let logs: Logs;
let failures: unknown[];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "mayfly-logs-"));
  failures = [];
  logs = open();
});
afterEach(async () => {
  await logs.close();
  rmSync(dir, { recursive: true });
});

test("the tail is the newest lines, oldest first, at once and after a restart", async () => {
  for (let i = 0; i < 10; i++) logs.append(line(`line ${i}`));
  assert.deepEqual(await texts({ tail: 3 }), ["line 7", "line 8", "line 9"]);
  await reopen();
  logs.append(line("line 10"));
  assert.deepEqual(await texts({ tail: 3 }), ["line 8", "line 9", "line 10"]);
});

test("a line comes back as it was, its level by name", async () => {
  logs.append({ ...line("ünï\ncode"), function: "main", invocation: "i-1", machine: "m-1", level: LogLevel.Error });
  const expected = { at: 1_000, app: "shop", function: "main", invocation: "i-1", machine: "m-1", text: "ünï\ncode", level: "error" };
  assert.deepEqual(await logs.tail({ app: "shop", tail: 1 }), [expected]);
});

test("the logs of all apps together have a quota: the files written to longest ago are deleted first", async () => {
  await logs.close();
  logs = openLogs(dir, {
    idOf: String,
    fileBytes: 20_000,
    files: 4,
    totalBytes: 200_000,
    onFailure: (app, error) => failures.push({ app, error }),
  });
  const total = () => readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
  for (let app = 0; app < 12; app++) {
    for (let n = 0; n < 60; n++) {
      logs.append({ ...line(`${n} ${"x".repeat(1_000)}`), app: `app${app}` });
      await logs.tail({ app: `app${app}`, tail: 1 });
    }
  }
  await logs.close();
  assert.ok(total() < 230_000, `${total()} bytes`);
  assert.deepEqual((await logs.tail({ app: "app11", tail: 1 }))[0]?.text.slice(0, 3), "59 ");
  assert.ok((await logs.tail({ app: "app11", tail: 100 })).length > 20, "the newest is whole");
  assert.deepEqual(failures, []);
});

test("the logs of a tenant that has a limit stay within it, and those of others are left alone", async () => {
  await logs.close();
  let most = Infinity;
  logs = open({ fileBytes: 20_000, files: 4, ofTenants: () => (app) => ({ tenant: app[0]!, most: app[0] === "a" ? most : Infinity }) });
  const total = (tenant: string) =>
    readdirSync(dir).reduce((sum, name) => sum + (name.startsWith(tenant) ? statSync(join(dir, name)).size : 0), 0);
  const write = async () => {
    for (const app of ["a1", "a2", "a3", "b1", "b2"])
      for (let n = 0; n < 60; n++) {
        logs.append({ ...line(`${n} ${"x".repeat(1_000)}`), app });
        await logs.tail({ app, tail: 1 });
      }
  };
  await write();
  most = 60_000;
  logs.limitsChanged();
  await write();
  await logs.close();
  assert.ok(total("a") < 80_000, `${total("a")} bytes`);
  assert.ok(total("b") > 100_000, `${total("b")} bytes`);
  assert.deepEqual((await logs.tail({ app: "a3", tail: 1 }))[0]?.text.slice(0, 3), "59 ");
});

test("the tail filters by function and by time", async () => {
  logs.append({ ...line("a"), at: 1_000, function: "one" });
  logs.append({ ...line("b"), at: 2_000, function: "two" });
  logs.append({ ...line("c"), at: 3_000, function: "one" });
  assert.deepEqual(await texts({ tail: 10, function: "one" }), ["a", "c"]);
  assert.deepEqual(await texts({ tail: 10, since: 2_000 }), ["b", "c"]);
  assert.deepEqual(await texts({ tail: 0 }), []);
});

test("apps do not see each other's lines", async () => {
  logs.append(line("mine"));
  logs.append({ ...line("theirs"), app: "shop-1" });
  assert.deepEqual(await texts({ tail: 10 }), ["mine"]);
  await logs.remove("shop");
  assert.equal(logs.has("shop"), false);
  assert.deepEqual(await texts({ tail: 10 }), []);
  assert.deepEqual(await texts({ tail: 10, app: "shop-1" }), ["theirs"]);
});

test("a removal deletes the lines before it and none after, whatever was under way", async () => {
  logs.append(line("old"));
  const reading = texts({ tail: 10 });
  logs.append(line("old, too"));
  const removing = logs.remove("shop");
  logs.append(line("new"));
  const again = texts({ tail: 10 });
  await Promise.all([reading, removing]);
  assert.deepEqual(await again, ["new"]);
  await reopen();
  assert.deepEqual(await texts({ tail: 10 }), ["new"]);
});

test("files are rotated and the oldest lines are deleted", async () => {
  await reopen({ fileBytes: 10_000, files: 3 });
  for (let i = 0; i < 1_000; i++) {
    logs.append(line(`line ${i}`));
    if (i % 50 === 0) await logs.tail({ app: "shop", tail: 1 });
  }
  const kept = await texts({ tail: 10_000 });
  assert.equal(kept.at(-1), "line 999");
  assert.deepEqual(
    kept,
    Array.from({ length: kept.length }, (_, i) => `line ${1_000 - kept.length + i}`),
  );
  assert.deepEqual(readdirSync(dir).toSorted(), ["shop.1.jsonl", "shop.2.jsonl", "shop.jsonl"]);
  for (const file of readdirSync(dir)) assert.ok(statSync(join(dir, file)).size < 20_000);
});

test("lines longer than a read's chunk come back whole", async () => {
  const long = Array.from({ length: 8 }, (_, i) => String(i).repeat(70_000));
  for (const text of long) logs.append(line(text));
  assert.deepEqual(await texts({ tail: 7 }), long.slice(1));
});

test("half a line that a kill left behind is skipped, and no other line is lost", async () => {
  logs.append(line("before"));
  await logs.close();
  appendFileSync(join(dir, "shop.jsonl"), '{"at":1000,"app":"shop","te');
  await reopen();
  logs.append(line("after"));
  assert.deepEqual(await texts({ tail: 10 }), ["before", "after"]);
});

test("lines of the last flush survive kill -9", async () => {
  const program = `
    import { openLogs } from ${JSON.stringify(join(import.meta.dirname, "open-logs.ts"))};
    const logs = openLogs(${JSON.stringify(dir)}, { onFailure: (app, error) => { throw error } });
    logs.append({ at: 1, app: "shop", level: 1, text: "kept" });
    logs.follow({ app: "shop", tail: 1 }, (lines) => process.stdout.write(lines.map(({ text }) => text).join("")));
    setInterval(() => {}, 1_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
  const [text] = (await once(child.stdout, "data")) as [Buffer];
  child.kill("SIGKILL");
  await once(child, "exit");
  assert.equal(text.toString(), "kept");
  assert.deepEqual(await texts({ tail: 10 }), ["kept"]);
});

test("a follower gets the tail and then every new line once, in order", async () => {
  for (let i = 0; i < 5; i++) logs.append(line(`line ${i}`));
  const seen: string[] = [];
  const stop = logs.follow({ app: "shop", tail: 3 }, (lines) => seen.push(...lines.map(({ text }) => text)));
  await logs.tail({ app: "shop", tail: 1 });
  for (let i = 5; i < 100; i++) {
    logs.append(line(`line ${i}`));
    if (i % 10 === 0) await logs.tail({ app: "shop", tail: 1 });
  }
  await logs.tail({ app: "shop", tail: 1 });
  assert.deepEqual(
    seen,
    Array.from({ length: 98 }, (_, i) => `line ${i + 2}`),
  );
  stop();
  logs.append(line("unseen"));
  await logs.tail({ app: "shop", tail: 1 });
  assert.equal(seen.at(-1), "line 99");
});

test("while the disk is full, memory is bounded; a line says how much was dropped once the disk works again", async () => {
  // The log must not flush by itself: a flush that is under way when the disk works again would write the notice before the next line.
  await reopen({ pendingBytes: 10_000, clock: { ...systemClock, after: () => () => undefined } });
  mkdirSync(join(dir, "shop.jsonl"));
  for (let i = 0; i < 1_000; i++) logs.append(line(`line ${i}`));
  await logs.close();
  logs.append(line("lost as well"));
  await logs.close();
  assert.equal(failures.length, 1);
  rmdirSync(join(dir, "shop.jsonl"));
  logs.append(line("works again"));
  const [kept, notice, ...rest] = await texts({ tail: 10 });
  assert.equal(kept, "works again");
  assert.match(notice ?? "", /^Dropped 1001 log lines before this one/);
  assert.deepEqual(rest, []);
});

test("a folder in a log file's place is an error that names it, and is removed with the log", async () => {
  mkdirSync(join(dir, "shop.jsonl"));
  await assert.rejects(texts({ tail: 10 }), { code: "state-unusable", message: /shop\.jsonl cannot be read or written: EISDIR/ });
  await logs.remove("shop");
  logs.append(line("anew"));
  assert.deepEqual(await texts({ tail: 10 }), ["anew"]);
});

function line(text: string): LogInput {
  return { at: 1_000, app: "shop", level: LogLevel.Info, text };
}

async function texts(query: { tail: number; function?: string; since?: number; app?: string }): Promise<string[]> {
  return (await logs.tail({ app: "shop", ...query })).map(({ text }: LogLine) => text);
}

function open(options: Partial<LogsOptions> = {}): Logs {
  return openLogs(dir, { idOf: String, onFailure: (_app, error) => failures.push(error), ...options });
}

async function reopen(options: Partial<LogsOptions> = {}): Promise<void> {
  await logs.close();
  logs = open(options);
}
