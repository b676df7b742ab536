/** A runtime's app on a platform, as its callers and its owner's log see it. */
import assert from "node:assert/strict";
import type { ErrorBody } from "../../src/base/errors/error.ts";
import type { LogLine } from "../../src/doors/admin/client.ts";
import { eventually, type Platform } from "../platform.ts";
import type { ConformanceFunction, RuntimeSubject } from "./runtime.ts";

export class AppUnderTest {
  readonly subject: RuntimeSubject;
  readonly platform: Platform;

  constructor(subject: RuntimeSubject, platform: Platform) {
    this.subject = subject;
    this.platform = platform;
  }

  call(name: ConformanceFunction, rest = "", init?: RequestInit): Promise<Response> {
    return this.platform.call(`/${this.subject.name}/${name}${rest}`, init);
  }

  async text(name: ConformanceFunction, rest = ""): Promise<string> {
    const response = await this.call(name, rest);
    const body = await response.text();
    assert.equal(response.status, 200, body);
    return body;
  }

  /** The call fails. */
  async fails(name: ConformanceFunction, rest = ""): Promise<{ status: number; code: string; id: string }> {
    const response = await this.call(name, rest);
    const { code, id } = ((await response.json()) as ErrorBody).error;
    assert.ok(id !== undefined, code);
    return { status: response.status, code, id };
  }

  /** Waits until the function that misbehaves, or the one with little time, behaves: it is loaded, in a machine that is there. */
  async behaves(name: "misbehaves" | "spins" = "misbehaves"): Promise<void> {
    const answer = async () => (await this.call(name)).status;
    await eventually(`${this.subject.name} behaves`, answer, (status) => status === 200, 240_000);
  }

  /** The last line that matches and has these facts, when it has come. */
  async line(pattern: RegExp, facts: Partial<Pick<LogLine, "function" | "invocation">> = {}): Promise<LogLine> {
    const isIt = (line: LogLine) =>
      pattern.test(line.text) && Object.entries(facts).every(([fact, value]) => line[fact as keyof LogLine] === value);
    const what = `a line ${pattern} with ${JSON.stringify(facts)}`;
    const lines = await eventually(
      what,
      () => this.lines(),
      (all) => all.some(isIt),
    );
    return lines.findLast(isIt)!;
  }

  async machines() {
    return (await this.platform.client.machines()).filter(({ app }) => app === this.subject.name);
  }

  /** The log so far. */
  lines(): Promise<LogLine[]> {
    return this.platform.client.logs({ app: this.subject.name, tail: 10_000 });
  }
}
