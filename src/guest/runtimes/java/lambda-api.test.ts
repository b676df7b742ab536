/** What functions that were made by the Lambda API see, and how they fail, as AWS's runtime of Java has it. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import { afterwards } from "../../../base/testing/afterwards.ts";
import { bindLambda, invoke, lambdaContext, lambdaFacts } from "../../testing/lambda-bind.ts";
import { compileFolder, jarOf, startJavaAgent } from "./testing/java-agent.ts";

const source = `
package own;
import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.util.*;
public class Main implements RequestHandler<Map<String, Object>, Object> {
  public Object handleRequest(Map<String, Object> event, Context context) {
    if (event.containsKey("fails")) throw new IllegalStateException("no luck", new RuntimeException("below"));
    if (event.containsKey("odd")) { List<Object> list = new ArrayList<>(); list.add(list); return list; }
    var client = context.getClientContext();
    return Map.of(
        "env", System.getenv(),
        "context", List.of(context.getFunctionName(), context.getFunctionVersion(), context.getInvokedFunctionArn(), context.getLogGroupName(), context.getLogStreamName()),
        "client", List.of(client.getCustom(), client.getClient().getAppTitle()),
        "trace", System.getProperty("com.amazonaws.xray.traceHeader"));
  }
}`;

let classes: Map<string, Buffer>;
let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "mayfly-sources-"));
  writeFileSync(join(folder, "Main.java"), source);
  classes = await compileFolder(folder);
});
after(() => rmSync(folder, { recursive: true }));

async function started(t: TestContext, handler: string, files: Record<string, Buffer>) {
  const agent = await startJavaAgent();
  afterwards(t, () => agent.kill());
  await bindLambda(agent, { format: "java", handler, files });
  return agent;
}

test("the environment and the context are those that AWS documents, and failures have AWS's document", async (t) => {
  const agent = await started(t, "own.Main", Object.fromEntries(classes));
  const { env, context, client, trace } = (await invoke(agent)).value as {
    env: Record<string, string>;
    context: unknown;
    client: unknown;
    trace: string;
  };
  assert.deepEqual(context, ["orders", "$LATEST", lambdaContext.arn, lambdaFacts.logGroup, lambdaFacts.logStream]);
  assert.deepEqual(client, [{ a: "1" }, "Täst"]);
  assert.equal(trace, lambdaContext.traceId);
  const { AWS_LAMBDA_FUNCTION_NAME, AWS_EXECUTION_ENV, AWS_REGION, TZ, _HANDLER } = env;
  assert.deepEqual(
    [AWS_LAMBDA_FUNCTION_NAME, AWS_EXECUTION_ENV, AWS_REGION, TZ, _HANDLER],
    ["orders", "AWS_Lambda_nodejs20.x", "eu-west-1", ":UTC", "own.Main"],
  );

  const failed = await invoke(agent, { fails: true });
  const { errorMessage, errorType, stackTrace, cause } = failed.value as {
    errorMessage: string;
    errorType: string;
    stackTrace: string[];
    cause: { errorMessage: string };
  };
  assert.deepEqual(
    [failed.status, errorMessage, errorType, cause.errorMessage],
    [500, "no luck", "java.lang.IllegalStateException", "below"],
  );
  // The second is the method that the compiler adds for the interface.
  assert.deepEqual(stackTrace, ["own.Main.handleRequest(Main.java:8)", "own.Main.handleRequest(Main.java:6)"]);

  const odd = await invoke(agent, { odd: true });
  assert.deepEqual([odd.status, odd.reset], [500, null]);
  assert.ok("errorType" in (odd.value as object));
});

test("classes may be in a layer's jar, and a class that is missing is told", async (t) => {
  const layered = await started(t, "own.Main", { ".mayfly-layers/java/lib/own.jar": jarOf(classes) });
  assert.equal((await invoke(layered)).status, 200);
  const missing = await invoke(await started(t, "own.Gone", Object.fromEntries(classes)));
  assert.deepEqual([missing.status, (missing.value as { errorType: string }).errorType], [500, "java.lang.ClassNotFoundException"]);
});
