/** Functions that make a machine misbehave. They are bound to it as an app's would be. CommonJS, in the fetch style. */

export type ConformanceFunction = "echo" | "reads" | "spin" | "orphan" | "eat" | "exit" | "crash";

export const conformanceFunctions: Record<ConformanceFunction, string> = {
  echo: `exports.default = { fetch: async (request) => new Response(await request.arrayBuffer()) };`,

  // Replies with what it finds at each of the paths below the task root that are in the body, one a line: a file's text, a folder's names, or an error's code.
  reads: `const fs = require("node:fs"), { join } = require("node:path");
  exports.default = { async fetch(request) {
    const at = (path) => {
      try {
        return fs.statSync(path).isDirectory() ? fs.readdirSync(path).sort().join() : fs.readFileSync(path, "utf8");
      } catch (error) {
        return error.code;
      }
    };
    const found = (await request.text()).split("\\n").map((path) => at(path.startsWith("/") ? path : join(process.env.LAMBDA_TASK_ROOT, path)));
    return Response.json(found);
  } };`,

  // Keeps a processor busy for the milliseconds in the body. The host decides how much of a processor the machine gets.
  spin: `exports.default = { async fetch(request) {
    const end = performance.now() + Number(await request.text());
    while (performance.now() < end);
    return new Response("spun");
  } };`,

  // Replies once a process is gone that had lost its parent before it ended. One that nobody waits for stays in the list of processes.
  orphan: `const { spawn } = require("node:child_process"), fs = require("node:fs");
  const parent = \`const { pid } = require("node:child_process").spawn(process.execPath, ["-e", "setTimeout(() => undefined, 500)"], { detached: true, stdio: "ignore" });
    require("node:fs").writeSync(1, String(pid));
    process.kill(process.pid, "SIGKILL");\`;
  exports.default = { async fetch() {
    let pid = "";
    for await (const text of spawn(process.execPath, ["-e", parent], { stdio: ["ignore", "pipe", "ignore"] }).stdout) pid += text;
    while (pid !== "" && fs.existsSync("/proc/" + pid)) await new Promise((resolve) => setTimeout(resolve, 50));
    return new Response(pid === "" ? "none" : "gone");
  } };`,

  // Takes memory outside of V8's heap, which has a limit of its own, until the machine is stopped.
  eat: `exports.default = { async fetch() {
    const eaten = [];
    for (;;) {
      eaten.push(Buffer.alloc(8_000_000, eaten.length));
      await new Promise(setImmediate);
    }
  } };`,

  exit: `exports.default = { fetch: () => process.exit(0) };`,

  // Ends by a signal, even if the agent has replaced process.abort.
  crash: `exports.default = { fetch() {
    const { functions } = process.getBuiltinModule("node:ffi").dlopen(null, { abort: { arguments: [], return: "void" } });
    functions.abort();
  } };`,
};
