/** Names of executions, as AWS writes them: `<ARN of the function>:<version>/durable-execution/<name>/<id>`. */

export interface ExecutionPlace {
  /** The function's ARN, without a version. */
  functionArn: string;
  version: string;
  name: string;
  id: string;
}

export const ARN_PATTERN =
  "arn:([a-zA-Z0-9-]+):lambda:([a-zA-Z0-9-]+):(\\d{12}):function:([a-zA-Z0-9_-]+):(\\$LATEST(?:\\.PUBLISHED)?|[0-9]+)/durable-execution/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+)";
const form =
  /^(?<functionArn>arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:function:[a-zA-Z0-9_-]+):(?<version>\$LATEST(?:\.PUBLISHED)?|[0-9]+)\/durable-execution\/(?<name>[a-zA-Z0-9_-]+)\/(?<id>[a-zA-Z0-9_-]+)$/;

export function executionArn({ functionArn, version, name, id }: ExecutionPlace): string {
  return `${functionArn}:${version}/durable-execution/${name}/${id}`;
}

/** Undefined if the text has not the form of an execution's ARN. */
export function readExecutionArn(arn: string): ExecutionPlace | undefined {
  return form.exec(arn)?.groups as ExecutionPlace | undefined;
}
