/** Programs that listen on $PORT, in a real agent over the real wire. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../base/clock/until.ts";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { freePort } from "../../../base/testing/listening.ts";
import { processStartTime } from "../../../machines/host/cgroup/proc.ts";
import { ResetCode } from "../../../wire/protocol.ts";
import type { BindMessage } from "../../../wire/protocol.ts";
import { type ProgramAgent, startProgramAgent } from "../../testing/program-agent.ts";

/** A server whose handler is this JavaScript: (request, response, url). */
function server(handler: string, listen = `server.listen(process.env.PORT, process.env.HOST)`): string {
  return `const http = require("node:http");
const sockets = new Set();
const handler = ${handler};
const server = http.createServer((request, response) => { sockets.add(request.socket); return handler(request, response, new URL(request.url, "http://x")) });
${listen};`;
}

async function started(t: TestContext, sources: Record<string, string>, message: Partial<BindMessage> = {}): Promise<ProgramAgent> {
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  for (const [name, source] of Object.entries(sources)) agent.write(`${name}.cjs`, source);
  await agent.bindServers(Object.fromEntries(Object.keys(sources).map((name) => [name, [process.execPath, `${name}.cjs`]])), message);
  return agent;
}

const echo = server(`async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  response.setHeader("set-cookie", ["a=1", "b=2"]);
  response.setHeader("X-Own", "yes");
  response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body, env: process.env, cwd: process.cwd() }));
}`);

test("a request reaches the program as it came, and its response goes back as it is", async (t) => {
  const agent = await started(t, { main: echo }, { env: { OWN: "yes" } });
  const headers = [
    "Host",
    "api.example.com",
    "X-Forwarded-For",
    "192.0.2.1",
    "Cookie",
    "k=v",
    "X-M",
    "1",
    "x-m",
    "2",
    "X-Mayfly-Kind",
    "event",
    "Content-Length",
    "2",
  ];
  const reply = await agent.call({ method: "PUT", url: "http://api.example.com/a%20b/c?d=%2F&e", headers, body: "hi" });
  assert.deepEqual([reply.status, reply.headers["set-cookie"], reply.headers["X-Own"]], [200, ["a=1", "b=2"], "yes"]);
  for (const name of ["connection", "keep-alive", "transfer-encoding"]) assert.equal(reply.headers[name], undefined);
  const seen = JSON.parse(reply.text);
  assert.deepEqual([seen.method, seen.url, seen.body, seen.cwd], ["PUT", "/a%20b/c?d=%2F&e", "hi", agent.taskRoot]);
  assert.deepEqual(
    ["host", "x-forwarded-for", "cookie", "x-m", "content-length", "transfer-encoding", "x-mayfly-kind", "x-mayfly-attempt"].map(
      (name) => seen.headers[name],
    ),
    ["api.example.com", "192.0.2.1", "k=v", "1, 2", "2", undefined, "http", "1"],
  );
  assert.match(seen.headers["x-mayfly-invocation"], /^id-/);
  assert.match(seen.headers["traceparent"], /^00-0af76519/);
  assert.deepEqual([seen.env.OWN, seen.env.HOST, seen.env.HOST_ONLY, seen.env.MAYFLY_APP], ["yes", "127.0.0.1", undefined, "app"]);
});

test("a header that CGI would take for another one does not reach the program", async (t) => {
  const agent = await started(t, { main: echo });
  const given = { "X-Forwarded-For": "192.0.2.1", X_Forwarded_For: "203.0.113.9", "X-Mayfly_Kind": "event", X_Own: "kept" };
  const { headers } = JSON.parse((await agent.call({ headers: Object.entries(given).flat() })).text);
  assert.deepEqual(
    ["x-forwarded-for", "x_forwarded_for", "x-mayfly-kind", "x-mayfly_kind", "x_own"].map((name) => headers[name]),
    ["192.0.2.1", undefined, "http", undefined, "kept"],
  );
});

