/** Functions that make a machine misbehave. They are bound to it as an app's would be. CommonJS, in the fetch style. */

export type ConformanceFunction = "echo" | "reads" | "spin" | "eat" | "exit" | "crash";

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
