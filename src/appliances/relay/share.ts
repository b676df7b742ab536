/** The most connections that a relay may have, derived from its limit of descriptors: each connection takes one for each end. */
export interface Share {
  perPort: number;
  proxy: number;
}

/** Descriptors for the channel, the console, listening sockets and Node itself. */
const RESERVE = 48;
const PROXY_AT_MOST = 256;

export function shareOf(descriptors: number, ports: number, proxy: boolean): Share {
  const pairs = Math.max(2, Math.floor((descriptors - RESERVE - ports) / 2));
  const ofProxy = proxy ? Math.max(1, Math.min(PROXY_AT_MOST, Math.floor(pairs / (ports === 0 ? 1 : 3)))) : 0;
  return { proxy: ofProxy, perPort: ports === 0 ? 0 : Math.max(1, Math.floor((pairs - ofProxy) / ports)) };
}
