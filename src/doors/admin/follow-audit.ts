import type { Clock } from "../../base/clock/clock.ts";
import type { Audit, AuditLine, AuditQuery } from "../../store/audit/audit.ts";
import { HEARTBEAT_MS } from "./follow-stream.ts";

/** The most lines that wait for a slow reader, who gets no more then: the stream ends, and the log has them all. */
const MOST_WAITING = 10_000;

/**
 * Lines of JSON: the newest lines of the audit log, then those that are written from now on, until the reader cancels or may not read it any more.
 * @param owner the id of a tenant; undefined: of all
 */
export function followAudit(
  audit: Pick<Audit, "read" | "follow">,
  owner: string | undefined,
  query: AuditQuery,
  clock: Clock,
  isAllowed: () => boolean,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let stop = (): void => undefined;
  return new ReadableStream(
    {
      async start(controller) {
        let waiting: AuditLine[] | undefined = [];
        const send = (text: string) => controller.enqueue(new TextEncoder().encode(text));
        const end = () => {
          stop();
          controller.close();
        };
        const take = (line: AuditLine) => {
          if (waiting !== undefined) waiting.push(line);
          else if ((controller.desiredSize ?? 0) <= 0) end();
          else send(`${JSON.stringify(line)}\n`);
        };
        const stops = [audit.follow(owner, take), clock.every(HEARTBEAT_MS, () => (isAllowed() ? send("\n") : end()))];
        stop = () => stops.forEach((one) => one());
        const tail = (await audit.read(owner, query)).map((line) => JSON.stringify(line));
        // What was written while the tail was read may be in it.
        const known = new Set(tail);
        const more = waiting.map((line) => JSON.stringify(line)).filter((text) => !known.has(text));
        waiting = undefined;
        for (const text of [...tail, ...more]) send(`${text}\n`);
      },
      cancel: () => stop(),
    },
    { highWaterMark: MOST_WAITING },
  );
}
