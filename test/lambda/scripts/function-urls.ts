import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionUrlConfigCommand,
  type CreateFunctionUrlConfigCommandInput,
  DeleteAliasCommand,
  type FunctionUrlAuthType,
  GetFunctionUrlConfigCommand,
  type InvokeMode,
  UpdateFunctionUrlConfigCommand,
} from "@aws-sdk/client-lambda";
import assert from "node:assert/strict";
import { forEach, type Replay, type Scripts } from "../replay.ts";
import { callUrl, node, python, pythonEchoCode } from "./invoking.ts";
import { withStatement } from "./layers.ts";
import { publish } from "./versions.ts";

const nodeRuntime = { Runtime: "nodejs20.x", Handler: "index.handler" } as const;

export const functionUrlScripts: Scripts = {
  async "TestLambdaPermissions::test_lambda_permission_url_invocation"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: pythonEchoCode });
    const { FunctionUrl } = await createUrl(replay, name);
    const { status, text } = await callUrl(FunctionUrl!, "/");
    assert.equal(status, 403);
    replay.match("lambda_url_invocation_missing_permission", JSON.parse(text));
  },

  async "TestLambdaURL::test_function_url_with_response_streaming"(replay) {
    const { url } = await withUrl(replay, streaming, { InvokeMode: "RESPONSE_STREAM" });
    const { status, text } = await callUrl(url, "/");
    replay.match("response_status", status);
    replay.match("response_data", text);
  },

  async "TestLambdaURL::test_lambda_update_function_url_config"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: pythonEchoCode });
    const { lambda } = replay;
    const get = () => lambda.send(new GetFunctionUrlConfigCommand({ FunctionName: name }));
    const update = (more: { InvokeMode?: InvokeMode }) => lambda.send(new UpdateFunctionUrlConfigCommand({ FunctionName: name, ...more }));
    replay.match("create_lambda_url_config", await createUrl(replay, name, { InvokeMode: "BUFFERED" }));
    replay.match("get_url_config", await get());
    replay.match("modify_lambda_url_config", await update({ InvokeMode: "RESPONSE_STREAM" }));
    replay.match("get_url_config_2", await get());
    replay.match("modify_lambda_url_config_none", await update({}));
    replay.match("get_url_config_3", await get());
  },

  async "TestLambdaURL::test_lambda_url_echo_http_fixture_default"(replay) {
    const { url } = await withUrl(replay, echo(false));
    const headers = { ...ownHeaders, "extra-headers": "With WeiRd CapS" };
    const { text } = await callUrl(url, "/pa2%Fth/1?q=query&multiQuery=foo&multiQuery=%2Fbar", {
      method: "POST",
      headers,
      body: '{"foo": "bar"}',
    });
    replay.match("url_response", JSON.parse(text));
  },

  async "TestLambdaURL::test_lambda_url_echo_http_fixture_trim_x_headers"(replay) {
    const { url } = await withUrl(replay, echo(true));
    const headers = { ...ownHeaders, "extra-headers": "With WeiRd CapS" };
    const { text } = await callUrl(url, "/path/1?q=query", { method: "POST", headers, body: '{"foo": "bar"}' });
    replay.match("url_response", JSON.parse(text));
  },

  async "TestLambdaURL::test_lambda_url_form_payload"(replay) {
    const { url } = await withUrl(replay, echo(true));
    const boundary = "4efd159eae0c4f4e125a5a509e073d85";
    const part = (head: string, body: string) => `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${body}\r\n`;
    const body = `\r\n${part('name="formfield"', "not a file, just a field")}${part('name="foo"; filename="foo"\r\nContent-Type: text/plain;', "bar\r\n")}--${boundary}--\r\n`;
    const headers = { ...ownHeaders, "user-agent": "python/test-request", "content-type": `multipart/form-data; boundary=${boundary}` };
    const { text } = await callUrl(url, "/test/value", { method: "POST", headers, body });
    replay.match("url_response", JSON.parse(text));
  },

  ...forEach("TestLambdaURL::test_lambda_url_echo_invoke", ["BUFFERED", "RESPONSE_STREAM"] as const, async (replay, InvokeMode) => {
    const { url } = await withUrl(replay, InvokeMode === "BUFFERED" ? echo(false) : streaming, { InvokeMode }, true);
    const { status } = await callUrl(url, "/?q=1");
    assert.equal(status, 200);
  }),

  async "TestLambdaURL::test_lambda_url_invalid_invoke_mode"(replay) {
    const name = replay.name("fn");
    await replay.create(name);
    await replay.matchFailure("invoke_function_invalid_invoke_type", createUrl(replay, name, { InvokeMode: "UNKNOWN" as InvokeMode }));
  },

  ...forEach("TestLambdaURL::test_lambda_url_invocation", ["dict", "float", "list-mixed", "string"] as const, async (replay, kind) => {
    const values = { dict: { hello: "world" }, float: 3.1, "list-mixed": ["hello", 3, true], string: "hello" };
    const { url } = await withUrl(replay, node(`exports.handler = async () => (${JSON.stringify(values[kind])});\n`), {}, true);
    const { status, headers, text } = await callUrl(url, "/");
    const content = kind === "dict" ? (JSON.parse(text) as object) : text;
    const shown = { "Content-Length": headers["content-length"], "Content-Type": headers["content-type"] };
    replay.match("lambda_url_invocation", { content, headers: shown, statuscode: status });
  }),

  async "TestLambdaURL::test_lambda_url_invocation_custom_id"(replay) {
    const id = replay.name("my-custom-subdomain");
    const { url } = await withUrl(replay, echo(false), {}, false, { _custom_id_: id });
    assert.equal(new URL(url).hostname.split(".", 1)[0], id);
    assert.equal((await callUrl(url, "/")).status, 200);
  },

  async "TestLambdaURL::test_lambda_url_invocation_custom_id_aliased"(replay) {
    const name = replay.name("fn");
    const id = replay.name("my-custom-subdomain");
    await replay.create(name, { Code: echo(false), ...nodeRuntime, Tags: { _custom_id_: id } });
    await publish(replay, name);
    const Name = "urlalias";
    await replay.lambda.send(new CreateAliasCommand({ FunctionName: name, Name, FunctionVersion: "1" }));
    const { FunctionUrl } = await createUrl(replay, name, { Qualifier: Name });
    await permit(replay, name, Name);
    assert.equal(new URL(FunctionUrl!).hostname.split(".", 1)[0], `${id}-${Name}`);
    assert.equal((await callUrl(FunctionUrl!, "/")).status, 200);
  },

  async "TestLambdaURL::test_lambda_url_invocation_exception"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: python('def handler(event, context):\n    raise Exception("Handler fails")\n') });
    replay.match("get_fn_result", await replay.get(name));
    const created = await createUrl(replay, name);
    replay.match("create_lambda_url_config", created);
    replay.match("add_permission", await permit(replay, name));
    const { status, text } = await callUrl(created.FunctionUrl!, "/");
    assert.deepEqual([status, text], [502, "Internal Server Error"]);
  },

  async "TestLambdaURL::test_lambda_url_non_existing_url"(replay) {
    const { url } = await withUrl(replay, echo(false));
    const { status } = await callUrl(url.replace(/\/\/[^.]+/, `//${"a".repeat(32)}`), "/");
    assert.equal(status, 403);
  },

  async "TestLambdaURL::test_lambda_url_persists_after_alias_delete"(replay) {
    const name = replay.name("fn");
    const { lambda } = replay;
    await replay.create(name, { Code: echo(false), ...nodeRuntime });
    await publish(replay, name);
    const Name = "urlalias";
    await lambda.send(new CreateAliasCommand({ FunctionName: name, Name, FunctionVersion: "1" }));
    const created = await createUrl(replay, name, { Qualifier: Name, InvokeMode: "BUFFERED" });
    replay.match("create_lambda_url_config", created);
    await permit(replay, name, Name);
    const { status } = await callUrl(created.FunctionUrl!, "/");
    replay.match("invoke_aliased_url_response", { status_code: status });
    replay.match("delete_alias_resp", await lambda.send(new DeleteAliasCommand({ FunctionName: name, Name })));
    const after = await callUrl(created.FunctionUrl!, "/");
    replay.match("invoke_deleted_alias_url_response_delayed", {
      content: JSON.parse(after.text) as unknown,
      headers: { "x-amzn-ErrorType": after.headers["x-amzn-errortype"] },
      status_code: after.status,
    });
  },

  async "TestRequestIdHandling::test_request_id_invoke_url"(replay) {
    const { url } = await withUrl(replay, node('exports.handler = async () => "hi";\n'), {}, true);
    const { status, headers, text } = await callUrl(url, "/");
    replay.match("lambda_url_invocation", {
      content: text,
      headers: { "x-amzn-RequestId": headers["x-amzn-requestid"] },
      statuscode: status,
    });
  },
};

