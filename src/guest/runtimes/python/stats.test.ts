/** The agent's reports by themselves, in a program of Python that prints what is sent. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { pythonCommand, pythonEnvironment } from "../../testing/python-agent.ts";

const program = `
import threading
from mayfly.stats import Stats

sent = threading.Event()

class Outbox:
    def json(self, kind, stream, message):
        print(message["loopDelayMeanMs"])
    def flush(self):
        sent.set()

stats = Stats(Outbox(), lambda: None, lambda: None)
stats.bound(True)
stats.begun()
stats.started(0.007)
stats.ended()
stats.start()
sent.wait()
`;

test("a call that has waited and ended before the thread of the reports gets its first turn is reported as late", async () => {
  const [command, ...parameters] = await pythonCommand({ suite: "bookworm" });
  const options = { env: { PATH: process.env["PATH"], ...pythonEnvironment() } };
  const { stdout } = await promisify(execFile)(command!, [...parameters, "-c", program], options);
  assert.equal(Number(stdout), 7);
});
