/** Opens the two doors: the gateway, which calls functions, and the management API. Both use the certificate of the settings. */
import type { Logger } from "pino";
import type { Clock } from "../base/clock/clock.ts";
import type { Config } from "../base/config/schema.ts";
import { connectionBudget, descriptorLimit } from "../clients/descriptors.ts";
import type { LiveDispatcher } from "../dispatch/live-dispatcher.ts";
import { parseAddress, urlOf } from "../base/listen/address.ts";
import { type Certificate, readCertificate } from "../base/listen/certificate.ts";
import { createApi } from "./admin/create-api.ts";
import type { ApiOptions } from "./admin/parts.ts";
import { createGateway } from "./http/gateway.ts";
import type { RouteTable } from "./http/routes.ts";

/** A door that is open. */
export interface Door {
  /** Without a trailing slash. */
  url: string;
  /** Used for connections from now on. */
  setCertificate(certificate: Certificate): void;
}

interface Opening {
  config: Config;
  clock: Clock;
  /** What is opened registers its closing here. */
  closing: AsyncDisposableStack;
  /** The descriptor of a bound socket, used instead of the address in the settings. */
  socket: number | undefined;
}

export async function openGateway(
  { config, clock, closing, socket }: Opening,
  dispatcher: LiveDispatcher,
  routes: RouteTable,
  certificate: Certificate | undefined,
): Promise<Door> {
  const { timingHeaders, listen, graceMs, trustedProxies } = config;
  const budget = connectionBudget(descriptorLimit());
  const connections = { most: budget.gateway, perClient: config.connectionsPerClient ?? budget.perClient };
  const gateway = createGateway({ dispatcher, routes, timingHeaders, tls: certificate, clock, trustedProxies, connections });
  const { host, port } = parseAddress(listen);
  const address = await gateway.listen(host, port, socket);
  // The dispatcher closes at the same time, so that calls that wait for a machine are refused at once instead of at the end.
  closing.defer(async () => void (await Promise.all([gateway.close(graceMs), dispatcher.close(graceMs)])));
  const url = urlOf(host, address.port, certificate !== undefined);
  return { url, setCertificate: (renewed) => gateway.setCertificate(renewed) };
}

export async function openApi(
  { config, clock, closing, socket }: Opening,
  parts: Omit<ApiOptions, "clock">,
  tls: Certificate | undefined,
): Promise<Door> {
  const api = createApi({ ...parts, clock });
  const { allowInsecureBind } = config;
  const mostConnections = connectionBudget(descriptorLimit()).api;
  const listening = await api.listen({ address: config.api, fd: socket, tls, allowInsecureBind, mostConnections });
  closing.defer(() => listening.close());
  return listening;
}

/** Reads the certificate and key that the settings name again. If they are not usable, the old ones stay in use, and the log says why. */
export function renewCertificates(
  { config: { tls }, log }: { config: Config; log: Logger },
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
