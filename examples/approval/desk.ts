/** Takes orders, shows how far they are, and passes on what somebody has decided. It speaks the Lambda API, which its machine reaches without a network and without a secret. */
import {
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  InvokeCommand,
  LambdaClient,
  ListDurableExecutionsByFunctionCommand,
  SendDurableExecutionCallbackSuccessCommand,
} from "@aws-sdk/client-lambda";
import type { Order } from "./order.ts";

const ORDERS = "approval--order";
const lambda = new LambdaClient({});

export default {
  async fetch(request: Request): Promise<Response> {
    const [id = "", decision] = new URL(request.url).pathname.split("/").slice(1);
    if (request.method === "POST" && id === "") return take((await request.json()) as Order);
    const arn = await executionOf(id);
    if (arn === undefined) return new Response("There is no such order.\n", { status: 404 });
    if (request.method === "POST" && decision !== undefined) return decide(arn, decision);
    return show(arn);
  },
};

/** The order's id is the execution's name, so that an order which is sent twice is taken once. */
async function take(order: Order): Promise<Response> {
  const Payload = JSON.stringify(order);
  await lambda.send(new InvokeCommand({ FunctionName: ORDERS, InvocationType: "Event", DurableExecutionName: order.id, Payload }));
  return Response.json({ taken: order.id }, { status: 202 });
}

async function executionOf(id: string): Promise<string | undefined> {
  const { DurableExecutions = [] } = await lambda.send(
    new ListDurableExecutionsByFunctionCommand({ FunctionName: ORDERS, DurableExecutionName: id }),
  );
  return DurableExecutions[0]?.DurableExecutionArn;
}

async function show(arn: string): Promise<Response> {
  const { Status, Result } = await lambda.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));
  const isOpen = Status === "RUNNING" && (await callbackOf(arn)) !== undefined;
  return Response.json({
    status: Status,
    ...(isOpen && { waitsFor: "approval" }),
    ...(Result && { result: JSON.parse(Result) as unknown }),
  });
}

async function decide(arn: string, decision: string): Promise<Response> {
  const CallbackId = await callbackOf(arn);
  if (CallbackId === undefined) return new Response("The order does not wait for anybody.\n", { status: 409 });
  await lambda.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from(decision) }));
  return Response.json({ decision });
}

/** Of the callback that is open. */
async function callbackOf(arn: string): Promise<string | undefined> {
  const { Events = [] } = await lambda.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn, MaxItems: 1_000 }));
  const ended = Events.some(({ EventType }) => /^Callback(?:Succeeded|Failed|TimedOut)$/.test(EventType ?? ""));
  return ended ? undefined : Events.find(({ EventType }) => EventType === "CallbackStarted")?.CallbackStartedDetails?.CallbackId;
}
