/** Opens the two doors: the gateway, which calls functions, and the management API. Both use the certificate of the settings. */
import { join } from "node:path";
import type { ServerStart } from "../base/config/server-start.ts";
import { descriptorBudget, descriptorLimit } from "../clients/descriptors.ts";
import type { Dispatcher } from "../dispatch/invocation.ts";
import type { LiveDispatcher } from "../dispatch/live-dispatcher.ts";
import { MayflyError } from "../base/errors/error.ts";
import { parseAddress, urlOf } from "../base/listen/address.ts";
import { type Certificate, readCertificate } from "../base/listen/certificate.ts";
import { CertificateFolder } from "../base/listen/certificate-folder.ts";
import { remembering } from "../base/remember/remembering.ts";
import type { Catalog } from "../store/catalog/catalog.ts";
import type { AccessLog } from "../telemetry/access-log/open-access-log.ts";
import type { TraceContexts } from "../telemetry/trace-context.ts";
import { createApi } from "./admin/create-api.ts";
import { type BesideApi, listen } from "./admin/listen.ts";
import type { ApiOptions } from "./admin/parts.ts";
import type { Gate } from "./access/gate.ts";
import { createGateway } from "./http/gateway.ts";
import type { RouteTable } from "./http/routes.ts";
import type { Hooks } from "./hooks/hooks.ts";
import type { UrlDoor } from "./lambda/urls/url-door.ts";

/** A door that is open. */
export interface Door {
  /** Without a trailing slash. */
  url: string;
  /** Used for connections from now on. */
  setCertificate(certificate: Certificate): void;
}

export interface OpenGateway extends Door {
  /** See Gateway.drain(). */
  drain(): void;
}

interface GatewayParts {
  dispatcher: LiveDispatcher;
  /** Who takes calls to the dispatcher. */
  calls: Dispatcher;
  later: Dispatcher;
  starting: Dispatcher;
  hooks: Hooks;
  routes: RouteTable;
  gate: Gate;
  certificate: Certificate | undefined;
  /** Certificates for hosts of apps: those of the operator, then those that an authority has made. */
  hostCertificates: readonly (Pick<CertificateFolder, "contextOf"> | undefined)[];
  /** Answers requests to functions' URLs. */
  urls: UrlDoor;
  catalog: Pick<Catalog, "code" | "names">;
  /** Undefined: there is none. */
  accessLog: AccessLog | undefined;
  traces: TraceContexts | undefined;
}

/** How many tenants' names are kept for the access log, because a look into the catalog costs a call more than its line. A name of an id does not change while calls come for it. */
const MOST_TENANTS = 1_000;

