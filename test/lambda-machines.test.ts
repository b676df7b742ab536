/**
 * Functions that AWS Lambda's API made, in machines of each driver that isolates them: each runtime with a layer, its variables and its context, and how AWS tells
 * of one that throws, ends and runs out of time. What is the same in every machine is tested with the driver `process`, in lambda-invoke.test.ts.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  PublishLayerVersionCommand,
  type Runtime,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import { jarOf } from "../src/guest/runtimes/java/testing/java-agent.ts";
import { bootstrap } from "../src/guest/runtimes/testing/bootstrap.ts";
import { nodePath } from "../src/images/guest-layout.ts";
import { serve } from "./command.ts";
import { compile } from "./lambda/scripts/java.ts";
import { createKey } from "./lambda/key.ts";
import { zip } from "./lambda/zip.ts";
import { drivers, type Scope, temporaryFolder } from "./platform.ts";

interface Subject {
  runtime: Runtime;
  handler: string;
  code: Buffer;
  layer: Buffer;
  /** The document of a failure that the function throws, without its trace. */
  thrown: object;
  /** What AWS names the execution environment; programs have none. */
  execution: string | null;
}

const nodeCode = `
const { readFileSync } = require("node:fs");
const layered = require("layered");
exports.handler = async ({ how }, context) => {
  if (how === "throw") throw new RangeError("no luck");
  if (how === "exit") process.exit(3);
  if (how === "sleep") await new Promise((resolve) => setTimeout(resolve, 3_600_000));
  const { LAMBDA_TASK_ROOT, AWS_EXECUTION_ENV = null, AWS_LAMBDA_FUNCTION_NAME, AWS_REGION, COLOUR } = process.env;
  return {
    layered,
    data: readFileSync(LAMBDA_TASK_ROOT + "/data.txt", "utf8"),
    opt: readFileSync("/opt/values.txt", "utf8"),
    root: LAMBDA_TASK_ROOT,
    variables: [AWS_LAMBDA_FUNCTION_NAME, AWS_REGION, COLOUR],
    execution: AWS_EXECUTION_ENV,
    context: [context.functionName, context.functionVersion, context.invokedFunctionArn, Number(context.memoryLimitInMB)],
    hasTime: context.getRemainingTimeInMillis() > 0,
    id: context.awsRequestId,
  };
};`;

const pythonCode = `
import os, time
import layered

def handler(event, context):
    how = event.get("how")
    if how == "throw":
        raise ValueError("no luck")
    if how == "exit":
        os._exit(3)
    if how == "sleep":
        time.sleep(3600)
    root = os.environ["LAMBDA_TASK_ROOT"]
    return {
        "layered": layered.text,
        "data": open(root + "/data.txt").read(),
        "opt": open("/opt/values.txt").read(),
        "root": root,
        "variables": [os.environ.get(name) for name in ["AWS_LAMBDA_FUNCTION_NAME", "AWS_REGION", "COLOUR"]],
        "execution": os.environ.get("AWS_EXECUTION_ENV"),
        "context": [context.function_name, context.function_version, context.invoked_function_arn, int(context.memory_limit_in_mb)],
        "hasTime": context.get_remaining_time_in_millis() > 0,
        "id": context.aws_request_id,
    }
`;

const javaCode = `package own;
import com.amazonaws.services.lambda.runtime.*;
import java.nio.file.*;
import java.util.*;

public class Handler implements RequestHandler<Map<String, Object>, Map<String, Object>> {
  public Map<String, Object> handleRequest(Map<String, Object> event, Context context) {
    Object how = event.get("how");
    if ("throw".equals(how)) throw new IllegalStateException("no luck");
    if ("exit".equals(how)) System.exit(3);
    try {
      if ("sleep".equals(how)) Thread.sleep(3_600_000);
      String root = System.getenv("LAMBDA_TASK_ROOT");
      Map<String, Object> facts = new HashMap<>();
      facts.put("layered", layered.Text.text());
      facts.put("data", Files.readString(Path.of(root, "data.txt")));
      facts.put("opt", Files.readString(Path.of("/opt/values.txt")));
      facts.put("root", root);
      facts.put("variables", List.of(System.getenv("AWS_LAMBDA_FUNCTION_NAME"), System.getenv("AWS_REGION"), System.getenv("COLOUR")));
      facts.put("execution", System.getenv("AWS_EXECUTION_ENV"));
      facts.put("context", List.of(context.getFunctionName(), context.getFunctionVersion(), context.getInvokedFunctionArn(), context.getMemoryLimitInMB()));
      facts.put("hasTime", context.getRemainingTimeInMillis() > 0);
      facts.put("id", context.getAwsRequestId());
      return facts;
    } catch (Exception error) {
      throw new RuntimeException(error);
    }
  }
}`;

