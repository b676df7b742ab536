/** What inside a machine leads to functions of its own app and to the platform's services, in place of to the outside. */
import { BlockList, isIP } from "node:net";

/** `<function>.mayfly.internal`; `.internal` is reserved for private use, so that no public name ends like this. */
export const SUFFIX = ".mayfly.internal";

/** What the platform offers to functions, at `<service>.services.mayfly.internal`. A service's address goes by its place here, so a new one is added at the end. */
export const serviceNames = ["kv", "lambda", "sqs", "s3", "sql", "events", "redis", "nfs"] as const;
export type ServiceName = (typeof serviceNames)[number];

const SERVICES = `.services${SUFFIX}`;

export function serviceUrl(service: ServiceName): string {
  return `http://${serviceHost(service)}`;
}

export function serviceHost(service: ServiceName): string {
  return service + SERVICES;
}

/** Undefined if it is no name of a service. Further labels may stand before the service's, as clients of S3 write a bucket's name there. */
export function serviceIn(host: string): ServiceName | undefined {
  const name = host.toLowerCase().replace(/\.$/, "");
  if (!name.endsWith(SERVICES)) return undefined;
  const label = name.slice(0, -SERVICES.length).split(".").at(-1);
  return serviceNames.find((service) => service === label);
}

const addresses = new BlockList();
addresses.addSubnet("198.18.0.0", 16, "ipv4");

export function isInternalName(host: string): boolean {
  const name = host.toLowerCase();
  return name.endsWith(SUFFIX) || name.endsWith(`${SUFFIX}.`);
}

export function isInternalAddress(address: string): boolean {
  return isIP(address) === 4 && addresses.check(address, "ipv4");
}
