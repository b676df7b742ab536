/**
 * Calls of one function of an app by another, without leaving the host: `http://<function>.mayfly.internal/…`. To the machine it is a connection like any other that the
 * host makes for it, but it ends here, in an HTTP server that listens nowhere, and its requests become invocations. Requests to `http://<service>.services.mayfly.internal/…`
 * are answered by the door of that service.
 *
 * Owns: that server, and the number of calls of each machine that are under way.
 * 1. A call goes to the revision of the machine that makes it, even if that gets no calls from outside any more: no work mixes revisions.
 * 2. It is an invocation like any other: it waits, has its deadline, its lines in the log and its place in the bill.
 * 3. Of a machine, at most MOST calls are under way. Functions that call each other without end meet that bound, because each of them waits for the next.
 * 4. What a machine calls that serves one tenant id is called for that tenant id.
 * 5. An app without a network can make such calls, and nothing else.
 * 6. A machine reaches services as its own app, whatever it says. What it asks of them counts as calls that are under way.
 * 7. While the server stops, a call is still taken if a machine has room for it, so that the caller can finish.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type Duplex, duplexPair } from "node:stream";
import { guarded } from "../../base/errors/guarded.ts";
import { asMayflyError, MayflyError } from "../../base/errors/error.ts";
import type { ServiceName } from "../../base/network/internal.ts";
import type { InternalRoute } from "../../control/internal-routes.ts";
import type { Dispatcher } from "../../dispatch/invocation.ts";
import { TENANT_HEADER } from "../../store/catalog/isolation.ts";
import type { Egress } from "../../egress/egress.ts";
import { TraceContexts } from "../../telemetry/trace-context.ts";
import { TRACE_HEADER, traceHeaderOf } from "../../telemetry/traces/trace-header.ts";
import type { TraceContext } from "../../wire/host-end.ts";
import { refuse } from "../http/refuse.ts";
import { requestHeaders } from "../http/request-headers.ts";
import { addressOf, functionAt, isInternal, serviceAddressOf, serviceAt } from "./internal-names.ts";
import { InternalCall } from "./internal-call.ts";
import { answerService, assertPlain } from "./service-calls.ts";
import type { ServiceCaller, ServiceDoor, StreamDoor } from "./service-door.ts";
import type { Bindings } from "../../store/catalog/binding-schema.ts";

export interface InternalCallsOptions {
  dispatcher: () => Dispatcher;
  /** The functions that a machine of the revision may call, in an order that never changes; empty if the revision is gone. */
  functionsOf: (app: string, revision: string) => readonly string[];
  /** Throws an error of the table. */
  route: (app: string, revision: string, name: string) => InternalRoute;
  /** Those that the server offers. They are looked up for each connection, because some doors are made later than the first machines. */
  services: ReadonlyMap<ServiceName, ServiceDoor>;
  /** Those that speak no HTTP. Looked up as the others. */
  streams: ReadonlyMap<ServiceName, StreamDoor>;
  /** For errors. */
  appName: (app: string) => string;
  /** Default: new traces are not recorded. */
  traces?: TraceContexts | undefined;
}

/** What of a machine's revision says what it reaches. */
interface CallingVersion {
  app: string;
  id: string;
  /** Ids. */
  tenant?: string;
  tenantKey?: string;
  manifest: { bindings?: Bindings | undefined };
}

/** A machine that calls. */
interface Caller {
  app: string;
  revision: string;
  /** The tenant id that the machine serves; undefined: it serves all calls. */
  tenantKey: string | undefined;
  tenant: string;
  bindings: Bindings;
  /** The trace of the invocation that calls; undefined: the machine works on several, and the host cannot tell which of them it is. */
  calling: () => TraceContext | undefined;
  underWay: number;
}

/** What the requests of a connection are for. */
interface Target {
  caller: Caller;
  to: { function: string } | { service: ServiceDoor };
}

/** Where a name leads. */
interface Found {
  to: Target["to"] | { stream: StreamDoor };
  address: string;
  port: number;
}

