/** The results of node:test as lines of JSON, one for each test. */
import type { TestEvent } from "node:test/reporters";

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const { type, data } of events) {
    if (type !== "test:pass" && type !== "test:fail") continue;
    const { name, nesting, file, skip, details } = data;
    const failed = type === "test:fail" ? { error: messageOf(data.details.error) } : {};
    const passed = type === "test:pass";
    yield `${JSON.stringify({ name, nesting, file, passed, skipped: skip !== undefined, ms: details.duration_ms, ...failed })}\n`;
  }
}

/** A test's error has what it threw as its cause. */
function messageOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
