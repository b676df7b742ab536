/**
 * One request to a function's URL, and its reply.
 *
 * 1. Exactly one of these ends the call and sets `#over`: it was answered, it was cut off, or the client went away. After that nothing is sent.
 * 2. The function gets the whole body at once, as in AWS Lambda, so that it is read first, within a limit of its own and one for all calls together. What the head of
 *    the request shows to be refused is refused before that.
 * 3. A function that was given the request goes on when the client goes away.
 */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { guarded } from "../../../base/errors/guarded.ts";
import type { MayflyError } from "../../../base/errors/error.ts";
import { AwsError } from "../../../control/lambda/aws-error.ts";
import type { WrongCredentials } from "../../../clients/wrong-credentials.ts";
import { accountOf } from "../../../control/lambda/names.ts";
import type { Invokable, Invokables } from "../../../control/lambda/invokables.ts";
import type { Clock } from "../../../base/clock/clock.ts";
import { mainTenant } from "../../../base/ids/new-id.ts";
import type { TraceContexts } from "../../../telemetry/trace-context.ts";
import type { Principal } from "../../../store/principals/principal.ts";
import { may } from "../../../store/principals/rights.ts";
import type { HeadOfSigned, SignedHead } from "../../signature/check-signature.ts";
import { SignatureRefusal } from "../../signature/signature-refusal.ts";
import { tooManyWrong } from "../door.ts";
import type { Executions } from "../../../durable/executions.ts";
import { payloadOf, startExecution } from "../durable/start.ts";
import { runWhole } from "../invoke/collect.ts";
import { run, type Run, type RunParts } from "../invoke/run.ts";
import { traceOf } from "../invoke/trace-header.ts";
import { busy } from "../read-body.ts";
import type { Shares } from "../../../clients/shares.ts";
import { corsHeaders, type CorsRules, preflightHeaders } from "./cors.ts";
import { accountIn, type FoundUrl } from "./function-urls.ts";
import { mayCallUrl, type SignedBy } from "./may-call-url.ts";
import { UrlStream } from "./url-stream.ts";
import { urlEvent, type UrlRequest } from "./url-event.ts";
import { urlReply } from "./url-result.ts";

export interface UrlParts extends RunParts {
  invokables: Invokables;
  traces: TraceContexts;
  durable: Pick<Executions, "start" | "ended">;
  clock: Clock;
  /** For the bytes of all bodies. */
  room: Shares;
  requestBytes: number;
  responseBytes: number;
  wrong: WrongCredentials;
  check(head: SignedHead): HeadOfSigned<Principal>;
  onError(error: unknown): void;
}

/** What the gateway knows of the request. */
export interface Arrived {
  request: IncomingMessage;
  response: ServerResponse;
  found: FoundUrl;
  host: string;
  /** The client's address, and the chain of addresses for X-Forwarded-For. */
  source: string;
  /** Name, value, name, value …, with those that the gateway sets. */
  headers: readonly string[];
}

const FORBIDDEN =
  "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";

export class UrlCall {
  readonly #parts: UrlParts;
  readonly #arrived: Arrived;
  readonly #id = randomUUID();
  readonly #onOver: () => void;
  readonly #gone = new AbortController();
  #over = false;
  #cors: string[] = [];
  /** Of a request that has to be signed. */
  #signature: HeadOfSigned<Principal> | undefined;

  /** @param onOver called once, when nothing more will be sent */
  constructor(parts: UrlParts, arrived: Arrived, onOver: () => void) {
    this.#parts = parts;
    this.#arrived = arrived;
    this.#onOver = onOver;
  }

  /** Answers before anything of the body is read. Returns whether it did. */
  refusesAtOnce(): boolean {
    const { found, request } = this.#arrived;
    if (found.known === undefined) {
      this.#refuse(new AwsError("AccessDeniedException", FORBIDDEN));
      return true;
    }
    const cors = found.known.url.cors as CorsRules | null;
    const { origin } = request.headers;
    this.#cors = cors === null ? [] : corsHeaders(cors, origin);
    if (cors !== null && request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined) {
      this.#send(200, preflightHeaders(cors, origin), Buffer.alloc(0));
      return true;
    }
    try {
      this.#checkHead(found.known);
      return false;
    } catch (error) {
      this.#failed(error);
      return true;
    }
  }