const javaLayer = 'package layered;\npublic class Text { public static String text() { return "from a layer"; } }\n';

const programCode = `async ({ how }, { id, headers }) => {
  if (how === "throw") { await post("invocation/" + id + "/error", JSON.stringify({ errorType: "OurError", errorMessage: "no luck" })); return answered; }
  if (how === "exit") process.exit(3);
  if (how === "sleep") await new Promise((resolve) => setTimeout(resolve, 3_600_000));
  const { readFileSync } = require("node:fs");
  const { LAMBDA_TASK_ROOT, AWS_EXECUTION_ENV = null, AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_VERSION, AWS_LAMBDA_FUNCTION_MEMORY_SIZE, AWS_REGION, COLOUR } = process.env;
  return {
    layered: readFileSync("/opt/lib/layered.txt", "utf8"),
    data: readFileSync(LAMBDA_TASK_ROOT + "/data.txt", "utf8"),
    opt: readFileSync("/opt/values.txt", "utf8"),
    root: LAMBDA_TASK_ROOT,
    variables: [AWS_LAMBDA_FUNCTION_NAME, AWS_REGION, COLOUR],
    execution: AWS_EXECUTION_ENV,
    context: [AWS_LAMBDA_FUNCTION_NAME, AWS_LAMBDA_FUNCTION_VERSION, headers["lambda-runtime-invoked-function-arn"], Number(AWS_LAMBDA_FUNCTION_MEMORY_SIZE)],
    hasTime: Number(headers["lambda-runtime-deadline-ms"]) > Date.now(),
    id,
  };
}`;

const data = { name: "data.txt", content: "of the function" };
const values = { name: "values.txt", content: "in /opt" };

async function subjects(): Promise<Subject[]> {
  const classes = await compile({ "own/Handler.java": javaCode, "layered/Text.java": javaLayer });
  const jar = (folder: string) => jarOf(new Map([...classes].filter(([path]) => path.startsWith(`${folder}/`))));
  return [
    {
      runtime: "nodejs24.x",
      handler: "index.handler",
      code: zip([{ name: "index.js", content: nodeCode }, data]),
      layer: zip([{ name: "nodejs/node_modules/layered/index.js", content: 'module.exports = "from a layer";' }, values]),
      thrown: { errorType: "RangeError", errorMessage: "no luck" },
      execution: "AWS_Lambda_nodejs24.x",
    },
    {
      runtime: "python3.13",
      handler: "index.handler",
      code: zip([{ name: "index.py", content: pythonCode }, data]),
      layer: zip([{ name: "python/layered.py", content: 'text = "from a layer"' }, values]),
      thrown: { errorType: "ValueError", errorMessage: "no luck" },
      execution: "AWS_Lambda_python3.13",
    },
    {
      runtime: "java21",
      handler: "own.Handler",
      code: zip([{ name: "lib/own.jar", content: jar("own") }, data]),
      layer: zip([{ name: "java/lib/layered.jar", content: jar("layered") }, values]),
      thrown: { errorType: "java.lang.IllegalStateException", errorMessage: "no luck" },
      execution: "AWS_Lambda_java21",
    },
    {
      runtime: "provided.al2023",
      handler: "any",
      code: zip([{ name: "bootstrap", content: bootstrap(programCode, "", nodePath), mode: 0o100755 }, data]),
      layer: zip([{ name: "lib/layered.txt", content: "from a layer" }, values]),
      thrown: { errorType: "OurError", errorMessage: "no luck" },
      execution: null,
    },
  ];
}

