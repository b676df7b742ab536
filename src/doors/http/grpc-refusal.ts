/**
 * Errors of the table as clients of gRPC read them: a response without a body, whose status is in its headers. Of any other response they tell only
 * its HTTP status.
 */
import type { IncomingMessage } from "node:http";
import type { MayflyError } from "../../base/errors/error.ts";

/** gRPC's codes for the HTTP statuses of the table: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const codes: Partial<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 12,
  408: 4,
  413: 8,
  429: 8,
  431: 8,
  501: 12,
  502: 14,
  503: 14,
  504: 4,
};
const INTERNAL = 13;

/** @returns undefined if the request is not one of gRPC's. @param id the invocation's, if there is one */
export function grpcHeaders(request: IncomingMessage | undefined, error: MayflyError, id: string | undefined): string[] | undefined {
  if (request?.httpVersionMajor !== 2 || !/^application\/grpc(?:$|[+;])/i.test(request.headers["content-type"] ?? "")) return undefined;
  const message = `${error.message} (${[error.code, ...(id === undefined ? [] : [id])].join(", ")})`;
  return [
    "content-type",
    "application/grpc",
    "grpc-status",
    String(codes[error.entry.status] ?? INTERNAL),
    "grpc-message",
    encoded(message),
  ];
}

/** As gRPC's protocol has it: the bytes of UTF-8, those that are no printable ASCII in percent. */
function encoded(text: string): string {
  return text.toWellFormed().replace(/[^\x20-\x24\x26-\x7e]/gu, (character) => encodeURIComponent(character));
}
