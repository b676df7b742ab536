/** The entries of `inject` in mayfly.json: secrets that the host adds to requests of the app's machines, so that its code never has them. */
import { z } from "zod";
import { neighbourHeaders } from "../../base/network/neighbour-headers.ts";

const HTTPS = 443;
const MOST_INJECTED = 100;
/** In characters. */
const MOST_OF_HOST = 260;
const MOST_OF_HEADER = 256;

/** A name of DNS, whose last label has a letter because an address has none, and perhaps a port. */
const HOST =
  /^(?=[^:]{1,253}(?::|$))(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?=[a-z0-9-]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?::(\d{1,5}))?$/i;
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** @param secretName the schema of a secret's name */
export function injectSchema<Name extends z.ZodType<string>>(secretName: Name) {
  const entry = z.strictObject({
    /** The server's name in DNS, perhaps with a port. */
    host: z
      .string()
      .max(MOST_OF_HOST)
      .refine(isHost, "must be a name of DNS, perhaps with a port: api.example.com or api.example.com:8443"),
    header: z
      .string()
      .max(MOST_OF_HEADER)
      .regex(TOKEN, "must be the name of a header")
      .refine((name) => !neighbourHeaders.has(name.toLowerCase()), "must be another header: this one is not the code's to choose"),
    secret: secretName,
    /** What stands before the secret in the header's value. */
    prefix: z
      .string()
      .max(MOST_OF_HEADER)
      .regex(/^[\t\x20-\x7e]*$/, "must be text that a header can have")
      .optional(),
  });
  return z.array(entry).max(MOST_INJECTED).optional();
}

function isHost(text: string): boolean {
  const match = HOST.exec(text);
  if (match === null || /^(.+\.)?localhost(:|$)/i.test(text)) return false;
  const port = match[1] === undefined ? HTTPS : Number(match[1]);
  return port >= 1 && port <= 65_535;
}

/** @param host as the schema lets it through */
export function hostAndPort(host: string): { host: string; port: number } {
  const [name = "", port] = host.toLowerCase().split(":");
  return { host: name, port: port === undefined ? HTTPS : Number(port) };
}
