import type { Clock } from "../../base/clock/clock.ts";
import type { RecentCall } from "./call-schemas.ts";
import { HEARTBEAT_MS } from "./follow-stream.ts";

/** The most lines that wait for a slow reader, who is not told of further calls until some were read. */
const MOST_WAITING = 10_000;

/** Lines of JSON: a call each, as they end, until the reader cancels or may not read them any more. @param follow returns what stops it */
export function followCalls(
  follow: (listener: (call: RecentCall) => void) => () => void,
  clock: Clock,
  isAllowed: () => boolean,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let stop = (): void => undefined;
  return new ReadableStream(
    {
      start(controller) {
        const send = (text: string) => controller.enqueue(new TextEncoder().encode(text));
        const end = () => {
          stop();
          controller.close();
        };
        const take = (call: RecentCall) => {
          if ((controller.desiredSize ?? 0) > 0) send(`${JSON.stringify(call)}\n`);
        };
        const stops = [follow(take), clock.every(HEARTBEAT_MS, () => (isAllowed() ? send("\n") : end()))];
        stop = () => stops.forEach((one) => one());
        // So that the reader knows that no call is missed from now on.
        send("\n");
      },
      cancel: () => stop(),
    },
    { highWaterMark: MOST_WAITING },
  );
}
