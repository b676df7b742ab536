/** Binds an agent to one function as the Lambda API does: its files, and the handler as AWS names it. */
import type { LambdaContext } from "../../wire/host-end.ts";
import type { BindFiles, BindMessage, CodeFormat, FileEntry, LambdaMessage } from "../../wire/protocol.ts";
import type { RunningAgent } from "./running-agent.ts";

export const lambdaFacts: LambdaMessage = {
  functionName: "orders",
  version: "$LATEST",
  arn: "arn:aws:lambda:eu-west-1:000000000000:function:orders",
  region: "eu-west-1",
  runtime: "nodejs20.x",
  logGroup: "/aws/lambda/orders",
  logStream: "2026/11/30/[$LATEST]0123456789abcdef0123456789abcdef",
};

export const lambdaContext: LambdaContext = {
  arn: `${lambdaFacts.arn}:prod`,
  traceId: "Root=1-0af76519-16cd43dd8448eb211c80319c;Parent=b7ad6b7169203331;Sampled=1",
  client: { client: { app_title: "Täst" }, custom: { a: "1" } },
};

interface LambdaBind {
  format: CodeFormat;
  handler: string;
  /** By path. Executable if the name is `bootstrap`. */
  files: Record<string, string | Buffer>;
  message?: Partial<BindMessage>;
}

export async function bindLambda(agent: RunningAgent, { format, handler, files, message = {} }: LambdaBind): Promise<void> {
  const sent = framesOf(files);
  const lambda = { ...lambdaFacts, ...(format === "provided" && { runtime: "provided.al2023" }) };
  const functions: BindMessage["functions"] = [{ name: "main", format, source: { type: "file", path: "." }, handler, lambda }];
  await agent.bind({}, { functions, files: sent.message, concurrency: 1, ...message }, sent.bytes);
}

/** Calls the function as a caller of AWS's Invoke does. */
export async function invoke(agent: RunningAgent, payload: unknown = {}) {
  const reply = await agent.call({ input: { kind: "event", lambda: lambdaContext }, body: JSON.stringify(payload), remainingMs: 60_000 });
  return { ...reply, value: reply.text === "" ? undefined : (JSON.parse(reply.text) as unknown) };
}

function framesOf(files: LambdaBind["files"]): { message: BindFiles; bytes: Buffer } {
  const sorted = Object.entries(files).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const entries = sorted.map(([path, content]): FileEntry => [path, Buffer.byteLength(content), path.endsWith("bootstrap")]);
  const list = Buffer.from(JSON.stringify(entries));
  const contents = Buffer.concat(sorted.map(([, content]) => Buffer.from(content)));
  return { message: { type: "frames", list: list.length, bytes: contents.length }, bytes: Buffer.concat([list, contents]) };
}