const ownHeaders = { accept: "*/*", "accept-encoding": "gzip, deflate", "user-agent": "test/echo", "content-type": "application/json" };

/** A function of Node.js that anybody may call by its URL. @param isMatched whether the answers that make it so are recorded */
async function withUrl(
  replay: Replay,
  Code: { ZipFile: Buffer },
  more: Partial<CreateFunctionUrlConfigCommandInput> = {},
  isMatched = false,
  Tags: Record<string, string> = {},
): Promise<{ url: string }> {
  const name = replay.name("fn");
  await replay.create(name, { Code, ...nodeRuntime, Tags });
  const created = await createUrl(replay, name, more);
  const permission = await permit(replay, name);
  if (isMatched) {
    replay.match("create_lambda_url_config", created);
    replay.match("add_permission", permission);
  }
  return { url: created.FunctionUrl! };
}

function createUrl({ lambda }: Replay, FunctionName: string, more: Partial<CreateFunctionUrlConfigCommandInput> = {}) {
  return lambda.send(new CreateFunctionUrlConfigCommand({ FunctionName, AuthType: "NONE", ...more }));
}

async function permit({ lambda }: Replay, FunctionName: string, Qualifier?: string): Promise<object> {
  const FunctionUrlAuthType: FunctionUrlAuthType = "NONE";
  const statement = { StatementId: "urlPermission", Action: "lambda:InvokeFunctionUrl", Principal: "*", FunctionUrlAuthType };
  return withStatement(
    await lambda.send(new AddPermissionCommand({ FunctionName, ...(Qualifier !== undefined && { Qualifier }), ...statement })),
  );
}

const streaming = node(`exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("Hello");
  stream.write(", world!");
  stream.end();
});
`);

/** Tells the request that it got. */
function echo(withoutX: boolean): { ZipFile: Buffer } {
  return node(`exports.handler = async (event) => {
  const { http, domainName } = event.requestContext;
  let data = event.body;
  try { data = JSON.parse(event.body); } catch {}
  const headers = Object.entries(event.headers).filter(([name]) => ${withoutX ? '!name.startsWith("x-")' : "true"});
  return {
    args: event.queryStringParameters ?? {},
    data,
    domain: domainName,
    headers: Object.fromEntries(headers),
    method: http.method,
    origin: http.sourceIp,
    path: event.rawPath,
  };
};
`);
}
