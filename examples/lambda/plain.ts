/**
 * A handler as AWS Lambda runs it behind a function URL: it takes an event of payload format 2.0 and returns a result object.
 *
 * mayfly deploy examples/lambda
 * mayfly invoke lambda/plain?name=Ada
 */
interface HttpEvent {
  requestContext: { http: { method: string; path: string } };
  queryStringParameters?: Record<string, string>;
  body?: string;
  isBase64Encoded: boolean;
}
interface Context {
  awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

export const handler = async (event: HttpEvent, context: Context) => ({
  statusCode: 200,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    hello: event.queryStringParameters?.name ?? "world",
    method: event.requestContext.http.method,
    received: Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8").length,
    requestId: context.awsRequestId,
    remainingMs: Math.round(context.getRemainingTimeInMillis()),
  }),
});
