import assert from "node:assert/strict";
import { test } from "node:test";
import { type Manifest, manifestSchema } from "./manifest.ts";
import { partsOf } from "./parts.ts";
import { runtimeOf, runtimesOf } from "./runtime-of.ts";
import { asksForSnapshot } from "./snapshot-of.ts";

const parsed = (manifest: object): Manifest => manifestSchema.parse({ name: "shop", ...manifest });

test("a function's own runtime is before its app's, and that before Node", () => {
  const functions = { page: { entry: "a.py" }, pay: { entry: "b.jar", runtime: "java" as const } };
  const mixed = parsed({ runtime: "python", functions });
  assert.deepEqual([runtimeOf(mixed, "page"), runtimeOf(mixed, "pay")], ["python", "java"]);
  assert.equal(runtimeOf(parsed({ functions }), "page"), "node");
  assert.equal(runtimeOf(mixed, "constructor"), "python");
});

test("an app of one runtime is one part, whichever key names it", () => {
  const byApp = partsOf(parsed({ runtime: "python", functions: { a: { entry: "a.py" } } }));
  const byFunction = partsOf(parsed({ functions: { a: { entry: "a.py", runtime: "python" } } }));
  for (const parts of [byApp, byFunction])
    assert.deepEqual(
      parts.map(({ runtime, functions }) => [runtime, Object.keys(functions)]),
      [["python", ["a"]]],
    );
});

test("each function is in one part, with all that the manifest says of the app", () => {
  const functions = {
    a: { entry: "a.ts" },
    b: { entry: "b.py", runtime: "python" },
    c: { entry: "c.ts" },
    constructor: { command: ["./d"], runtime: "server" },
  };
  const manifest = parsed({ functions, memoryMb: 512 });
  assert.deepEqual(runtimesOf(manifest), ["node", "python", "server"]);
  assert.deepEqual(
    partsOf(manifest).map((part) => [part.runtime, part.memoryMb, Object.keys(part.functions)]),
    [
      ["node", 512, ["a", "c"]],
      ["python", 512, ["b"]],
      ["server", 512, ["constructor"]],
    ],
  );
});

test("servers are in one part with those whose machines have the same beside the agent", () => {
  const command = (...words: string[]) => ({ command: words });
  const functions = {
    a: command("java", "-jar", "a.jar"),
    b: command("./b"),
    c: command("python3", "c.py"),
    d: command("java", "D.java"),
    e: command("node", "e"),
  };
  const parts = partsOf(parsed({ runtime: "server", functions }));
  assert.deepEqual(
    parts.map((part) => [part.runtime, Object.keys(part.functions), Object.keys(part.functions).map((name) => runtimeOf(part, name))]),
    [
      ["server-java", ["a", "d"], ["server-java", "server-java"]],
      ["server", ["b", "e"], ["server", "server"]],
      ["server-python", ["c"], ["server-python"]],
    ],
  );
});

test("a function's keys are those of its own runtime", () => {
  const wrong = (functions: object, runtime = "node") =>
    manifestSchema.safeParse({ name: "shop", runtime, functions }).error?.issues[0]?.path;
  assert.deepEqual(wrong({ a: { entry: "a.py", runtime: "server" } }), ["functions", "a", "command"]);
  assert.deepEqual(wrong({ a: { command: ["./a"], runtime: "node" } }, "server"), ["functions", "a", "command"]);
  assert.equal(wrong({ a: { command: ["./a"], runtime: "server" }, b: { entry: "b.py" } }, "python"), undefined);
});

test("a port in env is one that a server can have, and for one server of a machine alone", () => {
  const wrong = (PORT: string, functions: object) =>
    manifestSchema.safeParse({ name: "shop", runtime: "server", env: { PORT }, functions }).error?.issues[0]?.message;
  const [a, b, java] = [{ command: ["./a"] }, { command: ["node", "b"] }, { command: ["java", "C.java"] }];
  assert.equal(wrong("3000", { a, java }), undefined);
  assert.match(wrong("3000", { java, a, b })!, /must be left out: a and b are in one machine/);
  for (const port of ["", "0", "65536", "http", "080"]) assert.match(wrong(port, { a })!, /must be the number of a port/);
  assert.equal(wrong("any", { main: { entry: "a.ts", runtime: "node" } }), undefined);
});

test("each part has a snapshot or has none: a function's own key is before its app's, and functions of one runtime agree", () => {
  const server = (snapshot?: boolean, ...command: string[]) => ({
    command,
    runtime: "server" as const,
    ...(snapshot !== undefined && { snapshot }),
  });
  const functions = { a: { entry: "a.ts" }, b: { entry: "b.py", runtime: "python", snapshot: true }, c: server(false, "./c") };
  const frozen = (manifest: object) => partsOf(parsed(manifest)).map((part) => [part.runtime, asksForSnapshot(part)]);
  assert.deepEqual(frozen({ functions }), [
    ["node", false],
    ["python", true],
    ["server", false],
  ]);
  assert.deepEqual(frozen({ functions, snapshot: true }), [
    ["node", true],
    ["python", true],
    ["server", false],
  ]);
  assert.deepEqual([asksForSnapshot(parsed({ functions })), asksForSnapshot(parsed({ functions: { a: functions.a } }))], [true, false]);
  const wrong = (manifest: object) => manifestSchema.safeParse({ name: "shop", ...manifest }).error?.issues[0]?.path;
  assert.deepEqual(wrong({ functions: { ...functions, d: { entry: "d.py", runtime: "python" } } }), ["functions", "d", "snapshot"]);
  // Their machines are of two kinds.
  assert.equal(wrong({ functions: { c: server(true, "./c"), d: server(false, "java", "D.java") } }), undefined);
  assert.deepEqual(wrong({ functions: { c: server(true, "./c"), d: server(false, "./d") } }), ["functions", "d", "snapshot"]);
});

test("no blanks are reserved for functions that start from a snapshot", () => {
  const functions = { a: { entry: "a.ts" }, b: { entry: "b.py", runtime: "python", snapshot: true } };
  const wrong = (manifest: object) => manifestSchema.safeParse({ name: "shop", reservedBlanks: 1, ...manifest }).error?.issues[0]?.path;
  assert.equal(wrong({ functions }), undefined);
  assert.deepEqual(wrong({ functions, snapshot: true }), ["reservedBlanks"]);
  assert.deepEqual(wrong({ functions: { b: functions.b, a: functions.a } }), ["reservedBlanks"]);
});
