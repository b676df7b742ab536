/** Which bucket and key a request is about: by its path, or by its host (virtual host style). */
import { S3Error } from "../s3-error.ts";

export interface Address {
  /** Empty: the service itself. */
  bucket: string;
  /** Empty: the bucket itself. */
  key: string;
  query: URLSearchParams;
  /** Whether the bucket's name is a part of the host's. */
  isByHost: boolean;
}

const MOST_KEY_BYTES = 1_024;

/**
 * @param url the request's target
 * @param hosts names of this service, without ports: a bucket's name may stand before them
 */
export function addressOf(url: string, host: string, hosts: readonly string[]): Address {
  const at = url.indexOf("?");
  const path = decoded(at < 0 ? url : url.slice(0, at));
  // A plus in a query stands for a blank only in forms.
  const query = new URLSearchParams(at < 0 ? "" : url.slice(at + 1).replaceAll("+", "%2B"));
  const name = host.replace(/:\d+$/, "").toLowerCase();
  const own = hosts.find((each) => name.endsWith(`.${each}`));
  const rest = path.replace(/^\//, "");
  if (own !== undefined) return checked({ bucket: name.slice(0, -own.length - 1), key: rest, query, isByHost: true });
  const slash = rest.indexOf("/");
  return checked({ bucket: slash < 0 ? rest : rest.slice(0, slash), key: slash < 0 ? "" : rest.slice(slash + 1), query, isByHost: false });
}

function checked(address: Address): Address {
  if (Buffer.byteLength(address.key) > MOST_KEY_BYTES)
    throw new S3Error("KeyTooLongError", { Size: Buffer.byteLength(address.key), MaxSizeAllowed: MOST_KEY_BYTES });
  return address;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw new S3Error("InvalidArgument", {}, "Couldn't parse the specified URI.");
  }
}

/** As AWS's documentation has the rules. */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !/\.\.|\.-|-\./.test(name) &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(?:xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(?:-s3alias|--ol-s3|\.mrap|--x-s3)$/.test(name)
  );
}
