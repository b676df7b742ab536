/** The variables that AWS documents for the code of its Lambda functions, for a function that was made by AWS Lambda's API. */
import { join } from "node:path";
import { LAYERS_FOLDER } from "../../base/kind/layers-folder.ts";
import { type BindFunction, TASK_ROOT } from "../../wire/protocol.ts";
import { taskRoot } from "./files/task-root.ts";

/** The files of layers. Code in a machine finds them as /opt. */
const layersFolder = join(taskRoot, LAYERS_FOLDER);
/** The driver `process` has no machines: there the folders have other names. */
const isMachine = taskRoot === TASK_ROOT;
const opt = isMachine ? "/opt" : layersFolder;

/** @param snapshot whether the machine becomes a template @returns undefined if the function was not made by AWS Lambda's API */
export function lambdaEnvironment({ lambda, handler }: BindFunction, snapshot: boolean): Record<string, string> | undefined {
  if (lambda === undefined) return undefined;
  const major = /^nodejs(\d+)/.exec(lambda.runtime)?.[1];
  return {
    AWS_LAMBDA_FUNCTION_NAME: lambda.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: lambda.version,
    AWS_LAMBDA_LOG_GROUP_NAME: lambda.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: lambda.logStream,
    AWS_LAMBDA_INITIALIZATION_TYPE: snapshot ? "snap-start" : "on-demand",
    AWS_REGION: lambda.region,
    AWS_DEFAULT_REGION: lambda.region,
    // Without this, AWS's X-Ray SDK throws where nothing is traced.
    AWS_XRAY_CONTEXT_MISSING: "LOG_ERROR",
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    // Programs have none of these at AWS.
    ...(!lambda.runtime.startsWith("provided") && { AWS_EXECUTION_ENV: `AWS_Lambda_${lambda.runtime}`, PWD: taskRoot, SHLVL: "0" }),
    // A machine has programs and libraries in some of AWS's folders, and none in the others.
    PATH: isMachine ? "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin" : `${usualPath()}:${opt}/bin`,
    LD_LIBRARY_PATH: `${lambda.runtime === "provided.al2" ? "" : "/var/lang/lib:"}/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:${taskRoot}:${taskRoot}/lib:${opt}/lib`,
    ...(major !== undefined && {
      NODE_PATH: `${opt}/nodejs/node${major}/node_modules:${opt}/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:${taskRoot}`,
    }),
    _HANDLER: handler,
  };
}

let path: string | null = null;

/** That of the machine, which an earlier Bind may have changed. */
function usualPath(): string {
  return (path ??= process.env["PATH"] ?? "/usr/bin:/bin");
}