test("bodies of unknown length, empty ones and methods without a body keep their framing", async (t) => {
  const agent = await started(t, { main: echo });
  const get = JSON.parse((await agent.call({ url: "http://x" })).text);
  assert.deepEqual([get.url, get.headers["content-length"], get.headers["transfer-encoding"]], ["/", undefined, undefined]);
  const post = JSON.parse((await agent.call({ method: "DELETE", body: "chunks" })).text);
  assert.deepEqual([post.body, post.headers["transfer-encoding"]], ["chunks", "chunked"]);
  const empty: Parameters<ProgramAgent["call"]>[0][] = [{ method: "POST" }, { input: { kind: "event" } }];
  for (const call of empty) {
    const { headers } = JSON.parse((await agent.call(call)).text);
    assert.deepEqual([headers["content-length"], headers["transfer-encoding"]], ["0", undefined]);
  }
  const head = await agent.call({ method: "HEAD" });
  assert.deepEqual([head.status, head.text], [200, ""]);
});

test("an event is a POST that no caller can forge, and its result is the response's body", async (t) => {
  const agent = await started(t, {
    main: echo,
    fails: server(`(request, response) => { response.writeHead(422); response.end("no good") }`),
  });
  const seen = JSON.parse((await agent.call({ input: { kind: "event" }, body: '{"n":1}' })).text);
  assert.deepEqual([seen.method, seen.url, seen.body, seen.headers["content-type"]], ["POST", "/", '{"n":1}', "application/json"]);
  assert.deepEqual([seen.headers.host, seen.headers["x-mayfly-kind"]], ["event.mayfly.internal", "event"]);
  const failed = await agent.call({ function: "fails", input: { kind: "event" } });
  assert.deepEqual([failed.status, failed.text], [500, "no good"]);
});

test("large bodies stream both ways at once, no faster than they are taken", async (t) => {
  const agent = await started(t, {
    main: server(`(request, response) => { response.writeHead(200, { "content-type": "x/y" }); request.pipe(response) }`),
    endless: server(`(request, response) => {
      let sent = 0;
      const go = () => { while (!response.destroyed && response.write(Buffer.alloc(65536))) sent += 65536; };
      response.on("drain", go).on("close", () => console.log("closed"));
      setTimeout(() => console.log("stuck at " + sent), 400);
      go();
    }`),
  });
  const body = Buffer.alloc(3_000_000, "0123456789");
  const reply = await agent.call({ method: "POST", body });
  assert.ok(reply.body.equals(body));
  const closed = Promise.withResolvers<void>();
  const request = agent.open({ closed: () => closed.resolve() }, { function: "endless" });
  const { text } = await agent.logged("stuck at");
  assert.ok(Number(text.slice(9)) < 16e6, text);
  request.reset(ResetCode.Cancelled, "");
  await closed.promise;
  await agent.logged("closed");
});

test("an invocation that nobody waits for is in flight until the program lets go of it", async (t) => {
  const agent = await started(t, {
    main: server(
      `(request, response, { pathname }) => { if (pathname === "/answers") return response.end("yes"); console.log("works"); request.once("close", () => console.log("let go")) }`,
    ),
    stuck: server(`() => { console.log("stuck"); for (;;); }`),
  });
  const noticed = Promise.withResolvers<void>();
  const request = agent.open({ closed: () => noticed.resolve() }, { method: "POST", body: "x" });
  await agent.logged("works");
  request.reset(ResetCode.Timeout, "");
  await noticed.promise;
  await agent.logged("let go");
  let closed = false;
  const other = agent.open({ closed: () => (closed = true) }, { function: "stuck" });
  await agent.logged("stuck");
  other.reset(ResetCode.Timeout, "");
  assert.equal((await agent.call({ url: "http://x/answers" })).text, "yes");
  assert.equal(closed, false);
});