/** @param socket the descriptor of a socket that is bound already; it replaces the address in the settings */
export async function openGateway(
  { config, clock, log, closing }: ServerStart,
  socket: number | undefined,
  {
    dispatcher,
    calls,
    later,
    starting,
    hooks,
    routes,
    gate,
    certificate,
    hostCertificates,
    urls,
    catalog,
    accessLog,
    traces,
  }: GatewayParts,
): Promise<OpenGateway> {
  const { timingHeaders, listen, graceMs, trustedProxies } = config;
  const budget = descriptorBudget(descriptorLimit());
  const connections = { most: budget.gateway, perClient: config.connectionsPerClient ?? budget.perClient };
  const contextOf = (name: string) => {
    for (const each of hostCertificates) {
      const found = each?.contextOf(name);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const webSockets = { ...config.webSockets, ...mostWebSockets(connections) };
  const gateway = createGateway({
    dispatcher: calls,
    later,
    starting,
    hooks,
    routes,
    gate,
    timingHeaders,
    tls: certificate,
    contextOf,
    clock,
    trustedProxies,
    connections,
    urls,
    traces,
    noting: accessLog && { log: accessLog, clock, tenantName: remembering(MOST_TENANTS, (tenant) => catalog.names.tenantName(tenant)) },
    webSockets,
    sites: {
      code: (revision) => catalog.code(revision),
      folder: join(config.cacheDir, "static", `${process.pid}`),
      complain: (error) => log.error({ err: error }, "the static files of an app cannot be read"),
    },
  });
  const { host, port } = parseAddress(listen);
  const address = await gateway.listen(host, port, socket);
  // The dispatcher closes at the same time, so that calls that wait for a machine are refused at once instead of at the end.
  closing.defer(async () => void (await Promise.all([gateway.close(graceMs), dispatcher.close(graceMs)])));
  const url = urlOf(host, address.port, certificate !== undefined);
  return { url, setCertificate: (renewed) => gateway.setCertificate(renewed), drain: () => gateway.drain() };
}

/** How many WebSockets there may be, of how many connections. One client leaves some of an app's to others. */
function mostWebSockets({ most, perClient }: { most: number; perClient: number }) {
  return { most: Math.ceil(most / 2), mostOfApp: Math.ceil(most / 4), mostOfClient: Math.ceil((perClient * 3) / 4) };
}

/** @param socket as for the gateway */
export async function openApi(
  { config, clock, log, closing }: ServerStart,
  socket: number | undefined,
  { parts, certificate, beside }: { parts: Omit<ApiOptions, "clock" | "onError">; certificate: Certificate | undefined; beside: BesideApi },
): Promise<Door> {
  const api = createApi({ ...parts, clock, onError: (error) => log.error({ err: error }, "the API failed") });
  const { allowInsecureBind, trustedProxies } = config;
  const mostConnections = descriptorBudget(descriptorLimit()).api;
  const listening = await api.listen({
    address: config.api,
    fd: socket,
    tls: certificate,
    allowInsecureBind,
    mostConnections,
    trustedProxies,
    beside,
  });
  closing.defer(() => listening.close());
  return listening;
}

const LOOK_MS = 10_000;

/** Opens the folder of certificates that the settings name, and looks for changes in it from now on. */
export async function openHostCertificates({ config: { tls }, clock, log, closing }: ServerStart): Promise<CertificateFolder | undefined> {
  if (tls?.hosts === undefined) return undefined;
  const folder = new CertificateFolder(tls.hosts, (text) => log.info(text));
  await folder.refresh();
  closing.defer(clock.every(LOOK_MS, () => void folder.refresh()));
  return folder;
}

/** A port of its own for an API that is beside the management API, if the settings name one. */
export async function openBeside(
  { config, closing }: Pick<ServerStart, "config" | "closing">,
  certificate: Certificate | undefined,
  beside: BesideApi,
  key: "lambda.listen" | "objects.listen" = "lambda.listen",
): Promise<Door[]> {
  const address = key === "lambda.listen" ? config.lambda.listen : config.objects.listen;
  if (address === undefined) return [];
  const mostConnections = descriptorBudget(descriptorLimit()).api;
  const { allowInsecureBind } = config;
  const listening = await listen({ fetch: noSuchPath }, { address, tls: certificate, allowInsecureBind, mostConnections, beside, key });
  closing.defer(() => listening.close());
  return [listening];
}

function noSuchPath({ method, url }: Request): Response {
  const error = new MayflyError("no-such-api-route", { method, path: new URL(url).pathname });
  return Response.json(error.body(), { status: error.entry.status });
}

/** Reads the certificate and key that the settings name again. If they are not usable, the old ones stay in use, and the log says why. */
export function renewCertificates(
  { config: { tls }, log }: Pick<ServerStart, "config" | "log">,
  doors: Door[],
  renewed: (certificate: Certificate) => void,
): void {
  if (tls === undefined) return log.info("there is no certificate to read again: tls.cert is not set");
  try {
    const certificate = readCertificate(tls);
    for (const door of doors) door.setCertificate(certificate);
    renewed(certificate);
    log.info({ cert: tls.cert }, "the certificate was read again; connections from now on get it");
  } catch (error) {
    log.error({ err: error }, "the new certificate cannot be used; the old one stays");
  }
}
