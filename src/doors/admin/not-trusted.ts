import { MayflyError } from "../../base/errors/error.ts";

/**
 * The error for a server that was reached but whose certificate is not accepted; undefined for any other error. Node's codes for this are
 * OpenSSL's, and a few of its own.
 */
export function notTrusted(url: string, thrown: unknown): MayflyError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause)
    if ("code" in error && refusals.test(String(error.code))) {
      // Node's message adds a hint about one of its own options, which does not apply to Mayfly's commands.
      const reason = error.message.replace(/; if the root CA is installed locally.*/, "");
      return new MayflyError("not-trusted", { url, reason }, thrown);
    }
  return undefined;
}

const refusals =
  /^(?:ERR_TLS_CERT_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED|ERROR_IN_CERT_)/;