test("a caller that leaves before it has read all of a reply disturbs no other call on the reply's connection", async (t) => {
  const agent = await started(t, {
    main: server(`(request, response, { pathname }) => {
      const at = String([...sockets].indexOf(request.socket));
      response.setHeader("x-at", at);
      if (pathname === "/large") return response.end(Buffer.alloc(100_000));
      console.log("works on " + pathname);
      setTimeout(() => response.end(at), 50);
    }`),
  });
  // A reply that does not reach the agent at once keeps its connection: then the other call has one of its own.
  for (let round = 0, isShared = false; !isShared; round++) {
    // After one that was read, the kernel takes all of a reply at once.
    assert.equal((await agent.call({ url: "http://x/large" })).body.length, 100_000);
    const begun = Promise.withResolvers<string[]>();
    const large = agent.open({ head: (_status, headers) => begun.resolve(headers) }, { url: "http://x/large" });
    const headers = await begun.promise;
    // One that is not sent again if its connection is closed.
    const other = agent.call({ method: "POST", url: `http://x/${round}`, body: "x" });
    await agent.logged(`works on /${round}`);
    large.reset(ResetCode.Cancelled, "");
    const { status, text, reset } = await other;
    assert.deepEqual([status, reset], [200, null]);
    isShared = headers[headers.indexOf("x-at") + 1] === text;
  }
});

test("connections are used again, also by many calls at once", async (t) => {
  const agent = await started(t, { main: server(`(request, response) => { setTimeout(() => response.end(String(sockets.size)), 5) }`) });
  for (let call = 0; call < 5; call++) assert.equal((await agent.call()).text, "1");
  const many = await Promise.all(Array.from({ length: 50 }, () => agent.call()));
  assert.ok(many.every(({ status }) => status === 200));
});

test("a connection that the program has closed in the meantime costs no call", async (t) => {
  const agent = await started(t, {
    main: server(
      `(request, response) => { response.end(String(sockets.size)); response.once("finish", () => setTimeout(() => request.socket.destroy(), Number(request.url.slice(1)))) }`,
    ),
  });
  for (let call = 0; call < 30; call++) assert.equal((await agent.call({ url: `http://x/${call % 3}` })).status, 200);
});

test("a response that the program breaks off, or that is none, fails the invocation", async (t) => {
  const agent = await started(t, {
    main: server(`(request, response, { pathname }) => {
      if (pathname === "/closes") return request.socket.destroy();
      if (pathname === "/garbage") return request.socket.end("SSH-2.0 hello\\r\\n");
      if (pathname === "/upgrade") return request.socket.end("HTTP/1.1 101 Switching Protocols\\r\\nConnection: upgrade\\r\\nUpgrade: x\\r\\n\\r\\n");
      if (pathname === "/hints") { response.writeEarlyHints({ link: "</a.css>; rel=preload" }); return response.end("hinted") }
      if (pathname === "/flood") {
        request.socket.write("HTTP/1.1 200 OK\\r\\n");
        const more = () => { while (!request.socket.destroyed && request.socket.write("x-more: and more\\r\\n".repeat(1000))); };
        request.socket.on("drain", more).on("error", () => {});
        return more();
      }
      if (pathname === "/header") return request.socket.end("HTTP/1.1 200 OK\\r\\nX: a\\x7fb\\r\\nContent-Length: 0\\r\\n\\r\\n");
      response.writeHead(200, { "content-length": 10 });
      response.write("five", () => request.socket.destroy());
    }`),
  });
  for (const path of ["closes", "garbage", "upgrade", "flood", "header"]) {
    const { reset } = await agent.call({ url: `http://x/${path}` });
    assert.equal(reset?.code, ResetCode.FunctionThrew, path);
  }
  const broken = await agent.call({ url: "http://x/breaks" });
  assert.deepEqual([broken.status, broken.text, broken.reset?.code], [200, "five", ResetCode.FunctionThrew]);
  assert.equal((await agent.call({ url: "http://x/hints" })).text, "hinted");
});

