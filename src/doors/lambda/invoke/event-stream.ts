/** Frames the reply of InvokeWithResponseStream: AWS's event stream, with an event for each piece of the payload and one at the end. */
import { EventStreamCodec } from "@smithy/core/event-streams";

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString(),
  (text) => Buffer.from(text),
);
const text = (value: string) => ({ type: "string" as const, value });
/** In bytes: a message has at most 16 MB, and clients begin with a message when they have all of it. */
const MOST_IN_FRAME = 131_072;

export const EVENT_STREAM = "application/vnd.amazon.eventstream";

export interface Frame {
  bytes: Buffer;
  /** How many bytes of the payload are in it. */
  own: number;
}

export function* payloadFrames(bytes: Uint8Array): Generator<Frame, void> {
  for (let at = 0; at < bytes.length; at += MOST_IN_FRAME) {
    const part = bytes.subarray(at, at + MOST_IN_FRAME);
    yield { bytes: frame("PayloadChunk", "application/octet-stream", part), own: part.length };
  }
}

export interface Completion {
  ErrorCode?: string;
  ErrorDetails?: string;
  LogResult?: string;
}

export function completionFrame(completion: Completion): Buffer {
  return frame("InvokeComplete", "application/json", Buffer.from(JSON.stringify(completion)));
}

function frame(event: string, contentType: string, body: Uint8Array): Buffer {
  const message = codec.encode({
    headers: { ":event-type": text(event), ":content-type": text(contentType), ":message-type": text("event") },
    body,
  });
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
}
