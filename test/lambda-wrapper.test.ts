/** Functions whose runtime is started by a program of their own, by AWS_LAMBDA_EXEC_WRAPPER. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  CreateFunctionCommand,
  type CreateFunctionCommandInput,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  UpdateFunctionConfigurationCommand,
} from "@aws-sdk/client-lambda";
import { until } from "../src/base/clock/until.ts";
import { serve, type Server } from "./command.ts";
import { createKey } from "./lambda/key.ts";
import { type ZippedFile, zip } from "./lambda/zip.ts";
import { type Scope, temporaryFolder } from "./platform.ts";

const region = "us-east-1";
const wrapper = (text: string, name = "wrapper"): ZippedFile => ({ name, content: text, mode: 0o100755 });
/** It sets a variable, loads a file before the function's, and notes what it was given. */
const plain = wrapper(`#!/bin/sh
export FROM_WRAPPER="$#"
export NODE_OPTIONS="--require $LAMBDA_TASK_ROOT/before.js"
exec "$@"
`);
const beforeJs: ZippedFile = { name: "before.js", content: "globalThis.loadedBefore = true;\n" };

describe("a function with AWS_LAMBDA_EXEC_WRAPPER", () => {
  const closing: (() => void | Promise<void>)[] = [];
  const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };
  let server: Server;
  let lambda: LambdaClient;

  before(async () => {
    const stateDir = temporaryFolder(scope);
    server = await serve(scope, stateDir, ["--driver", "process", "--blanks", "0"]);
    const credentials = await createKey(server.apiUrl, stateDir);
    lambda = new LambdaClient({ endpoint: server.apiUrl, region, credentials, maxAttempts: 1 });
  });

  after(async () => {
    for (const close of closing) await close();
  });

  async function create(FunctionName: string, files: ZippedFile[], more: Partial<CreateFunctionCommandInput> = {}) {
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName,
        Role: "arn:aws:iam::000000000000:role/any",
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Code: { ZipFile: zip(files) },
        Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: "/var/task/wrapper" } },
        ...more,
      }),
    );
    return settle(FunctionName);
  }

  async function settle(FunctionName: string) {
    await until(async () => {
      const { State, LastUpdateStatus } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
      return State !== "Pending" && LastUpdateStatus !== "InProgress";
    });
    return lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  }

  async function invoke(FunctionName: string, event: object = {}): Promise<{ value: unknown; error: string | undefined }> {
    const { Payload, FunctionError } = await lambda.send(new InvokeCommand({ FunctionName, Payload: JSON.stringify(event) }));
    return { value: JSON.parse(Buffer.from(Payload!).toString()) as unknown, error: FunctionError };
  }

  test("its runtime is started by the wrapper, which changes what it finds", async () => {
    const code = `exports.handler = async (event, context) => ({
      event, given: process.env.FROM_WRAPPER, before: globalThis.loadedBefore, name: context.functionName, version: context.functionVersion,
      arn: context.invokedFunctionArn, left: context.getRemainingTimeInMillis() > 0, execution: process.env.AWS_EXECUTION_ENV, handler: process.env._HANDLER });`;
    const { State, Runtime } = await create("wrapped", [{ name: "index.js", content: code }, plain, beforeJs]);
    assert.deepEqual([State, Runtime], ["Active", "nodejs24.x"]);
    for (let time = 0; time < 2; time++)
      assert.deepEqual(await invoke("wrapped", { time }), {
        value: {
          event: { time },
          given: "2",
          before: true,
          name: "wrapped",
          version: "$LATEST",
          arn: `arn:aws:lambda:${region}:000000000000:function:wrapped`,
          left: true,
          execution: "AWS_Lambda_nodejs24.x",
          handler: "index.handler",
        },
        error: undefined,
      });
    // Without the variable, the function runs as every other one.
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: "wrapped", Environment: { Variables: {} } }));
    assert.equal((await settle("wrapped")).LastUpdateStatus, "Successful");
    const { value } = await invoke("wrapped");
    assert.deepEqual([(value as { given?: string }).given, (value as { before?: boolean }).before], [undefined, undefined]);
  });

  test("a wrapper comes from a layer, and may be written for bash", async () => {
    const layer = zip([wrapper('#!/bin/bash\nexport FROM_WRAPPER=layer\nexec "$@"\n', "tools/start")]);
    const { LayerVersionArn } = await lambda.send(new PublishLayerVersionCommand({ LayerName: "tools", Content: { ZipFile: layer } }));
    const code = "export const handler = async () => process.env.FROM_WRAPPER;";
    await create("layered", [{ name: "index.mjs", content: code }], {
      Layers: [LayerVersionArn!],
      Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: "/opt/tools/start" } },
    });
    assert.deepEqual(await invoke("layered"), { value: "layer", error: undefined });
  });

  test("handlers with a callback, that throw, and that cannot be loaded are as with every other function", async () => {
    const code = `exports.later = (event, context, done) => setTimeout(() => done(null, { later: event.n }), 1);
exports.nothing = async () => undefined;
exports.throws = async () => { throw new TypeError("on purpose") };`;
    const of = async (name: string, handler: string) => {
      await create(name, [{ name: "index.js", content: code }, plain, beforeJs], { Handler: handler });
      return invoke(name, { n: 3 });
    };
    assert.deepEqual(await of("later", "index.later"), { value: { later: 3 }, error: undefined });
    assert.deepEqual(await of("nothing", "index.nothing"), { value: null, error: undefined });
    const thrown = await of("throws", "index.throws");
    const { errorType, errorMessage, trace } = thrown.value as { errorType: string; errorMessage: string; trace: string[] };
    assert.deepEqual([thrown.error, errorType, errorMessage, trace[0]], ["Unhandled", "TypeError", "on purpose", "TypeError: on purpose"]);
    const missing = (await of("missing", "index.missing")).value as { errorType: string; errorMessage: string };
    assert.deepEqual([missing.errorType, missing.errorMessage], ["Runtime.HandlerNotFound", "index.missing is undefined or not exported"]);
  });

  test("a streamed reply comes as it is written, with its metadata", async () => {
    const code = `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const body = awslambda.HttpResponseStream.from(stream, { statusCode: 201 });
  body.write("one ");
  body.end("two");
});`;
    await create("streams", [{ name: "index.js", content: code }, plain, beforeJs]);
    const { EventStream } = await lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: "streams" }));
    const chunks: Uint8Array[] = [];
    for await (const { PayloadChunk, InvokeComplete } of EventStream!) {
      if (PayloadChunk?.Payload) chunks.push(PayloadChunk.Payload);
      assert.equal(InvokeComplete?.ErrorCode, undefined);
    }
    const [metadata, body] = Buffer.concat(chunks).toString().split("\0".repeat(8));
    assert.deepEqual([JSON.parse(metadata!), body], [{ statusCode: 201 }, "one two"]);
  });

  test("a wrapper that is not there ends the runtime, as at AWS", async () => {
    await create("lost", [{ name: "index.js", content: "exports.handler = async () => 1;" }]);
    const { value, error } = await invoke("lost");
    assert.equal(error, "Unhandled");
    assert.equal((value as { errorType: string }).errorType, "Runtime.ExitError");
  });

  test("a runtime that cannot be started so here is refused by the function's state", async () => {
    const code = [{ name: "index.py", content: "def handler(event, context):\n  return 1\n" }, plain];
    const { State, StateReason, StateReasonCode } = await create("snake", code, { Runtime: "python3.13" });
    assert.deepEqual([State, StateReasonCode], ["Failed", "InvalidConfiguration"]);
    assert.match(
      StateReason!,
      /AWS_LAMBDA_EXEC_WRAPPER names a wrapper, which this server starts for nodejs alone, and not for python3\.13/,
    );
  });
});
