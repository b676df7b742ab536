import { AddPermissionCommand, InvokeCommand } from "@aws-sdk/client-lambda";
import assert from "node:assert/strict";
import { jarOf } from "../../../src/guest/runtimes/java/testing/java-agent.ts";
import { bootstrap } from "../../../src/guest/runtimes/testing/bootstrap.ts";
import { forEach, type Replay, type Scripts } from "../replay.ts";
import { zip } from "../zip.ts";
import { invoke, node } from "./invoking.ts";
import { compile } from "./java.ts";
import { withStatement } from "./layers.ts";

const PACKAGE = "cloud.localstack.sample";
const SERIALIZED = "cloud.localstack.awssdkv1.sample.SerializedInputLambdaHandler";

export const runtimeScripts: Scripts = {
  async "TestGoProvidedRuntimes::test_manual_endpoint_injection[provided.al2]"(replay) {
    const name = replay.name("fn");
    await createProgram(replay, name, bootstrap("async () => process.env.AWS_REGION"));
    const { Payload } = await replay.lambda.send(new InvokeCommand({ FunctionName: name }));
    assert.equal(Payload!.transformToString(), '"us-east-1"');
  },

  async "TestGoProvidedRuntimes::test_uncaught_exception_invoke[provided.al2]"(replay) {
    const name = replay.name("fn");
    const report = `{ errorType: "errorString", errorMessage: "Error: some_error_msg" }`;
    const fails = `async (event, { id }) => { await post("invocation/" + id + "/error", JSON.stringify(${report})); return answered; }`;
    replay.match("create_function_result", await createProgram(replay, name, bootstrap(fails)));
    replay.match("error_result", await invoke(replay, name, {}));
  },

  ...forEach(
    "TestJavaRuntimes::test_java_custom_handler_method_specification",
    [
      `${PACKAGE}.LambdaHandlerWithInterfaceAndCustom-INTERFACE`,
      `${PACKAGE}.LambdaHandlerWithInterfaceAndCustom::handleRequestCustom-CUSTOM`,
    ] as const,
    async (replay, parameter) => {
      const name = replay.name("fn");
      const Handler = parameter.slice(0, parameter.lastIndexOf("-"));
      replay.match("create-result", await replay.create(name, { Runtime: "java11", Handler, Code: { ZipFile: await jar() } }));
      replay.match("invoke-result", await invoke(replay, name, {}));
    },
  ),

  async "TestJavaRuntimes::test_java_lambda_subscribe_sns_topic"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Runtime: "java11", Handler: `${PACKAGE}.LambdaHandler`, Code: { ZipFile: await jar() } });
    replay.match("get-function", await replay.get(name));
    const SourceArn = `arn:aws:sns:${replay.region}:${replay.account}:${replay.name("topic")}`;
    const statement = { StatementId: replay.name("sid"), Action: "lambda:InvokeFunction", Principal: "sns.amazonaws.com", SourceArn };
    replay.match("add-permission", withStatement(await replay.lambda.send(new AddPermissionCommand({ FunctionName: name, ...statement }))));
  },

  async "TestJavaRuntimes::test_java_runtime_with_lib"(replay) {
    const classes = await compiled();
    const lib = new Map([...classes].filter(([path]) => path.includes("/lib/")));
    const own = new Map([...classes].filter(([path]) => !path.includes("/lib/")));
    const files = [...own].map(([path, content]) => ({ name: path, content }));
    const forms = {
      "jar-with-lib": jarOf(classes),
      "zip-with-lib": zip([...files, { name: "lib/own.jar", content: jarOf(lib) }]),
      "zip-with-lib-gradle": zip([
        { name: "lib/app.jar", content: jarOf(own) },
        { name: "lib/own.jar", content: jarOf(lib) },
      ]),
    };
    for (const [form, ZipFile] of Object.entries(forms)) {
      const name = replay.name("fn");
      const Handler = `${PACKAGE}.LambdaHandlerWithLib`;
      replay.match(`create-result-${form}`, await replay.create(name, { Runtime: "java11", Handler, Code: { ZipFile } }));
      replay.match(`invoke-result-${form}`, await invoke(replay, name, { echo: "echo" }));
    }
  },

  ...forEach("TestJavaRuntimes::test_serializable_input_object", ["java21", "java25", "java8.al2"] as const, async (replay, Runtime) => {
    const name = replay.name("fn");
    replay.match("create-result", await replay.create(name, { Runtime, Handler: SERIALIZED, Code: { ZipFile: await jar() } }));
    replay.match("invoke-result", await invoke(replay, name, { bucket: "test_bucket", key: "test_key" }));
  }),

  ...forEach("TestJavaRuntimes::test_stream_handler", ["java21", "java25", "java8.al2"] as const, async (replay, Runtime) => {
    const name = replay.name("fn");
    await replay.create(name, { Runtime, Handler: `${PACKAGE}.LambdaStreamHandler`, Code: { ZipFile: await jar() } });
    replay.match("invoke_result", await invoke(replay, name, { test: "hello" }));
  }),

  ...forEach("TestNodeJSRuntimes::test_invoke_nodejs_es6_lambda", ["nodejs16.x", "nodejs20.x"] as const, async (replay, Runtime) => {
    const name = replay.name("fn");
    const code = `export const handler = async (event) => ({ statusCode: 200, body: JSON.stringify("response from localstack lambda: " + JSON.stringify(event)) });\n`;
    const Code = node(code, "lambda_handler_es6.mjs");
    replay.match("creation-result", await replay.create(name, { Runtime, Handler: "lambda_handler_es6.handler", Code }));
    replay.match("invocation-result", await invoke(replay, name, { event_type: "test_lambda" }));
  }),

  ...forEach(
    "TestPythonRuntimes::test_handler_in_submodule",
    ["python3.9", "python3.10", "python3.11", "python3.12"] as const,
    async (replay, Runtime) => {
      const name = replay.name("fn");
      const code = "def handler(event, context):\n    return event\n";
      const ZipFile = zip([
        { name: "own/__init__.py", content: "" },
        { name: "own/def/main.py", content: code },
      ]);
      await replay.create(name, { Runtime, Handler: "own.def.main.handler", Code: { ZipFile } });
      assert.deepEqual((await invoke(replay, name, { test: 1 })).Payload, { test: 1 });
    },
  ),
};

