import assert from "node:assert/strict";
import { test } from "node:test";
import { MayflyError } from "../base/errors/error.ts";
import { LogLines, openServerLog } from "../store/logs/server-log.ts";
import { serverLineInWords } from "./server-line.ts";

test("what the log of a server says is one line of words, without the stack", () => {
  const shown: string[] = [];
  const log = openServerLog({ logLevel: "error" }, new LogLines(), (line) => shown.push(serverLineInWords(line)));
  log.info("not shown");
  log.error({ err: new MayflyError("disk-full", { file: "events.db" }) }, "calls were not counted");
  log.error({ err: new Error("\u001B[2Jgone") });
  log.error("alone");
  assert.deepEqual(shown, [
    "! server: calls were not counted: No space is left for events.db; nothing was changed.",
    "! server: \\x1b[2Jgone",
    "! server: alone",
  ]);
  assert.equal(serverLineInWords("null\n"), "! server: null");
  assert.equal(serverLineInWords("no JSON"), "! server: no JSON");
});
