/** Parts of the agent by themselves, in programs of Java that use them and print what comes of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { runJava } from "./testing/java-agent.ts";

const run = (file: string, name: string, flags: string[] = []) =>
  runJava(fileURLToPath(new URL(`testing/${file}`, import.meta.url)), name, Buffer.alloc(0), flags);

test("calls are led in classes with any number of constants, unless there is no room for two more", async () => {
  const printed = await run("ClassFiles.java", "mayfly.osv.ClassFiles");
  assert.deepEqual(printed.trim().split("\n"), ["20 7", "300 7", "32768 7", "40000 7", "65533 7", "65534 not led", "65535 not led"]);
});

test("a stack that overflows, or memory that is short, while frames are written loses none of them", async () => {
  assert.equal(await run("Overflow.java", "Overflow"), "one two three four");
});

test("nothing is sent after the message with which the outbox is held, whatever is added meanwhile", async () => {
  assert.deepEqual((await run("Held.java", "Held")).trim().split("\n"), ["early last", "early last late0 late1 late2"]);
});

test("clones of a machine that has used SHA1PRNG and DRBG do not seed new instances alike", async () => {
  const opened = ["java.io", "java.lang", "java.util", "java.util.concurrent", "sun.security.provider"];
  const flags = opened.map((name) => `--add-opens=java.base/${name}=ALL-UNNAMED`);
  const printed = await run("Clones.java", "Clones", ["--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED", ...flags]);
  const [failures, ...drawn] = printed.trim().split("\n");
  assert.deepEqual([failures, drawn[2], new Set(drawn).size], ["[]", "[]", 5]);
});

test("a call that has waited and ended before the thread of the reports gets its first turn is reported as late", async () => {
  assert.equal(Number(await run("Late.java", "Late")), 7);
});
