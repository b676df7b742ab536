/**
 * The guest agent: answers the host, in the order of a machine's life (docs/guest-protocol.md).
 *
 * Owns: the connection, and whether the machine is bound.
 */
import { FrameType, LogLevel, PROTOCOL_VERSION, ResetCode, type ResumeMessage, WARM_FUNCTION } from "../wire/protocol.ts";
import type { Channel } from "./channel.ts";
import { Connection } from "./connection.ts";
import { Invocation } from "./invocation/invocation.ts";
import { installMathRandom } from "./resume/math-random.ts";
import { AGENT_VERSION, resume } from "./resume/resume.ts";

export function startAgent(channel: Channel): void {
  new Agent(channel).hello();
}

class Agent {
  readonly #channel: Channel;
  readonly #connection: Connection;
  #inFlight = 0;

  constructor(channel: Channel) {
    this.#channel = channel;
    this.#connection = new Connection(channel.stream, {
      resume: (message) => this.#resume(message as ResumeMessage),
      bind: () => {},
      request: (stream, payload, ended) => this.#request(stream, payload, ended),
      written: () => {},
    });
    installMathRandom();
  }

  hello(): void {
    const protocol = { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION };
    this.#connection.writer.json(FrameType.Hello, 0, { protocol, agent: AGENT_VERSION });
  }

  #resume(message: ResumeMessage): void {
    const { ready, failures } = resume(message, this.#channel.transport);
    for (const failure of failures) this.#log(0, LogLevel.Platform, failure);
    this.#connection.writer.json(FrameType.Ready, 0, ready);
    this.#connection.writer.flush();
  }

  #request(stream: number, payload: Buffer, ended: boolean): void {
    this.#inFlight += 1;
    const invocation = new Invocation(this.#connection, stream, payload, ended, () => (this.#inFlight -= 1));
    this.#connection.adopt(stream, invocation);
    if (invocation.head.function === WARM_FUNCTION) invocation.reply(200, ["content-type", "text/plain"], Buffer.from("warm"));
    else invocation.fail(ResetCode.FunctionNotFound, `no function ${invocation.head.function}`);
  }

  #log(stream: number, level: LogLevel, text: string): void {
    this.#connection.writer.frame(FrameType.Log, 0, stream, Buffer.concat([Buffer.from([level]), Buffer.from(text)]));
  }
}
