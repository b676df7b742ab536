import {
  CreateAliasCommand,
  DeleteFunctionConcurrencyCommand,
  GetFunctionConcurrencyCommand,
  GetFunctionConfigurationCommand,
  GetProvisionedConcurrencyConfigCommand,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
} from "@aws-sdk/client-lambda";
import { until } from "../../../src/base/clock/until.ts";
import type { Replay, Scripts } from "../replay.ts";
import { invoke, pythonEchoCode, pythonWaits } from "./invoking.ts";
import { publish } from "./versions.ts";

export const concurrencyScripts: Scripts = {
  async "TestLambdaConcurrency::test_lambda_concurrency_block"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: pythonEchoCode });
    const event = { hello: "world" };
    const call = (Qualifier?: string) => invoke(replay, name, event, Qualifier === undefined ? {} : { Qualifier });
    replay.match("v1_result", await publish(replay, name));
    replay.match("reserved_concurrency_result", await reserve(replay, name, 1));
    replay.match("invoke_latest_before_block", await call());
    replay.match("provisioned_concurrency_result", await provision(replay, name, "1", 1));
    await replay.matchFailure("invoke_latest_first_exc", call("$LATEST"));
    await replay.matchFailure("invoke_latest_second_exc", call());
    replay.match("invoke_v1_after_block", await call("1"));
  },

  async "TestLambdaConcurrency::test_lambda_concurrency_update"(replay) {
    const name = replay.name("fn");
    await replay.create(name);
    const get = () => replay.lambda.send(new GetFunctionConcurrencyCommand({ FunctionName: name }));
    replay.match("put_function_concurrency", await reserve(replay, name, 3));
    replay.match("get_function_concurrency_updated", await get());
    replay.match("get_function_concurrency_info", await replay.get(name));
    await replay.lambda.send(new DeleteFunctionConcurrencyCommand({ FunctionName: name }));
    replay.match("get_function_concurrency_deleted", await get());
  },

  async "TestLambdaConcurrency::test_lambda_provisioned_concurrency_scheduling"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: pythonEchoCode });
    await publish(replay, name);
    await provision(replay, name, "1", 1);
    replay.match("get_provisioned_postwait", await ready(replay, name, "1"));
    await Promise.all([1, 2].map(() => invoke(replay, name, {}, { Qualifier: "1" })));
  },

  async "TestLambdaConcurrency::test_provisioned_concurrency"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: pythonEchoCode });
    await publish(replay, name);
    await provisionFive(replay, name, "1");
  },

  async "TestLambdaConcurrency::test_provisioned_concurrency_on_alias"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: pythonEchoCode });
    await publish(replay, name);
    await replay.lambda.send(new CreateAliasCommand({ FunctionName: name, Name: "alias-a", FunctionVersion: "1" }));
    await provisionFive(replay, name, "alias-a");
  },

  async "TestLambdaConcurrency::test_reserved_concurrency_async_queue"(replay) {
    const name = replay.name("fn");
    await replay.create(name, { Code: pythonWaits });
    const Qualifier = "$LATEST";
    replay.match("fn", await replay.lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier })));
    replay.match("put_fn_concurrency", await reserve(replay, name, 1));
    await invoke(replay, name, { wait: 3 }, { InvocationType: "Event" });
    await invoke(replay, name, { wait: 1 }, { InvocationType: "Event" });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await replay.matchFailure("too_many_requests_exc", invoke(replay, name, {}));
  },
};

async function provisionFive(replay: Replay, name: string, Qualifier: string): Promise<void> {
  replay.match("put_provisioned_5", await provision(replay, name, Qualifier, 5));
  replay.match("get_provisioned_prewait", await shown(replay, name, Qualifier));
  replay.match("get_provisioned_postwait", await ready(replay, name, Qualifier));
  await invoke(replay, name, {}, { Qualifier });
}

function shown({ lambda }: Replay, FunctionName: string, Qualifier: string) {
  return lambda.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier }));
}

/** What is shown when the machines are ready. */
async function ready(replay: Replay, name: string, qualifier: string) {
  let last = await shown(replay, name, qualifier);
  await until(async () => (last = await shown(replay, name, qualifier)).Status === "READY", { ms: 30_000 });
  return last;
}

function reserve({ lambda }: Replay, FunctionName: string, ReservedConcurrentExecutions: number) {
  return lambda.send(new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions }));
}

function provision({ lambda }: Replay, FunctionName: string, Qualifier: string, ProvisionedConcurrentExecutions: number) {
  return lambda.send(new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier, ProvisionedConcurrentExecutions }));
}
