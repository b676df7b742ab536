/**
 * A streaming Lambda handler: the reply's head and pieces are sent as soon as they are written.
 *
 * mayfly invoke lambda/stream
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Writable } from "node:stream";

declare const awslambda: {
  streamifyResponse(handler: (event: unknown, responseStream: Writable) => Promise<void>): unknown;
  HttpResponseStream: { from(stream: Writable, metadata: { statusCode: number; headers: Record<string, string> }): Writable };
};

export const streamHandler = awslambda.streamifyResponse(async (_event, responseStream) => {
  const reply = awslambda.HttpResponseStream.from(responseStream, { statusCode: 200, headers: { "content-type": "text/plain" } });
  for (const word of ["one", "two", "three"]) {
    reply.write(`${word}\n`);
    await sleep(20);
  }
  reply.end();
});