function createProgram(replay: Replay, name: string, program: string): Promise<object> {
  const ZipFile = zip([{ name: "bootstrap", content: program, mode: 0o100755 }]);
  return replay.createPlain(name, { Runtime: "provided.al2", Handler: "function.handler", MemorySize: 1_024, Code: { ZipFile } });
}

let classes: Promise<Map<string, Buffer>> | undefined;

/** By their paths. */
function compiled(): Promise<Map<string, Buffer>> {
  return (classes ??= compile(sources));
}

async function jar(): Promise<Buffer> {
  return jarOf(await compiled());
}

const imports = `
import com.amazonaws.services.lambda.runtime.*;
import java.io.*;
import java.util.*;
`;

const sources = {
  "cloud/localstack/sample/lib/Echo.java": `package ${PACKAGE}.lib;
public class Echo {
  public static String of(String text) { return "{\\"echo\\":\\"" + text + "\\"}"; }
}`,
  "cloud/localstack/sample/LambdaHandlerWithLib.java": `package ${PACKAGE};${imports}
public class LambdaHandlerWithLib implements RequestHandler<Map<String, String>, String> {
  public String handleRequest(Map<String, String> event, Context context) { return ${PACKAGE}.lib.Echo.of(event.get("echo")); }
}`,
  "cloud/localstack/sample/LambdaHandler.java": `package ${PACKAGE};${imports}
public class LambdaHandler implements RequestHandler<Object, Object> {
  public Object handleRequest(Object event, Context context) { return "{}"; }
}`,
  "cloud/localstack/sample/LambdaHandlerWithInterfaceAndCustom.java": `package ${PACKAGE};${imports}
public class LambdaHandlerWithInterfaceAndCustom implements RequestHandler<Map<String, Object>, String> {
  public String handleRequest(Map<String, Object> event, Context context) { return "INTERFACE"; }
  public String handleRequestCustom(Map<String, Object> event, Context context) { return "CUSTOM"; }
}`,
  "cloud/localstack/sample/LambdaStreamHandler.java": `package ${PACKAGE};${imports}
public class LambdaStreamHandler implements RequestStreamHandler {
  public void handleRequest(InputStream event, OutputStream result, Context context) throws IOException { result.write("{}".getBytes()); }
}`,
  "cloud/localstack/awssdkv1/sample/SerializedInputLambdaHandler.java": `package cloud.localstack.awssdkv1.sample;${imports}
public class SerializedInputLambdaHandler implements RequestHandler<SerializedInputLambdaHandler.Input, SerializedInputLambdaHandler.Output> {
  public static class Input implements Serializable {
    private String bucket;
    private String key;
    public String getBucket() { return bucket; }
    public void setBucket(String bucket) { this.bucket = bucket; }
    public String getKey() { return key; }
    public void setKey(String key) { this.key = key; }
  }
  public static class Output implements Serializable {
    private final Input input;
    Output(Input input) { this.input = input; }
    public String getBucket() { return input.getBucket(); }
    public String getKey() { return input.getKey(); }
    public boolean isValidated() { return true; }
  }
  public Output handleRequest(Input input, Context context) { return new Output(input); }
}`,
};
