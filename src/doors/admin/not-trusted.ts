import { MayflyError } from "../../base/errors/error.ts";

/**
 * The error of a server that was reached and whose certificate is not accepted; undefined where it is something else. Node's names for it are OpenSSL's,
 * and a few of its own.
 */
export function notTrusted(url: string, thrown: unknown): MayflyError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause)
    if ("code" in error && refusals.test(String(error.code))) {
      // Node adds an option of its own, which is no way to call Mayfly.
      const reason = error.message.replace(/; if the root CA is installed locally.*/, "");
      return new MayflyError("not-trusted", { url, reason }, thrown);
    }
  return undefined;
}

const refusals =
  /^(?:ERR_TLS_CERT_|CERT_|CRL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED|ERROR_IN_CERT_)/;