/** In MB: what apps have that choose nothing, so that templates of their machines are there for other tests as well. */
const memory = 256;
/** In seconds: far above what a call takes on a busy host. */
const LONG = 300;

for (const driver of drivers)
  describe(`functions of AWS Lambda's API in machines of ${driver}`, { concurrency: 1 }, () => {
    const closing: (() => void | Promise<void>)[] = [];
    const scope: Scope = { after: (cleanUp) => void closing.unshift(cleanUp) };
    let lambda: LambdaClient;
    let all: Subject[];

    before(async () => {
      all = await subjects();
      const stateDir = temporaryFolder(scope);
      const { apiUrl } = await serve(scope, stateDir, ["--driver", driver, "--blanks", "0"]);
      lambda = new LambdaClient({ endpoint: apiUrl, region: "eu-west-1", credentials: await createKey(apiUrl, stateDir), maxAttempts: 1 });
    });

    after(async () => {
      for (const close of closing) await close();
    });

    async function create(subject: Subject, Timeout: number): Promise<string> {
      const FunctionName = `${subject.runtime.replace(/\W/g, "-")}-${Timeout}`;
      const Content = { ZipFile: subject.layer };
      const layer = await lambda.send(new PublishLayerVersionCommand({ LayerName: FunctionName, Content }));
      await lambda.send(
        new CreateFunctionCommand({
          FunctionName,
          Role: "arn:aws:iam::000000000000:role/any",
          Runtime: subject.runtime,
          Handler: subject.handler,
          Code: { ZipFile: subject.code },
          Layers: [layer.LayerVersionArn!],
          Environment: { Variables: { COLOUR: "blue" } },
          MemorySize: memory,
          Timeout,
        }),
      );
      await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 600 }, { FunctionName });
      return FunctionName;
    }

    async function invoke(FunctionName: string, how: string) {
      const { Payload, FunctionError, $metadata } = await lambda.send(
        new InvokeCommand({ FunctionName, Payload: JSON.stringify({ how }) }),
      );
      return { FunctionError, id: $metadata.requestId, value: JSON.parse(Payload!.transformToString()) as Record<string, unknown> };
    }

    for (const runtime of ["nodejs24.x", "python3.13", "java21", "provided.al2023"] as const)
      test(`${runtime}: layers, variables, context, and failures`, async () => {
        const subject = all.find((each) => each.runtime === runtime)!;
        const name = await create(subject, LONG);
        const arn = `arn:aws:lambda:eu-west-1:000000000000:function:${name}`;
        const { value, id } = await invoke(name, "facts");
        assert.deepEqual(value, {
          layered: "from a layer",
          data: "of the function",
          opt: "in /opt",
          root: "/var/task",
          variables: [name, "eu-west-1", "blue"],
          execution: subject.execution,
          context: [name, "$LATEST", arn, memory],
          hasTime: true,
          id,
        });
        const thrown = await invoke(name, "throw");
        // AWS's Python names the request besides.
        const { trace: _, stackTrace, requestId = thrown.id, ...document } = thrown.value;
        assert.equal(requestId, thrown.id);
        assert.deepEqual([thrown.FunctionError, document], ["Unhandled", subject.thrown]);
        if (runtime === "python3.13")
          assert.match(String((stackTrace as string[])[0]), /File "\/var\/task\/index\.py", line \d+, in handler/);
        const exited = await invoke(name, "exit");
        assert.equal(exited.FunctionError, "Unhandled");
        assert.deepEqual(exited.value, {
          errorType: "Runtime.ExitError",
          errorMessage: `RequestId: ${exited.id} Error: Runtime exited with error: exit status 3`,
        });
        assert.equal((await invoke(name, "facts")).value["layered"], "from a layer", "another machine takes its place");
        const short = await create(subject, 1);
        const late = await invoke(short, "sleep");
        assert.deepEqual(
          [late.FunctionError, late.value],
          ["Unhandled", { errorType: "Sandbox.Timedout", errorMessage: `RequestId: ${late.id} Error: Task timed out after 1.00 seconds` }],
        );
      });
  });