const PORT = 80;
/** Connections of one machine at a time, as many as it may have to the outside. */
const CONNECTIONS = 256;
/** Calls of one machine at a time. It is less than its connections, so that a circle of calls ends with an error that says so. */
const MOST = 200;
const MOST_HEADERS = 240;

export class InternalCalls {
  readonly #options: InternalCallsOptions;
  readonly #server: Server;
  readonly #traces: TraceContexts;
  readonly #targets = new WeakMap<object, Target>();

  constructor(options: InternalCallsOptions) {
    this.#options = options;
    this.#traces = options.traces ?? new TraceContexts();
    this.#server = createServer({ maxHeaderSize: 32_768, requestTimeout: 0 });
    const onRequest = (request: IncomingMessage, response: ServerResponse) => this.#answer(request, response);
    const onError = (_error: Error, socket: Duplex) => void socket.destroy();
    this.#server.on(
      "request",
      guarded(onRequest, (_error, request) => void request.socket.destroy()),
    );
    this.#server.on(
      "clientError",
      guarded(onError, () => {}),
    );
  }

  /** What a machine of the revision can reach: its app's functions, and what `outside` leads to. @param outside null: nothing else @param calling see Caller */
  around(
    { app, id: revision, tenant = "", tenantKey, manifest }: CallingVersion,
    outside: Egress | null,
    calling: Caller["calling"] = () => undefined,
  ): Egress {
    const open = new Set<Duplex>();
    const caller = { app, revision, tenantKey, tenant, bindings: manifest.bindings ?? {}, calling, underWay: 0 };
    const find = (host: string, name = host): Found | undefined => {
      const service = serviceAt(name, host);
      const door = service === undefined ? undefined : this.#doorOf(service);
      if (door !== undefined) return door;
      const functions = this.#options.functionsOf(app, revision);
      const found = functionAt(functions, name, host);
      return found === undefined ? undefined : { to: { function: found }, address: addressOf(functions.indexOf(found)), port: PORT };
    };
    return {
      connect: async (host, port, gone, name) => {
        const shown = `${name ?? host}:${port}`.slice(0, 300);
        if (!isInternal(host) && !isInternal(name ?? "")) return outsideOf(outside, shown).connect(host, port, gone, name);
        const found = find(host, name);
        if (found === undefined) throw denied(shown, "the app has no such function");
        const { to } = found;
        if (port !== found.port)
          throw denied(shown, "stream" in to ? `this service is at port ${found.port}` : `functions of the app are called at port ${PORT}`);
        if (open.size >= CONNECTIONS) throw denied(shown, `the machine has ${CONNECTIONS} connections to functions of its app already`);
        return this.#connect(caller, to, port, open);
      },
      resolve: async (host, family, gone) => {
        if (!isInternal(host)) return outsideOf(outside, host.slice(0, 300)).resolve(host, family, gone);
        const found = find(host);
        if (found === undefined || family === 6) throw unknownName(host);
        return [{ address: found.address, family: 4 }];
      },
      close() {
        for (const end of open) end.destroy();
        outside?.close();
      },
    };
  }

  /** What the mounts of a machine of the revision reach: its buckets, and the servers that `outside` leads to. */
  mounting(version: CallingVersion, outside: Egress): Egress {
    const all = this.around(version, outside);
    const refuseOthers = (host: string, name = host) => {
      if ((isInternal(host) || isInternal(name)) && serviceAt(name, host) !== "nfs")
        throw denied(host.slice(0, 300), "mounts lead to files alone");
    };
    return {
      connect: async (host, port, gone, name) => {
        refuseOthers(host, name);
        return all.connect(host, port, gone, name);
      },
      resolve: async (host, family, gone) => {
        refuseOthers(host);
        return all.resolve(host, family, gone);
      },
      close: () => all.close(),
    };
  }

  #doorOf(service: ServiceName): Found | undefined {
    const address = serviceAddressOf(service);
    const stream = this.#options.streams.get(service);
    if (stream !== undefined) return { to: { stream }, address, port: stream.port };
    const door = this.#options.services.get(service);
    return door === undefined ? undefined : { to: { service: door }, address, port: PORT };
  }

  #connect(caller: Caller, to: Found["to"], port: number, open: Set<Duplex>): Awaited<ReturnType<Egress["connect"]>> {
    const [theirs, ours] = duplexPair();
    open.add(ours);
    ours.once("close", () => {
      open.delete(ours);
      theirs.destroy();
    });
    ours.on("error", () => ours.destroy());
    theirs.once("close", () => ours.destroy());
    theirs.on("error", () => theirs.destroy());
    if ("stream" in to) to.stream.accept(this.#serviceCaller(caller), ours);
    else {
      this.#targets.set(ours, { caller, to });
      this.#server.emit("connection", ours);
    }
    return Object.assign(theirs, { remoteAddress: "127.0.0.1", remotePort: port, remoteFamily: "IPv4" });
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const target = this.#targets.get(request.socket);
    try {
      if (target === undefined) throw new MayflyError("internal", { what: "a connection within an app has no function" });
      const { caller, to } = target;
      if ("function" in to) this.#call(caller, to.function, request, response);
      else this.#serve(caller, to.service, request, response);
    } catch (error) {
      refuse(response, asMayflyError(error), undefined, true);
    }
  }

  #serve(caller: Caller, door: ServiceDoor, request: IncomingMessage, response: ServerResponse): void {
    assertPlain(request);
    const from = this.#serviceCaller(caller);
    if (caller.underWay >= MOST) throw new MayflyError("too-many-internal-calls", { app: from.appName, limit: MOST });
    caller.underWay++;
    // What a service starts, or keeps for somebody, belongs to the trace of the function that asks for it.
    const trace = request.headers[TRACE_HEADER] === undefined ? traceHeaderOf(caller.calling()) : undefined;
    if (trace !== undefined) request.headers[TRACE_HEADER] = trace;
    void answerService(door, from, request, response).finally(() => void caller.underWay--);
  }

  #serviceCaller({ app, tenant, revision, bindings }: Caller): ServiceCaller {
    return { app, tenant, revision, appName: this.#options.appName(app), bindings };
  }

  #call(caller: Caller, name: string, request: IncomingMessage, response: ServerResponse): void {
    const { app, revision } = caller;
    const route = this.#options.route(app, revision, name);
    const { rawHeaders, headers } = request;
    if (rawHeaders.length > 2 * MOST_HEADERS) throw new MayflyError("head-too-large", { limit: `${MOST_HEADERS} headers` });
    assertPlain(request);
    if (caller.underWay >= MOST) throw new MayflyError("too-many-internal-calls", { app: route.appName, limit: MOST });
    const host = headers.host ?? `${name}.mayfly.internal`;
    const path = request.url?.startsWith("/") === true ? request.url : "/";
    const hasBody = headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
    const call = new InternalCall(request, response, route.bodyLimitBytes, () => void caller.underWay--);
    caller.underWay++;
    // What serves one tenant id calls for no other, whatever it says.
    const tenantKey = caller.tenantKey ?? (headers[TENANT_HEADER] as string | undefined);
    call.start(this.#options.dispatcher(), {
      app,
      appName: route.appName,
      function: name,
      branch: route.branch,
      tenantKey,
      withinApp: true,
      timeoutMs: route.timeoutMs,
      attempt: 1,
      source: { kind: "function" },
      trace: this.#traces.of(headers, caller.calling()),
      input: {
        kind: "http",
        event: "http-v2",
        method: request.method ?? "GET",
        url: URL.canParse(`http://${host}${path}`) ? `http://${host}${path}` : `http://${name}.mayfly.internal/`,
        headers: requestHeaders(
          rawHeaders,
          headers.connection,
          { host, origin: { chain: "127.0.0.1", proto: "http" } },
          { prefix: "" },
          null,
          route.isolated ? tenantKey : undefined,
        ),
      },
      body: hasBody ? "stream" : null,
    });
  }
}

function outsideOf(outside: Egress | null, address: string): Egress {
  if (outside === null) throw denied(address, "the app has no network");
  return outside;
}

function denied(address: string, reason: string): MayflyError {
  return new MayflyError("egress-denied", { address, reason });
}

function unknownName(host: string): Error {
  return Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: "ENOTFOUND", syscall: "getaddrinfo", hostname: host });
}
