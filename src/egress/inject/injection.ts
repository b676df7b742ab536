/** A secret that the host adds to the requests that a machine makes to one server (decisions/credentials-at-the-host.md). */
export interface Injection {
  /** The server's name, in lower case. */
  host: string;
  port: number;
  /** The header's name, in lower case. */
  header: string;
  /**
   * The whole value of the header as it is now. Throws an error that says why there is none, without showing the secret: it may have been removed
   * while the machine runs.
   */
  value: () => string;
}

/** Where the certificates come from by which the host stands for a server. */
export interface CertificateSource {
  /** A certificate for the name that machines trust, with its key, as PEM. The same object as long as it is the same. */
  certificateOf(name: string): Promise<{ cert: string; key: string }>;
}

/** The port of a host without one. */
export const HTTPS = 443;
