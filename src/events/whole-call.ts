/** A call whose body is collected before it is answered, for dispatchers that run no function. */
import { MayflyError } from "../base/errors/error.ts";
import { guarded } from "../base/errors/guarded.ts";
import type { InvocationHandle, InvocationReply, InvocationRequest } from "../dispatch/invocation.ts";
import { newId } from "./new-event-id.ts";

export interface WholeAnswer {
  status: number;
  /** Name, value, name, value … */
  headers: string[];
  body: Buffer;
}

export class WholeCall implements InvocationHandle {
  readonly id = newId();
  readonly #mostBytes: number;
  readonly #reply: InvocationReply;
  readonly #work: (body: Buffer) => Promise<WholeAnswer>;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #isOver = false;

  /** @param mostBytes of a body @param work what it rejects with is the answer, too */
  constructor(mostBytes: number, reply: InvocationReply, work: (body: Buffer) => Promise<WholeAnswer>) {
    this.#mostBytes = mostBytes;
    this.#reply = reply;
    this.#work = work;
  }

  /** Called once the one who dispatches has the handle, or will have it in this turn. */
  begin({ body }: Pick<InvocationRequest, "body">): this {
    if (body !== "stream") this.#whole(body ?? Buffer.alloc(0));
    return this;
  }

  write(chunk: Buffer): boolean {
    if (this.#isOver) return true;
    this.#bytes += chunk.length;
    if (this.#bytes > this.#mostBytes) this.#tooLarge();
    else this.#chunks.push(Buffer.from(chunk));
    return true;
  }

  end(): void {
    this.#whole(Buffer.concat(this.#chunks));
  }

  consumed(): void {}

  usedMb(): number {
    return 0;
  }

  /** What was begun goes on. */
  abort(): void {
    this.#isOver = true;
  }

  #whole(body: Buffer): void {
    if (this.#isOver) return;
    if (body.length > this.#mostBytes) return this.#tooLarge();
    const failed = (error: unknown) => this.#fail(error);
    guarded(() => this.#answer(body), failed)();
  }

  async #answer(given: Buffer): Promise<void> {
    const { status, headers, body } = await this.#work(given);
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reply.head(status, headers, body, true, NO_TIMING);
  }

  #tooLarge(): void {
    this.#fail(new MayflyError("body-too-large", { limit: this.#mostBytes }));
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { code, details } = error instanceof MayflyError ? error : new MayflyError("internal", { what: String(error) });
    this.#reply.fail(code, details);
  }
}

/** Nothing of it has run yet. */
const NO_TIMING = { queue: 0, start: 0, bind: 0, run: 0 };