  /** Throws AccessDeniedException where the body makes no difference. */
  #checkHead(known: NonNullable<FoundUrl["known"]>): void {
    const { request } = this.#arrived;
    if (known.url.authType === "NONE") return this.#refuseStranger(this.#invokable(known));
    const head = { method: request.method!, url: request.url!, headers: request.headers as Record<string, string> };
    this.#signature = this.#signed(() => this.#parts.check(head));
  }

  #refuseStranger({ statements }: Invokable): void {
    if (!mayCallUrl(statements, "NONE", undefined)) throw new AwsError("AccessDeniedException", FORBIDDEN);
  }

  tooLarge(): void {
    this.#refuse(
      new AwsError(
        "RequestEntityTooLargeException",
        `Request must be smaller than ${this.#parts.requestBytes} bytes for the InvokeFunction operation`,
      ),
    );
  }

  noRoom(): void {
    this.#refuse(busy());
  }

  /** The tenant whose function is called: what callers send is in the server's memory for it. */
  get tenant(): string {
    return this.#arrived.found.known!.tenant;
  }

  tooSlow(error: MayflyError): void {
    this.#send(error.entry.status, ["content-type", "application/json"], Buffer.from(JSON.stringify({ Message: error.message })));
  }

  clientGone(): void {
    this.#gone.abort();
    this.#finish();
  }

  /** The whole body has arrived. */
  async run(body: Buffer): Promise<void> {
    try {
      await this.#run(body);
    } catch (error) {
      this.#failed(error);
    }
  }

  async #run(body: Buffer): Promise<void> {
    const known = this.#arrived.found.known!;
    const invokable = this.#invokable(known);
    const caller = this.#caller(known, invokable, body);
    const order = this.#order(known, invokable, body, caller);
    const isDurable = invokable.settings.DurableConfig !== undefined;
    if (known.url.invokeMode === "RESPONSE_STREAM" && !isDurable) return this.#stream(order);
    const { payload, isFailure } = isDurable
      ? await this.#execute(known, order)
      : await runWhole(this.#parts, order, this.#parts.responseBytes);
    const reply = isFailure ? null : urlReply(payload);
    if (reply === null) this.#badGateway();
    else this.#send(reply.status, reply.headers, reply.body);
  }

  /** A durable function's request starts an execution, whose result is the reply. */
  async #execute(known: NonNullable<FoundUrl["known"]>, order: Run): Promise<{ payload: Buffer; isFailure: boolean }> {
    const { durable } = this.#parts;
    const { id } = await startExecution(durable, accountIn(known), undefined, order, true);
    const ended = await durable.ended(id, this.#gone.signal);
    return ended === null ? { payload: Buffer.alloc(0), isFailure: true } : payloadOf(ended);
  }

  #stream(order: Run): void {
    const { response } = this.#arrived;
    const stream = new UrlStream(response, {
      begin: (status, headers) => this.#head(status, headers),
      failed: () => this.#badGateway(),
      refused: (error) => this.#failed(error),
      over: () => this.#finish(),
    });
    stream.of(run(this.#parts, order, stream));
  }

  /** A function, or an alias, that is gone is not told from one that may not be called. */
  #invokable(known: NonNullable<FoundUrl["known"]>): Invokable {
    try {
      return this.#parts.invokables.find(accountIn(known), known);
    } catch (error) {
      throw error instanceof AwsError && error.name === "ResourceNotFoundException"
        ? new AwsError("AccessDeniedException", FORBIDDEN)
        : error;
    }
  }

  /** Throws AccessDeniedException. */
  #caller({ tenant, url }: NonNullable<FoundUrl["known"]>, invokable: Invokable, body: Buffer): UrlRequest["caller"] {
    if (url.authType === "NONE") {
      this.#refuseStranger(invokable);
      return undefined;
    }
    const { principal, accessKeyId } = this.#signed(() => this.#signature!.check(body));
    if (!mayCall(principal, tenant, invokable)) throw new AwsError("AccessDeniedException", FORBIDDEN);
    const { account: accountId, arn } = signerOf(principal);
    return { accessKey: accessKeyId, accountId, arn };
  }

  /** A signature that is no good is told in the words of URLs. */
  #signed<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      // Anything else is not the caller's fault.
      if (!(error instanceof SignatureRefusal)) throw error;
      const isMissing = error.fault === "MissingAuthenticationTokenException";
      const waitS = isMissing ? 0 : this.#parts.wrong.count(this.#arrived.source);
      throw tooManyWrong(waitS) ?? new AwsError("AccessDeniedException", FORBIDDEN);
    }
  }

  #order({ url }: NonNullable<FoundUrl["known"]>, invokable: Invokable, body: Buffer, caller: UrlRequest["caller"]): Run {
    const { request, found, host, source, headers } = this.#arrived;
    const { traces, clock } = this.#parts;
    const trace = traceOf(traces, request.headers, invokable.functionArn);
    const event = urlEvent({
      method: request.method!,
      target: found.target,
      headers: [...headers, "x-amzn-trace-id", trace.header],
      body,
      urlId: url.id,
      host,
      source,
      requestId: this.#id,
      at: clock.wall(),
      ...(caller && { caller }),
    });
    return { invokable, id: this.#id, attempt: 1, payload: Buffer.from(JSON.stringify(event)), trace, wantsLog: false };
  }

  #failed(error: unknown): void {
    if (error instanceof AwsError) return this.#refuse(error);
    this.#parts.onError(error);
    this.#badGateway();
  }

  #refuse(error: AwsError): void {
    const { status } = error.shape;
    const text = error.name === "AccessDeniedException" ? error.text : (error.text ?? error.name);
    const body = JSON.stringify(error.name === "TooManyRequestsException" ? error.body() : { Message: text });
    this.#send(status, ["content-type", "application/json", "x-amzn-errortype", error.name], Buffer.from(body));
  }

  #badGateway(): void {
    this.#send(502, ["content-type", "application/json"], Buffer.from("Internal Server Error"));
  }

  #send(status: number, headers: string[], body: Buffer): void {
    if (this.#over) return;
    const { response } = this.#arrived;
    if (response.headersSent) {
      this.#finish();
      return void response.destroy();
    }
    const hasLength = status !== 204 && status !== 304;
    this.#head(status, [...headers, ...(hasLength ? ["content-length", String(body.length)] : [])]);
    this.#finish();
    response.end(hasLength && this.#arrived.request.method !== "HEAD" ? body : undefined);
  }

  #head(status: number, headers: string[]): void {
    const cors = new Set(this.#cors.filter((_, at) => at % 2 === 0));
    const kept = headers.flatMap((name, at) => (at % 2 === 0 && !cors.has(name) ? [name, headers[at + 1]!] : []));
    this.#arrived.response.writeHead(status, [...kept, ...this.#cors, "x-amzn-requestid", this.#id]);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#onOver();
  }
}

