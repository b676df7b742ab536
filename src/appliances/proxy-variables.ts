/** The proxy's port, on the loopback of QEMU's network namespace. The guest sees it at the address of its gateway. */
export const proxyPort = 3_128;
const proxyUrl = `http://10.0.2.2:${proxyPort}`;

/** Variables that tell the guest's programs about the proxy. Node reads them if NODE_USE_ENV_PROXY is set. */
export const proxyVariables: Record<string, string> = {
  HTTP_PROXY: proxyUrl,
  HTTPS_PROXY: proxyUrl,
  http_proxy: proxyUrl,
  https_proxy: proxyUrl,
  NO_PROXY: "localhost,127.0.0.1",
  NODE_USE_ENV_PROXY: "1",
};
