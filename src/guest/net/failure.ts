/** Errors of the network, in the form of Node's own. */
import { ResetCode } from "../../wire/protocol.ts";
import { lookupFailure } from "./host-name.ts";

export const NO_NETWORK = 'this app has no network: set "network": "egress" in mayfly.json';

export function noNetwork(syscall: string, host: string): Error {
  return networkError("EACCES", syscall, host, NO_NETWORK);
}

/** @param code the code of the host's Reset */
export function refusedByHost(code: number, syscall: string, host: string, message: string): Error {
  if (code === ResetCode.ResolveFailed) return lookupFailure(/^getaddrinfo (E[A-Z_]+)/.exec(message)?.[1] ?? "ENOTFOUND", host, syscall);
  return networkError(codeOf(code, message), syscall, host, message);
}

export function networkError(code: string, syscall: string, host: string, message: string): Error {
  return Object.assign(new Error(`${syscall} ${code} ${host}: ${message}`), { code, syscall, hostname: host, address: host });
}

/** @param code the code of the host's Reset */
export function codeOf(code: number, message: string): string {
  if (code === ResetCode.EgressDenied) return "EACCES";
  if (code === ResetCode.Refused) return "EMFILE";
  // The host's text names the error that its own connect got.
  return /\bE[A-Z]{3,}\b/.exec(message)?.[0] ?? (code === ResetCode.ConnectFailed ? "EHOSTUNREACH" : "ECONNRESET");
}