/** By its own rights, or because the function's policy lets its account in and it may call functions at all. */
function mayCall(principal: Principal, tenant: string, { app, statements }: Invokable): boolean {
  if (may(principal, "invoke", { tenant, app })) return true;
  const own = principal.tenant ?? mainTenant;
  if (own === tenant || !may(principal, "invoke", { tenant: own, app: null })) return false;
  return mayCallUrl(statements, "AWS_IAM", signerOf(principal));
}

function signerOf({ tenant, name }: Principal): SignedBy {
  const account = accountOf(tenant ?? mainTenant);
  return { account, arn: `arn:aws:iam::${account}:user/${name}` };
}

/** Reads a body for a call, and hands it over. Returns what stops that. */
export function readFor(
  call: UrlCall,
  request: IncomingMessage,
  { room, requestBytes }: Pick<UrlParts, "room" | "requestBytes">,
  onData: () => void,
): () => void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = () => {
    request.off("data", take);
    request.off("end", end);
    room.give(call.tenant, bytes);
    bytes = 0;
    chunks.length = 0;
    // What is left is read and dropped, so that the client sees the answer.
    request.resume();
  };
  const failed = () => request.destroy();
  const take = guarded((chunk: Buffer) => {
    onData();
    const isTooLarge = bytes + chunk.length > requestBytes;
    if (isTooLarge || !room.take(call.tenant, chunk.length)) {
      stop();
      return isTooLarge ? call.tooLarge() : call.noRoom();
    }
    bytes += chunk.length;
    return void chunks.push(chunk);
  }, failed);
  const end = guarded(async () => {
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    try {
      await call.run(body);
    } finally {
      stop();
    }
  }, failed);
  request.on("data", take);
  request.on("end", end);
  return stop;
}
