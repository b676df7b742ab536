/** A secret that the host adds to the requests that a machine makes to one server (decisions/credentials-at-the-host.md). */
export interface Injection {
  /** The server's name, in lower case. */
  host: string;
  port: number;
  /** The header's name, in lower case. */
  header: string;
  /** The whole value of the header. */
  value: string;
  /** The name of the secret, for people. */
  secret: string;
}

/** Where the certificates come from by which the host stands for a server. */
export interface CertificateSource {
  /** A certificate for the name that machines trust, with its key, as PEM. */
  certificateOf(name: string): Promise<{ cert: string; key: string }>;
}
