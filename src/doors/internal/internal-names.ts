/**
 * Names and addresses of an app's functions inside its machines, `<function>.mayfly.internal`, and of the platform's services, `<service>.services.mayfly.internal`: no
 * function's name has a dot, so that none of them can be taken for a service. Each function and each service has an address of its own, because programs tell the kernel
 * an address alone. They are of 198.18.0.0/15, which is for measurements between networks (RFC 2544) and never leads anywhere from a machine.
 */
import { isInternalAddress, isInternalName, serviceIn, type ServiceName, serviceNames, SUFFIX } from "../../base/network/internal.ts";

export function isInternal(host: string): boolean {
  return isInternalName(host) || isInternalAddress(host);
}

/** @param index of the function, below 1,000 */
export function addressOf(index: number): string {
  return `198.18.${(index + 1) >> 8}.${(index + 1) & 255}`;
}

/** Beyond those of functions. */
export function serviceAddressOf(service: ServiceName): string {
  return `198.18.255.${serviceNames.indexOf(service) + 1}`;
}

/** The service of that name, or else at that address. */
export function serviceAt(name: string, address: string): ServiceName | undefined {
  return serviceIn(name) ?? serviceNames.find((each) => serviceAddressOf(each) === address);
}

/** The function of that name, or else at that address. Capitals make no difference, as in all hosts. */
export function functionAt(functions: readonly string[], name: string, address: string): string | undefined {
  const wanted = name.toLowerCase().replace(/\.$/, "");
  const named = isInternalName(name) ? functions.find((each) => `${each.toLowerCase()}${SUFFIX}` === wanted) : undefined;
  return named ?? functions.find((_each, index) => addressOf(index) === address);
}
