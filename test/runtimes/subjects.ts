/** The runtimes that the suite runs for, and what is particular about each. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../src/guest/runtimes/testing/compile.ts";
import { copyApp, projectDir, type Scope } from "../platform.ts";
import { makeWheel } from "../wheel.ts";
import type { RuntimeSubject } from "./runtime.ts";

const apps = "test/apps/conformance";

/** What a runtime that is one process with its agent says of a crash: the host sees the machine's end, nobody inside does. */
const machineCrashed = /^Machine ended: it (crashed|ended by itself)/;

/** What a program's end looks like to the agent beside it. */
const programEnded = { exit: /ended with code 7, which ends its machine/, crash: /was ended by SIGSEGV, which ends its machine/ };

export const subjects: RuntimeSubject[] = [
  {
    name: "node",
    machines: "node",
    folder: (scope) => copyApp(scope, `${apps}/node`, {}),
    lacks: {},
    stack: /thrown on demand[^]*at misbehaves .*functions\.mjs:\d+/,
    ended: { exit: /called process\.exit, which ends its machine/, crash: machineCrashed },
    outOfMemory: ["machine-died"],
  },
  {
    name: "python",
    machines: "python",
    folder: pythonApp,
    lacks: {},
    stack: /functions\.py", line \d+, in misbehaves[^]*thrown on demand/,
    ended: { exit: /sys\.exit, which ends its machine/, crash: machineCrashed },
    // Python raises a MemoryError where the memory's limit is seen by the one who asks for memory.
    outOfMemory: ["machine-died", "function-threw"],
  },
  {
    name: "java",
    machines: "java",
    folder: (scope) => copyApp(scope, `${apps}/java`, {}),
    lacks: {},
    stack: /thrown on demand[^]*at conformance\.Functions\.misbehaves\(Functions\.java:\d+\)/,
    ended: { exit: /System\.exit, which ends its machine/, crash: machineCrashed },
    outOfMemory: ["machine-died"],
  },
  {
    name: "provided",
    machines: "node",
    folder: (scope) => programApp(scope, "provided", "bootstrap"),
    lacks: { hears: "the Runtime API tells nobody", expires: "the Runtime API tells nobody" },
    stack: /thrown on demand[^]*at misbehaves \(functions\.h\)/,
    ended: programEnded,
    outOfMemory: ["machine-died"],
  },
  {
    name: "server",
    machines: "node",
    folder: (scope) => programApp(scope, "server", "server"),
    lacks: {},
    // A server that has no answer can only close the connection.
    stack: /sent no valid response/,
    ended: programEnded,
    outOfMemory: ["machine-died"],
  },
];

/** With the wheel that its requirements.txt asks for. */
function pythonApp(scope: Scope): string {
  const folder = copyApp(scope, `${apps}/python`, { "requirements.txt": "--no-index\n--find-links wheels\ngreeter\n" });
  mkdirSync(join(folder, "wheels"));
  makeWheel(join(folder, "wheels"), "greeter", "1.2", { "greeter.py": 'def greet(word, name):\n    return f"{word}, {name}"\n' });
  return folder;
}

/** With the program, which is not executable: a deploy knows that it is one. */
async function programApp(scope: Scope, name: string, program: string): Promise<string> {
  const folder = copyApp(scope, `${apps}/${name}`, {});
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", program), await compile(join(projectDir, apps, "native", `${program}.c`)));
  return folder;
}
