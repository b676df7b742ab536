/** Opens what decides who may call, and what the certificates of apps' hosts come from. */
import type { ServerStart } from "../base/config/server-start.ts";
import { portOf } from "../base/listen/address.ts";
import { type Certificate, namesIn } from "../base/listen/certificate.ts";
import type { WrongCredentials } from "../clients/wrong-credentials.ts";
import type { Urls } from "../control/overview.ts";
import { openGate } from "../doors/access/open-gate.ts";
import { callersOf } from "../doors/access/token.ts";
import { openAcme } from "../doors/acme/open-acme.ts";
import { openHostCertificates } from "../doors/open-doors.ts";
import { requestMakerOf } from "../store/open-stores.ts";
import type { Apps } from "./open-apps.ts";
import type { Machines } from "./open-machines.ts";
import type { State } from "./open-state.ts";

export type Access = Awaited<ReturnType<typeof openAccess>>;

export interface AccessNeeds {
  state: State;
  machines: Machines;
  apps: Apps;
  wrong: WrongCredentials;
  urls: Urls;
}

export async function openAccess(
  start: ServerStart,
  { state: { principals, catalog, stores }, machines: { egress }, apps: { routes, certificate }, wrong, urls }: AccessNeeds,
) {
  const gate = openGate(start, {
    callers: callersOf(principals),
    signingKey: (app) => catalog.signingKeys.find(app),
    wrong,
    connections: (app, isPlain) => egress.ofHost(app, isPlain),
    tell: stores.tell,
  });
  const hostCertificates = await openHostCertificates(start);
  const acme = await openAcme(start, {
    wanted: () => routes.listedHosts(),
    isCovered: (host) => hostCertificates?.contextOf(host) !== undefined || isCertified(certificate, host),
    makeRequest: requestMakerOf(start),
    tell: stores.tell,
    httpsPort: () => portOf(urls.gateway),
  });
  return { gate, hostCertificates, acme };
}

/** Whether the server's own certificate is for the host. */
function isCertified(certificate: Certificate | undefined, host: string): boolean {
  const above = `*${host.slice(Math.max(0, host.indexOf(".")))}`;
  return certificate !== undefined && namesIn(certificate.cert).some((name) => name === host || name === above);
}
