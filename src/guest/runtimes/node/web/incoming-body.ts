/** A request's body, as one buffer, or as a web stream that makes the sender wait for its reader. */
import type { Invocation } from "../../../agent/invocation/invocation.ts";

/** Rejects with the abort's reason if the caller goes away first. */
export function collectBody(invocation: Invocation): Promise<Buffer> {
  const { body } = invocation;
  const whole = body.takeWhole();
  if (whole !== null) return Promise.resolve(whole);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    body.consume({
      data: (chunk) => {
        chunks.push(chunk);
        body.taken(chunk.length);
      },
      end: () => resolve(Buffer.concat(chunks)),
      error: reject,
    });
  });
}

/** Credit is granted to the sender as the reader pulls bytes. */
export function bodyStream(invocation: Invocation): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { body } = invocation;
  let untaken = 0;
  return new ReadableStream({
    type: "bytes",
    start(controller) {
      body.consume({
        data(chunk) {
          untaken += chunk.length;
          // A byte stream detaches the memory of its chunks, so it gets a copy.
          controller.enqueue(new Uint8Array(chunk));
        },
        end() {
          controller.close();
          controller.byobRequest?.respond(0);
        },
        error: (error) => controller.error(error),
      });
    },
    pull() {
      body.taken(untaken);
      untaken = 0;
    },
    cancel() {
      body.discard();
    },
  });
}