test("a request that was answered with what is no response is not sent again", async (t) => {
  const agent = await started(t, {
    main: server(`(request, response, { pathname }) => {
      if (pathname === "/count") return response.end(String(count));
      count += 1;
      request.socket.end("SSH-2.0 hello\\r\\n");
    }; let count = 0`),
  });
  // The next request is sent on the connection of this one.
  assert.equal((await agent.call({ url: "http://x/count" })).text, "0");
  assert.equal((await agent.call({ url: "http://x/garbage" })).reset?.code, ResetCode.FunctionThrew);
  assert.equal((await agent.call({ url: "http://x/count" })).text, "1");
});

test("a program that ends before it listens resets with function-load-failed, and its output is in the log", async (t) => {
  const agent = await started(t, { main: `console.error("no database"); process.exit(4)`, good: echo });
  const { reset } = await agent.call();
  assert.equal(reset?.code, ResetCode.FunctionLoadFailed);
  assert.match(reset.message, /^The program .+ of function main ended with code 4 before it listened on \$PORT$/);
  await agent.logged("no database");
  assert.equal((await agent.call({ function: "good" })).status, 200);
});

test("what a program has started ends with a start that failed, also what is a daemon by then", async (t) => {
  const sleeper = `const { pid } = require("node:child_process").spawn("sleep", ["600"], { detached: true, stdio: "ignore" }); console.log("child " + pid)`;
  const agent = await started(t, {
    main: `${sleeper}; setTimeout(() => process.exit(4), 50)`,
    other: `${sleeper}; ${server(`(request, response) => response.end("up")`)}`,
  });
  const child = () => Number(agent.logs.findLast(({ text }) => text.startsWith("child "))!.text.slice("child ".length));
  assert.equal((await agent.call({ function: "other" })).text, "up");
  const others = child();
  afterwards(t, () => void process.kill(others, "SIGKILL"));
  assert.equal((await agent.call()).reset?.code, ResetCode.FunctionLoadFailed);
  await until(() => processStartTime(child()) === undefined);
  // What another program has started lives on.
  assert.notEqual(others, child());
  assert.notEqual(processStartTime(others), undefined);
});

test("a program that has ended before it listened is looked for no more", async (t) => {
  const port = await freePort();
  const agent = await started(t, { main: `process.exit(3)` }, { env: { PORT: String(port) } });
  assert.equal((await agent.call()).reset?.code, ResetCode.FunctionLoadFailed);
  let connections = 0;
  const listener = createServer((socket) => {
    connections += 1;
    socket.destroy();
  });
  afterwards(t, () => void listener.close());
  listener.listen(port, "127.0.0.1");
  await once(listener, "listening");
  await sleep(500);
  assert.equal(connections, 0);
});

test("a command that does not exist resets with function-load-failed, and none at all is refused at the Bind", async (t) => {
  const agent = await startProgramAgent();
  afterwards(t, () => agent.kill());
  await assert.rejects(agent.bindServers({ main: [] }), ({ cause }: Error) => /function main has no command/.test(String(cause)));
  const other = await startProgramAgent();
  afterwards(t, () => other.kill());
  await other.bindServers({ main: ["./no-such-program"] });
  assert.match((await other.call()).reset!.message, /could not be started: ENOENT/);
});

test("a program that listens on the machine's IPv6 address only, or late, is found", async (t) => {
  const agent = await started(t, {
    six: server(`(request, response) => response.end("six")`, `server.listen(process.env.PORT, "::1")`),
    late: server(`(request, response) => response.end("late")`, `setTimeout(() => server.listen(process.env.PORT), 400)`),
  });
  assert.equal((await agent.call({ function: "late" })).text, "late");
  assert.equal((await agent.call({ function: "six" })).text, "six");
});

test("a program that ends after it has listened ends its machine", async (t) => {
  const agent = await started(t, { main: server(`() => { console.log("last words"); process.exit(7) }`) });
  agent.open({});
  await agent.dead;
  assert.ok(agent.logs.some(({ text }) => text === "last words"));
  assert.ok(agent.logs.some(({ text }) => text.endsWith("of function main ended with code 7, which ends its machine")));
});

