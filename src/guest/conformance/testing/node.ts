/** The agent of Node, with the suite's functions in JavaScript. */
import type { AgentAdapter } from "../adapter.ts";
import { startNodeAgent } from "../../testing/running-agent.ts";

const pause = `const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));`;

const code = {
  echo: `exports.handler = async ({ requestContext: { http }, rawPath, body = "", isBase64Encoded }) => ({
    statusCode: 201, headers: { "x-seen": http.method + " " + rawPath }, cookies: ["a=1", "b=2"], body, isBase64Encoded });`,
  same: `exports.handler = async (event) => event;`,
  about: `exports.handler = async (event, context) => [context.awsRequestId, context.functionName, context.functionVersion, context.getRemainingTimeInMillis()];`,
  counts: `console.log("at load"); let calls = 0; exports.handler = async () => ++calls;`,
  replies: `exports.handler = async ({ queryStringParameters: { status, times, name, value, length } }) => ({
    statusCode: Number(status),
    headers: Object.fromEntries(Array.from({ length: Number(times) }, (_, at) => [name + (at || ""), value.repeat(Number(length))])),
  });`,
  large: `exports.handler = async (event) => ({ statusCode: 200, body: "x".repeat(Number(event.queryStringParameters.bytes)) });`,
  streams: `const { once } = require("node:events");
    exports.handler = awslambda.streamifyResponse(async ({ queryStringParameters: { chunks, bytes } }, stream) => {
      for (let at = 0; at < chunks; at++)
        if (!stream.write(String.fromCharCode(97 + at % 26).repeat(bytes))) await once(stream, "drain");
      stream.end();
    });`,
  gate: `const opened = Promise.withResolvers();
    exports.handler = awslambda.streamifyResponse(async (event, stream) => {
      if (event.rawPath === "/open") { opened.resolve(); return stream.end("opened"); }
      stream.write("first");
      await opened.promise;
      stream.end("second");
    });`,
  midway: `exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write("some"); throw new Error("midway"); });`,
  throws: `function deeper() { throw new Error("thrown on purpose"); } exports.handler = async () => deeper();`,
  broken: `throw new Error("not loadable");`,
  unspeakable: `exports.handler = async () => { const list = []; list.push(list); return list; };`,
  sleeps: `${pause} exports.handler = async (event) => { await pause(Number(event.queryStringParameters.ms)); return "slept"; };`,
  listens: `exports.default = { async fetch(request) {
    console.log("listening");
    await new Promise((resolve) => request.signal.aborted ? resolve() : request.signal.addEventListener("abort", resolve));
    console.log("heard");
    return new Response();
  } };`,
  computes: `exports.handler = async (event) => {
    const used = () => { const { user, system } = process.threadCpuUsage(); return (user + system) / 1000; };
    for (const end = used() + Number(event.queryStringParameters.ms); used() < end;);
    return "computed";
  };`,
  prints: `${pause} exports.handler = async (event) => {
    const { word, ms } = event.queryStringParameters;
    process.stdout.write("begin-");
    process.stdout.write(word + "\\n");
    await pause(Number(ms));
    process.stderr.write("end-" + word + "\\n");
  };`,
  draws: `const c = require("node:crypto"); exports.handler = async () => [
    Math.random(), c.randomUUID(), crypto.randomUUID(), c.randomBytes(16).toString("hex"), c.randomInt(2 ** 40), crypto.getRandomValues(new Uint8Array(8)).join()];`,
  seeds: `exports.handler = async () => "Node has no source that can be seeded";`,
  surroundings: `const { existsSync, readFileSync } = require("node:fs");
    const text = existsSync("views/a.txt") ? readFileSync("views/a.txt", "utf8") : null;
    exports.handler = async () => ({ env: process.env, folder: process.cwd(), text });`,
  hooks: `console.log("at load of hooks");
    const hook = (when, n) => async () => {
      await null;
      if (process.env.FAILS === when && n === 1) throw new Error("refused");
      console.log(when + " " + n);
    };
    for (const n of [1, 2]) {
      mayfly.registerBeforeSnapshot(hook("before", n));
      mayfly.registerAfterRestore(hook("after", n));
    }
    exports.handler = async () => "called";`,
  exits: `exports.handler = async () => { console.log("the last words"); process.exit(3); };`,
  crashes: `exports.handler = async () => { process.stdout.write("the last words"); process.kill(process.pid, "SIGKILL"); await new Promise(() => {}); };`,
};

export const nodeAgent: AgentAdapter = {
  name: "node",
  format: "cjs",
  runtimeVersion: new RegExp(`^${RegExp.escape(process.versions.node)}$`),
  start: startNodeAgent,
  functions: withHandler(code),
  echoPath: "src/echo.cjs",
};

function withHandler(texts: typeof code): AgentAdapter["functions"] {
  const named = Object.entries(texts).map(([name, text]) => [name, { code: text, handler: "handler" }]);
  return Object.fromEntries(named) as AgentAdapter["functions"];
}
