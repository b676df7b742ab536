/** Answers in either of the protocols. */
import type { ServerResponse } from "node:http";
import { answerXml, errorXml } from "./query/write-xml.ts";
import type { SqsError } from "./sqs-error.ts";

const JSON_TYPE = "application/x-amz-json-1.0";

export function sendAnswer(response: ServerResponse, id: string, operation: string, body: Record<string, unknown>, isQuery: boolean): void {
  if (isQuery) return send(response, id, 200, "text/xml", answerXml(operation, id, body));
  send(response, id, 200, JSON_TYPE, Object.keys(body).length === 0 && withoutAnswer.has(operation) ? "" : JSON.stringify(body));
}

const withoutAnswer = new Set(
  "AddPermission ChangeMessageVisibility DeleteMessage DeleteQueue PurgeQueue RemovePermission SetQueueAttributes TagQueue UntagQueue".split(
    " ",
  ),
);

export function sendError(response: ServerResponse, id: string, error: SqsError, isQuery: boolean): void {
  if (isQuery) return send(response, id, error.status, "text/xml", errorXml(id, error));
  const body = JSON.stringify({ __type: `com.amazonaws.sqs#${error.name}`, message: error.message });
  const queryError = `${error.queryName};${error.status < 500 ? "Sender" : "Receiver"}`;
  send(response, id, error.status, JSON_TYPE, body, ["x-amzn-query-error", queryError]);
}

function send(response: ServerResponse, id: string, status: number, type: string, body: string, more: string[] = []): void {
  const length = String(Buffer.byteLength(body));
  response.writeHead(status, ["x-amzn-requestid", id, ...more, "content-type", type, "content-length", length]);
  response.end(body);
}