/** Closes its port at the first request, and opens it again if it is asked to. */
const closing = server(`(request, response, { searchParams }) => {
  setInterval(() => {}, 1000);
  server.close();
  server.closeIdleConnections();
  request.socket.end("HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Length: 5\\r\\n\\r\\ntaken");
  const again = searchParams.get("again");
  if (again !== null) setTimeout(() => server.listen(process.env.PORT, again), 200);
}`);

test("a program that runs on but takes no connections any more ends its machine, with the reason in the log", async (t) => {
  const grpc = { method: "POST", headers: ["Content-Type", "application/grpc"] };
  for (const call of [{}, { method: "POST", body: "x" }, grpc]) {
    const agent = await started(t, { main: closing });
    assert.equal((await agent.call()).text, "taken");
    let reset: number | undefined;
    agent.open({ reset: (code) => (reset = code) }, call);
    await agent.dead;
    // The host tells callers that the machine has died.
    assert.equal(reset, undefined);
    assert.ok(
      agent.logs.some(({ text }) =>
        /function main does not listen on port \d+ any more, though it runs, which ends its machine/.test(text),
      ),
    );
  }
});

test("a program that opens its port again soon, at whichever address, gets the requests that came meanwhile", async (t) => {
  const agent = await started(t, { main: closing });
  for (const address of ["127.0.0.1", "::1"]) {
    const { text } = await agent.call({ method: "POST", url: `http://x/?again=${address}` });
    assert.equal(text, "taken");
    const both = await Promise.all([
      agent.call({ url: "http://x/?again=127.0.0.1" }),
      agent.call({ method: "DELETE", url: "http://x/?again=::1" }),
    ]);
    assert.ok(both.some((reply) => reply.text === "taken"));
  }
});

test("the only invocation in flight owns what is printed, and a line with an id belongs to that invocation", async (t) => {
  const agent = await started(t, {
    main: server(
      `(request, response) => { const id = request.headers["x-mayfly-invocation"]; console.log("about " + id + "."); setTimeout(() => { console.log("again " + id); response.end(id) }, 100) }`,
    ),
  });
  await agent.call();
  const replies = await Promise.all([agent.call(), agent.call()]);
  for (const { text: id, stream } of replies)
    assert.deepEqual(
      agent.logs.filter(({ text }) => text.includes(id)).map((line) => line.stream),
      [stream, stream],
    );
});

test("an invocation whose caller goes away while the program starts is over at once", async (t) => {
  const agent = await started(t, { main: `setInterval(() => {}, 1000); console.log("never listens")` });
  const closed = Promise.withResolvers<void>();
  const request = agent.open({ closed: () => closed.resolve() });
  await agent.logged("never listens");
  request.reset(ResetCode.Cancelled, "");
  await closed.promise;
});

test("at a call's deadline the log says on which port a program listens that does not listen on its own", async (t) => {
  const agent = await started(t, {
    main: server(
      `(request, response) => response.end("unheard")`,
      `server.listen(0, "127.0.0.1", () => console.log("up on " + server.address().port))`,
    ),
    silent: `setInterval(() => {}, 1000); console.log("listens nowhere")`,
  });
  const timeUp = async (name: string, printed: string): Promise<{ printed: string; said: string }> => {
    const request = agent.open({}, { function: name });
    const { text } = await agent.logged(printed);
    request.reset(ResetCode.Timeout, "");
    const { text: said, stream } = await agent.logged(`of function ${name} does not listen on port`);
    assert.equal(stream, request.stream);
    assert.match(said, /\(the variable PORT\) yet/);
    return { printed: text, said };
  };
  await timeUp("silent", "listens nowhere");
  const main = await timeUp("main", "up on ");
  const ports = /yet; opened since it was started: port ([\d, ]+)\. Let it take its port from PORT/.exec(main.said)?.[1]?.split(", ") ?? [];
  assert.ok(ports.includes(main.printed.slice("up on ".length)), main.said);
});
