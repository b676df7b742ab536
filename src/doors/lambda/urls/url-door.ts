/** Function URLs at the gateway: what it asks for a request before it looks a route up. */
import type { IncomingMessage } from "node:http";
import type { MayflyError } from "../../../base/errors/error.ts";
import { type ClientConnection, Connection, type OnConnection } from "../../http/connection.ts";
import { type Arrived, readFor, UrlCall, type UrlParts } from "./url-call.ts";
import type { FoundUrl, FunctionUrls } from "./function-urls.ts";

/** What the gateway counts time by: see Watch. */
interface Ticks {
  readonly tick: number;
  readonly idleMs: number;
  /** Bounds for how long the rest of a body may come that nobody reads any more. */
  linger(request: IncomingMessage): void;
}

export class UrlDoor {
  readonly #urls: FunctionUrls;
  readonly #parts: UrlParts;

  constructor(urls: FunctionUrls, parts: UrlParts) {
    this.#urls = urls;
    this.#parts = parts;
  }

  /** Whether there are URLs that have hosts of their own. All others have paths that begin with `/_mayfly/`. */
  get haveHosts(): boolean {
    return this.#urls.haveHosts;
  }

  /** Undefined if the request is for no function's URL. */
  find(host: string, path: string): FoundUrl | undefined {
    return this.#urls.find(host, path);
  }

  /** @param continues whether the client waits for "100 Continue" before it sends its body */
  answer(arrived: Arrived, ticks: Ticks, slow: (ms: number) => MayflyError, continues: boolean): void {
    const { request, response } = arrived;
    const onLine = new OnLine(request, ticks, slow);
    const call = new UrlCall(this.#parts, arrived, () => onLine.over());
    onLine.begin(call);
    if (call.refusesAtOnce()) return;
    if (continues) response.writeContinue();
    onLine.stop = readFor(call, request, this.#parts, () => onLine.heard());
  }
}

/** What happens on the connection while a call is under way. */
class OnLine implements OnConnection {
  readonly #connection: ClientConnection;
  readonly #request: IncomingMessage;
  readonly #ticks: Ticks;
  readonly #slow: (ms: number) => MayflyError;
  #call: UrlCall | undefined;
  #since: number;
  stop = () => {};

  constructor(request: IncomingMessage, ticks: Ticks, slow: (ms: number) => MayflyError) {
    this.#connection = Connection.ofRequest(request);
    this.#request = request;
    this.#ticks = ticks;
    this.#slow = slow;
    this.#since = ticks.tick;
  }

  begin(call: UrlCall): void {
    this.#call = call;
    this.#connection.begins(this);
  }

  heard(): void {
    this.#since = this.#ticks.tick;
  }

  over(): void {
    this.#connection.ended(this);
    if (!this.#request.complete) this.#ticks.linger(this.#request);
  }

  waitingSince(): number {
    return this.#request.complete ? Infinity : this.#since;
  }

  tooSlow(): void {
    this.stop();
    this.#call?.tooSlow(this.#slow(this.#ticks.idleMs));
  }

  malformed(mistake: MayflyError): boolean {
    this.stop();
    this.#call?.tooSlow(mistake);
    return true;
  }

  clientGone(): void {
    this.stop();
    this.#call?.clientGone();
  }
}
