/** Errors of the network, in the form of Node's own. */
import { ResetCode } from "../../wire/protocol.ts";
import { lookupFailure } from "./host-name.ts";

export const NO_NETWORK = 'this app has no network: set "network": "egress" in mayfly.json';

export function noNetwork(syscall: string, host: string): Error {
  return networkError("EACCES", syscall, host, NO_NETWORK);
}

/** @param code the code of the host's Reset */
export function refusedByHost(code: number, syscall: string, host: string, message: string): Error {
  const failure = failureOf(code, message);
  if (code === ResetCode.ResolveFailed) return lookupFailure(failure.name, host, syscall);
  return networkError(failure.name, syscall, host, failure.text);
}

export function networkError(code: string, syscall: string, host: string, message: string): Error {
  return Object.assign(new Error(`${syscall} ${code} ${host}: ${message}`), { code, syscall, hostname: host, address: host });
}

/** The names of errors by the codes of Resets: of those whose message begins with a name, the one to take if that name is "-". */
const names: Partial<Record<number, string>> = {
  [ResetCode.EgressDenied]: "EACCES",
  [ResetCode.Refused]: "EMFILE",
  [ResetCode.ConnectFailed]: "EHOSTUNREACH",
  [ResetCode.ResolveFailed]: "ENOTFOUND",
};

/** Takes the host's Reset of a connection or a look-up apart: the name of its error ("ECONNREFUSED"), and the text. */
export function failureOf(code: number, message: string): { name: string; text: string } {
  const usual = names[code] ?? "ECONNRESET";
  if (code !== ResetCode.ConnectFailed && code !== ResetCode.ResolveFailed) return { name: usual, text: message };
  const at = message.indexOf(" ");
  const name = message.slice(0, at);
  return { name: name === "-" || at < 0 ? usual : name, text: message.slice(at + 1) };
}
