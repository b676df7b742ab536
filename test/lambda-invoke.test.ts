/** Invoke and its like by AWS's SDK: results, failures, logs, streams, events, throttles, and functions' URLs. The file is long because all of it shares one server. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect as connectH2 } from "node:http2";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  CreateFunctionUrlConfigCommand,
  type CreateFunctionUrlConfigCommandInput,
  InvokeCommand,
  type InvokeCommandInput,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { SignatureV4 } from "@smithy/signature-v4";
import { until } from "../src/base/clock/until.ts";
import { afterwards } from "../src/base/testing/afterwards.ts";
import { Sha256 } from "../src/doors/signature/sha256.ts";
import { mayfly, serve, type Server } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { callUrl } from "./lambda/scripts/invoking.ts";
import { zip } from "./lambda/zip.ts";
import { type Scope, temporaryFolder } from "./platform.ts";

describe("invoking by AWS Lambda's API", () => {
  const closing: (() => void | Promise<void>)[] = [];
  const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };
  let server: Server;
  let stateDir: string;
  let lambda: LambdaClient;
  let credentials: { accessKeyId: string; secretAccessKey: string };
  let made = 0;

  before(async () => {
    stateDir = temporaryFolder(scope);
    const config = join(temporaryFolder(scope), "settings.json");
    writeFileSync(
      config,
      JSON.stringify({ lambda: { requestBytes: 4_000_000, responseBytes: 3_000_000, eventBytes: 100_000, retryMs: 50 } }),
    );
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0", "--config", config]);
    credentials = await createKey(server.apiUrl, stateDir);
    lambda = new LambdaClient({ endpoint: server.apiUrl, region: "us-east-1", credentials, maxAttempts: 1 });
  });

  after(async () => {
    for (const close of closing) await close();
  });

  /** Returns the name of a new function. */
  async function create(code: string, more: Partial<CreateFunctionCommandInput> = {}): Promise<string> {
    const name = `invoked-${++made}`;
    const isPython = more.Runtime?.startsWith("python") === true;
    const input = {
      FunctionName: name,
      Runtime: "nodejs24.x" as const,
      Handler: "index.handler",
      Role: "arn:aws:iam::000000000000:role/any",
      Code: { ZipFile: zip([{ name: isPython ? "index.py" : "index.js", content: code }]) },
      ...more,
    };
    await lambda.send(new CreateFunctionCommand(input));
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60 }, { FunctionName: name });
    return name;
  }

  async function invoke(FunctionName: string, payload: unknown = {}, more: Partial<InvokeCommandInput> = {}) {
    const { Payload, LogResult, ...answer } = await lambda.send(
      new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload), ...more }),
    );
    const text = Buffer.from(Payload ?? []).toString();
    return {
      ...answer,
      value: text === "" ? undefined : (JSON.parse(text) as unknown),
      log: Buffer.from(LogResult ?? "", "base64").toString(),
    };
  }

  test("a result is what the function returned, with the request's id and the client's context", async () => {
    const name = await create(
      "exports.handler = async (event, { awsRequestId, clientContext, invokedFunctionArn }) => ({ event, awsRequestId, clientContext, invokedFunctionArn });",
    );
    const ClientContext = Buffer.from(JSON.stringify({ custom: { who: "Ädä" } })).toString("base64");
    const { value, $metadata, ExecutedVersion, FunctionError } = await invoke(name, { text: "ü" }, { ClientContext });
    const arn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
    assert.deepEqual(value, {
      event: { text: "ü" },
      awsRequestId: $metadata.requestId,
      clientContext: { custom: { who: "Ädä" } },
      invokedFunctionArn: arn,
    });
    assert.deepEqual([ExecutedVersion, FunctionError, $metadata.httpStatusCode], ["$LATEST", undefined, 200]);
    const { StatusCode, value: none } = await invoke(name, {}, { InvocationType: "DryRun" });
    assert.deepEqual([StatusCode, none], [204, undefined]);
    await assert.rejects(invoke(name, {}, { ClientContext: "{" }), { name: "InvalidRequestContentException" });
  });

  test("what mayfly deploy has deployed can be invoked, too", async () => {
    const folder = temporaryFolder(scope);
    writeFileSync(join(folder, "main.ts"), "export const handler = async (event: object) => ({ got: event });\n");
    writeFileSync(join(folder, "mayfly.json"), JSON.stringify({ name: "by-deploy", functions: { inner: { entry: "main.ts" } } }));
    assert.equal((await mayfly(["deploy", folder, "--api", server.apiUrl, "--state", stateDir])).code, 0);
    assert.deepEqual((await invoke("by-deploy", { a: 1 })).value, { got: { a: 1 } });
  });

  test("a function that throws, that has no handler and that cannot be imported fails with AWS's documents", async () => {
    const thrown = await invoke(await create("exports.handler = async () => { throw new RangeError('no luck'); };"));
    const { trace, ...document } = thrown.value as { trace: string[] };
    assert.deepEqual([thrown.FunctionError, document], ["Unhandled", { errorType: "RangeError", errorMessage: "no luck" }]);
    assert.match(trace.join("\n"), /^RangeError: no luck\n\s+at exports\.handler/);
    const python = { Runtime: "python3.13" as const };
    const raised = await invoke(await create("def handler(event, context):\n    raise ValueError('no luck')\n", python));
    const { stackTrace, errorType } = raised.value as { stackTrace: string[]; errorType: string };
    assert.equal(errorType, "ValueError");
    assert.match(stackTrace.join(""), /index\.py", line 2, in handler\n\s+raise ValueError/);
    const types = async (name: string) => ((await invoke(name)).value as { errorType: string }).errorType;
    assert.equal(await types(await create("exports.other = 1;")), "Runtime.HandlerNotFound");
    assert.equal(await types(await create("", { Handler: "gone.handler" })), "Runtime.ImportModuleError");
    assert.equal(await types(await create("require('not-there');")), "Runtime.ImportModuleError");
    assert.equal(await types(await create("import not_there\n", python)), "Runtime.ImportModuleError");
    assert.equal(await types(await create("def other(): pass\n", python)), "Runtime.HandlerNotFound");
    assert.equal(await types(await create("def handler(event, context):\n    return {1, 2}\n", python)), "Runtime.MarshalError");
  });

  test("a function that runs out of time or ends its process fails with AWS's documents, and the next call has another process", async () => {
    const code = `let calls = 0;
exports.handler = async ({ wait, exit }) => {
  calls += 1;
  if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
  if (exit !== undefined) process.exit(exit);
  return calls;
};`;
    const name = await create(code, { Timeout: 1 });
    const late = await invoke(name, { wait: 5_000 });
    const text = `RequestId: ${late.$metadata.requestId} Error: Task timed out after 1.00 seconds`;
    assert.deepEqual([late.FunctionError, late.value], ["Unhandled", { errorType: "Sandbox.Timedout", errorMessage: text }]);
    assert.equal((await invoke(name)).value, 1);
    assert.equal((await invoke(name)).value, 2);
    const ended = await invoke(name, { exit: 3 });
    const why = `RequestId: ${ended.$metadata.requestId} Error: Runtime exited with error: exit status 3`;
    assert.deepEqual(ended.value, { errorType: "Runtime.ExitError", errorMessage: why });
    assert.equal((await invoke(name)).value, 1);
  });

  test("payloads and results over the limits are refused in AWS's words", async () => {
    const name = await create("exports.handler = async ({ bytes }) => 'x'.repeat(bytes);");
    assert.equal(((await invoke(name, { bytes: 2_999_998 })).value as string).length, 2_999_998);
    const { value, FunctionError } = await invoke(name, { bytes: 3_000_000 });
    const errorMessage = "Response payload size exceeded maximum allowed payload size (3000000 bytes).";
    assert.deepEqual([FunctionError, value], ["Unhandled", { errorType: "Function.ResponseSizeTooLarge", errorMessage }]);
    assert.equal((await invoke(name, { bytes: 1, more: "x".repeat(3_900_000) })).value, "x");
    const large = { message: "Request must be smaller than 4000000 bytes for the InvokeFunction operation" };
    await assert.rejects(invoke(name, "x".repeat(4_000_000)), large);
    await assert.rejects(invoke(name, "x".repeat(100_000), { InvocationType: "Event" }), /Request must be smaller than 100000 bytes/);
  });

  test("the log's tail has START, the lines, END and REPORT, and the last 4 KB at most", async () => {
    const name = await create("exports.handler = async ({ lines }) => { for (let n = 0; n < lines; n++) console.log('line', n); };");
    const { log, $metadata } = await invoke(name, { lines: 2 }, { LogType: "Tail" });
    const id = $metadata.requestId!;
    const marked = log
      .replaceAll(id, "ID")
      .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
      .replaceAll(/[\d.]+ ms/g, "N ms");
    const [start, first, second, end, report] = marked.split("\n");
    assert.deepEqual(
      [start, first, second, end],
      ["START RequestId: ID Version: $LATEST", "TIME\tID\tINFO\tline 0", "TIME\tID\tINFO\tline 1", "END RequestId: ID"],
    );
    assert.match(
      report!,
      /^REPORT RequestId: ID\tDuration: N ms\tBilled Duration: N ms\tMemory Size: 128 MB\tMax Memory Used: \d+ MB\tInit Duration: N ms\t$/,
    );
    const long = await invoke(name, { lines: 400 }, { LogType: "Tail" });
    assert.equal(Buffer.byteLength(long.log), 4_096);
    assert.match(long.log, /line 399\nEND RequestId/);
    assert.doesNotMatch(long.log, /Init Duration/);
  });

  test("a streamed result comes in pieces while the function runs, and how it ended at the end", async () => {
    // It goes on once its first piece has arrived at the caller: if it came only with the others, the function would run out of time.
    const code = `const { existsSync } = require("node:fs");
exports.handler = awslambda.streamifyResponse(async ({ file, fails }, stream) => {
  stream.write("one ");
  while (!existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 10));
  if (fails) throw new Error("no luck");
  stream.write("two");
  stream.end();
});`;
    const name = await create(code, { Timeout: 60 });
    const arrived = temporaryFolder(scope);
    const stream = async (more: object) => {
      const file = join(arrived, `${made++}`);
      const answer = await lambda.send(
        new InvokeWithResponseStreamCommand({ FunctionName: name, Payload: JSON.stringify({ file, ...more }), LogType: "Tail" }),
      );
      let text = "";
      let complete: { ErrorCode?: string | undefined; ErrorDetails?: string | undefined; LogResult?: string | undefined } | undefined;
      for await (const { PayloadChunk, InvokeComplete } of answer.EventStream!) {
        if (PayloadChunk) text += Buffer.from(PayloadChunk.Payload!).toString();
        writeFileSync(file, "");
        if (InvokeComplete) complete = InvokeComplete;
      }
      return { text, complete, answer };
    };
    const whole = await stream({});
    assert.equal(whole.text, "one two");
    assert.deepEqual([whole.complete?.ErrorCode, whole.answer.ExecutedVersion, whole.answer.StatusCode], [undefined, "$LATEST", 200]);
    assert.match(Buffer.from(whole.complete!.LogResult!, "base64").toString(), /^START RequestId[^]*REPORT/);
    const failed = await stream({ fails: true });
    assert.equal(failed.complete?.ErrorCode, "Unhandled");
    const plain = await create("exports.handler = async () => ({ plain: true });");
    const answer = await lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: plain }));
    let text = "";
    for await (const { PayloadChunk } of answer.EventStream!) text += Buffer.from(PayloadChunk?.Payload ?? []).toString();
    assert.deepEqual(JSON.parse(text), { plain: true });
  });

  test("an event is answered at once, and is tried three times with one id, or as often as the function's configuration says", async () => {
    const code =
      "exports.handler = async (event, { awsRequestId }) => { console.log('tried', awsRequestId); if (event.fails) throw new Error('no luck'); };";
    const attempts = async (name: string) => {
      const { stdout } = await mayfly(["logs", name, "--api", server.apiUrl, "--state", stateDir]);
      return stdout.match(/tried \S+/g) ?? [];
    };
    const name = await create(code);
    const { StatusCode, value, $metadata } = await invoke(name, { fails: true }, { InvocationType: "Event" });
    assert.deepEqual([StatusCode, value], [202, undefined]);
    await until(async () => (await attempts(name)).length === 3);
    assert.deepEqual(await attempts(name), Array(3).fill(`tried ${$metadata.requestId}`));
    const once = await create(code);
    await lambda.send(new PutFunctionEventInvokeConfigCommand({ FunctionName: once, MaximumRetryAttempts: 0 }));
    await invoke(once, { fails: true }, { InvocationType: "Event" });
    await until(async () => (await mayfly(["logs", once, "--api", server.apiUrl, "--state", stateDir])).stdout.includes("is given up"));
    assert.equal((await attempts(once)).length, 1);
    const fine = await create(code);
    await invoke(fine, {}, { InvocationType: "Event" });
    await until(async () => (await attempts(fine)).length === 1);
  });

  test("the result of an event goes to the function that its configuration names", async () => {
    const heir = await create("exports.handler = async (record) => { console.log('heard', JSON.stringify(record)); };");
    const code = `const { existsSync } = require("node:fs");
      exports.handler = async ({ file }) => { if (!existsSync(file)) throw new Error("not yet"); return { found: true }; };`;
    const name = await create(code);
    const arnOf = (of: string) => `arn:aws:lambda:us-east-1:000000000000:function:${of}`;
    await lambda.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName: name, DestinationConfig: { OnFailure: { Destination: arnOf(heir) } } }),
    );
    await invoke(name, { file: "/none" }, { InvocationType: "Event" });
    const heard = async () => {
      const { stdout } = await mayfly(["logs", heir, "--api", server.apiUrl, "--state", stateDir]);
      return /heard (\{.*\})/.exec(stdout)?.[1];
    };
    await until(async () => (await heard()) !== undefined);
    const record = JSON.parse((await heard())!) as Record<string, unknown>;
    const { timestamp: _, ...rest } = record;
    const requestContext = rest["requestContext"] as { requestId: string };
    assert.deepEqual(rest, {
      version: "1.0",
      requestContext: {
        requestId: requestContext.requestId,
        functionArn: `${arnOf(name)}:$LATEST`,
        condition: "RetriesExhausted",
        approximateInvokeCount: 3,
      },
      requestPayload: { file: "/none" },
      responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
      responsePayload: rest["responsePayload"],
    });
    assert.equal((rest["responsePayload"] as { errorMessage: string }).errorMessage, "not yet");
  });

  test("reserved concurrency throttles, and what is asked for in a loop is refused", async () => {
    const name = await create(
      `const { existsSync, writeFileSync } = require("node:fs");
exports.handler = async ({ begun, end }) => {
  if (begun) writeFileSync(begun, "");
  while (end && !existsSync(end)) await new Promise((resolve) => setTimeout(resolve, 10));
  return process.env._X_AMZN_TRACE_ID;
};`,
      { Timeout: 60 },
    );
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 1 }));
    const throttled = { name: "TooManyRequestsException", Reason: "ReservedFunctionConcurrentInvocationLimitExceeded" };
    const [begun, end] = ["begun", "end"].map((file) => join(temporaryFolder(scope), file)) as [string, string];
    const running = invoke(name, { begun, end });
    await until(() => existsSync(begun));
    await assert.rejects(invoke(name), throttled);
    writeFileSync(end, "");
    await running;
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 0 }));
    await assert.rejects(invoke(name), throttled);
    await lambda.send(new PutFunctionConcurrencyCommand({ FunctionName: name, ReservedConcurrentExecutions: 5 }));
    let trace = "";
    const again = async () => {
      const command = new InvokeCommand({ FunctionName: name, Payload: "{}" });
      command.middlewareStack.add(
        (next) => async (args) => {
          if (trace !== "") (args.request as { headers: Record<string, string> }).headers["x-amzn-trace-id"] = trace;
          return next(args);
        },
        { step: "build" },
      );
      trace = JSON.parse(Buffer.from((await lambda.send(command)).Payload!).toString()) as string;
    };
    for (let n = 0; n < 16; n++) await again();
    await assert.rejects(again(), { name: "RecursiveInvocationException" });
  });

  /** Returns the URL of a new function that anybody may call. */
  async function createUrl(code: string, more: Partial<CreateFunctionUrlConfigCommandInput> = {}): Promise<string> {
    const FunctionName = await create(code);
    const config = { FunctionName, AuthType: "NONE" as const, ...more };
    const { FunctionUrl } = await lambda.send(new CreateFunctionUrlConfigCommand(config));
    if (config.AuthType === "NONE") {
      const statement = {
        StatementId: "anybody",
        Action: "lambda:InvokeFunctionUrl",
        Principal: "*",
        FunctionUrlAuthType: "NONE" as const,
      };
      await lambda.send(new AddPermissionCommand({ FunctionName, ...statement }));
    }
    return FunctionUrl!;
  }

  test("a function's URL gives it the request, and the client its reply", async () => {
    const url = await createUrl(`exports.handler = async ({ rawPath, rawQueryString, cookies, headers, body, requestContext }) => ({
  statusCode: 201,
  headers: { "X-Own": "1" },
  cookies: ["a=1", "b=2; Secure"],
  body: JSON.stringify({ rawPath, rawQueryString, cookies, type: headers["content-type"], body, method: requestContext.http.method }),
});`);
    const { status, headers, text } = await callUrl(url, "/some%20path?a=1&a=2", {
      method: "POST",
      headers: { cookie: "x=1; y=2", "content-type": "text/plain" },
      body: "hello",
    });
    assert.deepEqual(JSON.parse(text), {
      rawPath: "/some%20path",
      rawQueryString: "a=1&a=2",
      cookies: ["x=1", "y=2"],
      type: "text/plain",
      body: "hello",
      method: "POST",
    });
    assert.deepEqual([status, headers["x-own"], headers["set-cookie"] as unknown], [201, "1", ["a=1", "b=2; Secure"]]);
    assert.equal((await callUrl(url, "/", { method: "POST", body: "x".repeat(4_100_000) })).status, 413);
  });

  test("a URL is the same over HTTP/2, buffered and streamed", async (t) => {
    const whole = await createUrl(`exports.handler = async ({ rawPath, body, requestContext }) => ({
  statusCode: 201, cookies: ["a=1", "b=2"], body: JSON.stringify([rawPath, body, requestContext.http.method]),
});`);
    const streamed = await createUrl(
      `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { "x-own": "1" } });
  stream.write("one ");
  stream.write("two");
  stream.end();
});`,
      { InvokeMode: "RESPONSE_STREAM" },
    );
    const { hostname, port, pathname } = new URL(whole);
    const session = connectH2(`http://127.0.0.1:${port}`);
    afterwards(t, () => session.destroy());
    const ask = async (path: string, authority: string, method: string, body?: string) => {
      const stream = session.request({ ":path": path, ":authority": authority, ":method": method }, { endStream: body === undefined });
      if (body !== undefined) stream.end(body);
      const [headers] = (await once(stream, "response")) as [Record<string, unknown>];
      return { headers, text: Buffer.concat(await stream.toArray()).toString() };
    };
    const base = pathname.replace(/\/$/, "");
    const posted = await ask(`${base}/x?y=1`, hostname, "POST", "hello");
    assert.deepEqual(JSON.parse(posted.text), ["/x", "hello", "POST"]);
    assert.deepEqual([posted.headers[":status"], posted.headers["set-cookie"]], [201, ["a=1", "b=2"]]);
    const head = await ask(`${base}/`, hostname, "HEAD");
    assert.deepEqual([head.headers[":status"], head.text], [201, ""]);
    const stream = new URL(streamed);
    const pieces = await ask(stream.pathname, stream.hostname, "GET");
    assert.deepEqual([pieces.headers[":status"], pieces.headers["x-own"], pieces.text], [202, "1", "one two"]);
    const large = await ask(`${base}/`, hostname, "POST", "x".repeat(4_100_000));
    assert.equal(large.headers[":status"], 413);
  });

  test("a URL streams what the function writes, with the head that it gives", async () => {
    // It goes on once its first piece has arrived at the caller.
    const arrived = join(temporaryFolder(scope), "arrived");
    const url = await createUrl(
      `const { existsSync } = require("node:fs");
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { "content-type": "text/plain", "x-own": "1" } });
  stream.write("one ");
  while (!existsSync(${JSON.stringify(arrived)})) await new Promise((resolve) => setTimeout(resolve, 10));
  stream.write("two");
  stream.end();
});`,
      { InvokeMode: "RESPONSE_STREAM" },
    );
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number; own: unknown; text: string }>();
    const sent = request(url, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        writeFileSync(arrived, "");
      });
      response.on("end", () => resolve({ status: response.statusCode!, own: response.headers["x-own"], text }));
    });
    sent.on("error", reject).end();
    const { status, own, text } = await promise;
    assert.deepEqual([status, own, text], [202, "1", "one two"]);
  });

  test("a URL answers browsers by its Cors, preflights without the function", async () => {
    const Cors = {
      AllowOrigins: ["https://shop.example"],
      AllowMethods: ["POST"],
      AllowHeaders: ["x-own"],
      MaxAge: 60,
      ExposeHeaders: ["x-seen"],
    };
    const url = await createUrl(
      "exports.handler = async () => ({ statusCode: 200, headers: { 'Access-Control-Allow-Origin': '*' }, body: '' });",
      { Cors },
    );
    const preflight = { origin: "https://shop.example", "access-control-request-method": "POST" };
    const { status, headers } = await callUrl(url, "/", { method: "OPTIONS", headers: preflight });
    const names = ["origin", "methods", "headers"].map((name) => headers[`access-control-allow-${name}`]);
    assert.deepEqual([status, ...names, headers["access-control-max-age"]], [200, "https://shop.example", "POST", "x-own", "60"]);
    const given = await callUrl(url, "/", { headers: { origin: "https://shop.example" } });
    assert.deepEqual(
      [given.headers["access-control-allow-origin"], given.headers["access-control-expose-headers"]],
      ["https://shop.example", "x-seen"],
    );
  });

  test("a URL of AWS_IAM asks for a signature", async () => {
    const url = await createUrl("exports.handler = async ({ requestContext }) => requestContext.authorizer.iam.accessKey;", {
      AuthType: "AWS_IAM",
    });
    const forbidden = await callUrl(url, "/");
    assert.deepEqual([forbidden.status, forbidden.headers["x-amzn-errortype"]], [403, "AccessDeniedException"]);
    const { hostname, pathname } = new URL(url);
    const signer = new SignatureV4({ service: "lambda", region: "us-east-1", credentials, sha256: Sha256 });
    const { headers } = await signer.sign({ protocol: "http:", hostname, method: "GET", path: pathname, headers: { host: hostname } });
    const answered = await callUrl(url, "/", { headers });
    assert.deepEqual([answered.status, answered.text], [200, credentials.accessKeyId]);
  });
});
