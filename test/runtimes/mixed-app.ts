/** One app whose functions are of all runtimes: each runtime's functions have machines of their own. */
import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import { eventually, type Platform, type Scope, temporaryFolder } from "../platform.ts";
import { subjects } from "./subjects.ts";

const NAME = "mixed";
const greeting = "Hello, Ada, in green!\n";

const functions: Record<string, object> = {
  node: { entry: "functions.mjs", handler: "greets" },
  python: { entry: "functions.py", handler: "greets", runtime: "python" },
  java: { entry: "src", handler: "conformance.Functions::greets", runtime: "java" },
  provided: { entry: "bin/bootstrap", handler: "greets", runtime: "provided" },
  server: { command: ["bin/server", "greets"], runtime: "server" },
};

export function describeMixedApp(scope: Scope, platform: () => Platform): void {
  let folder: string;
  const deploy = async (all: object) => {
    const manifest = { name: NAME, functions: all, files: ["words.txt"], env: { COLOUR: "green" }, timeoutMs: 300_000 };
    writeFileSync(join(folder, "mayfly.json"), JSON.stringify(manifest));
    const bundled = await bundleApp(folder);
    await platform().client.deploy(bundled.manifest, bundled.bundles);
  };
  const greets = async (name: string) => {
    const response = await platform().call(`/${NAME}/${name}?name=Ada`);
    assert.deepEqual([name, response.status, await response.text()], [name, 200, greeting]);
    return response.headers.get("x-mayfly-invocation")!;
  };
  const explained = async () => (await platform().client.explain(NAME)).facts.map(({ runtime }) => runtime);

  /** The files of all of the suite's apps, in one folder. */
  before(async () => {
    folder = temporaryFolder(scope);
    for (const subject of subjects) cpSync(await subject.folder(scope), folder, { recursive: true });
    await deploy(functions);
  });

  test("each function runs in machines of its runtime, which have no functions of others, and their lines are in one log", async () => {
    const ids = new Map<string, string>();
    for (const { name } of subjects) ids.set(name, await greets(name));
    const lines = await eventually(
      "a line of each",
      () => platform().client.logs({ app: NAME, tail: 1_000 }),
      (all) => [...ids.values()].every((id) => all.some(({ invocation, text }) => invocation === id && text === "greeting Ada")),
    );
    const machineOf = (id: string) => lines.find(({ invocation }) => invocation === id)?.machine;
    const machines = subjects.map(({ name }) => machineOf(ids.get(name)!));
    assert.equal(new Set(machines).size, subjects.length, "a machine for each runtime");
    const shown = new Map((await platform().client.machines()).map(({ id, kind }) => [id, kind?.runtime]));
    assert.deepEqual(
      machines.map((machine) => shown.get(machine!)),
      subjects.map((subject) => subject.machines),
    );
    assert.deepEqual(await explained(), Object.keys(functions));
  });

  test("while a function moves to another runtime no call is lost", async () => {
    const moved = new AbortController();
    const caller = async () => {
      for (let calls = 0; calls < 3 || !moved.signal.aborted; calls++) await greets("node");
    };
    const callers = Promise.all([caller(), caller(), caller(), greets("server"), greets("java")]);
    await deploy({ ...functions, node: functions["python"] });
    moved.abort();
    await callers;
    await greets("node");
    assert.deepEqual(await explained(), ["python", "java", "provided", "server"]);
  });
}
