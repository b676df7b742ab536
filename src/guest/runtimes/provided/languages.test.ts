/** Clients of the Runtime API in other languages than JavaScript: C, and a POSIX shell. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../../../base/config/load.ts";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { fetchProgramRoot } from "../../../images/debian/program-root.ts";
import { programFaults } from "../../../images/elf/program-fit.ts";
import { startProgramAgent } from "../../testing/program-agent.ts";
import { compile } from "../testing/compile.ts";

test("a program in C answers, and its crash ends the machine with the signal's name", async (t) => {
  const program = await compile(fileURLToPath(new URL("../testing/client.c", import.meta.url)));
  const onHost = (path: string) => readFile(path).catch(() => undefined);
  assert.deepEqual(await programFaults({ path: "/var/task/main", data: program }, onHost), []);
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  await agent.bindProvided({ main: program });
  for (const path of ["/one", "/two"]) {
    const reply = await agent.call({ url: `http://x${path}` });
    assert.deepEqual([reply.status, reply.text], [202, `C saw ${path}`]);
    assert.equal((await agent.logged(`C works on ${path}`)).stream, reply.stream);
  }
  agent.open({}, { url: "http://x/crash" });
  await agent.dead;
  assert.ok(agent.logs.some(({ text }) => text === "The program main of function main was ended by SIGSEGV, which ends its machine"));
});

/** Busybox's wget writes the headers to its standard error. */
function shellScript(busybox: string): string {
  return `#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime
while ${busybox} wget -q -S -O event "$api/invocation/next" 2> headers; do
  id=$(tr -d '\\r' < headers | sed -n 's/^ *[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: *//p')
  path=$(sed -n 's/.*"rawPath":"\\([^"]*\\)".*/\\1/p' event)
  echo "shell works on $path"
  ${busybox} wget -q -O /dev/null --post-data "{\\"statusCode\\":200,\\"body\\":\\"shell saw $path\\"}" "$api/invocation/$id/response"
done
`;
}

test("a shell script answers", async (t) => {
  const { cacheDir } = loadConfig({});
  const root = await fetchProgramRoot({ suite: "bookworm", packages: ["busybox-static"], cacheDir });
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  await agent.bindProvided({ main: shellScript(join(root, "usr/bin/busybox")) });
  for (const path of ["/one", "/two"]) {
    const reply = await agent.call({ url: `http://x${path}` });
    assert.deepEqual([reply.text, (await agent.logged(`shell works on ${path}`)).stream], [`shell saw ${path}`, reply.stream]);
  }
});
