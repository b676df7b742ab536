/**
 * The table of every error that leaves Mayfly. `caller` errors are caused by the request; `system` errors by Mayfly or the host.
 * docs/errors.md has a section per code; a test keeps codes, docs and uses in step. The file is long because it is the whole table and
 * nothing else.
 */
export interface ErrorEntry {
  /** The HTTP status at the gateway and the API. */
  status: number;
  side: "caller" | "system";
  /** What happened; {name} is replaced by the detail of that name. */
  message: string;
  /** What to do about it. */
  cure: string;
}

export const errorTable = {
  "bad-request": { status: 400, side: "caller", message: "The request is malformed: {what}.", cure: "Correct it as the message says." },
  "not-done": {
    status: 400,
    side: "caller",
    message: "The command was not carried out: {what}.",
    cure: "Run it again as the message says; its --help has an example.",
  },
  "no-such-app": {
    status: 404,
    side: "caller",
    message: "There is no app {app}.",
    cure: "`mayfly list` shows the apps that are deployed.",
  },
  "no-such-function": {
    status: 404,
    side: "caller",
    message: "App {app} has no function {function}.",
    cure: "`mayfly list` shows the functions of each app.",
  },
  "no-such-route": {
    status: 404,
    side: "caller",
    message: "Nothing is routed at {path}.",
    cure: "Call /<app>/<function> (/@<tenant>/<app>/<function> where the app is another tenant's; for the tenant main, leave out /@main), or a host that an app lists in its manifest; `mayfly list` shows the functions of each app.",
  },
  "no-such-api-route": {
    status: 404,
    side: "caller",
    message: "The management API has no {method} {path}.",
    cure: "/openapi.json lists the existing paths and methods.",
  },
  "body-too-large": {
    status: 413,
    side: "caller",
    message: "The request body is over the limit of {limit} bytes.",
    cure: "Send less, or raise bodyLimitBytes in the app's mayfly.json.",
  },
  "head-too-large": {
    status: 431,
    side: "caller",
    message: "The request's headers are over the limit of {limit}.",
    cure: "Send fewer or shorter headers.",
  },
  "request-timeout": {
    status: 408,
    side: "caller",
    message: "The request was not sent completely: none of its bytes arrived for {ms} ms.",
    cure: "Send it faster, or find out what delays it between client and gateway.",
  },
  "too-many-connections": {
    status: 503,
    side: "caller",
    message: "Mayfly has its maximum of open connections, and a request is in progress on each of them.",
    cure: "Use fewer connections, or try again later; the operator's settings are in docs/configuration.md.",
  },
  "too-many-uploads": {
    status: 503,
    side: "caller",
    message: "Mayfly holds as many bytes of uploads in progress as it may.",
    cure: "Deploy again after the time in Retry-After, when some of the other deploys are done.",
  },
  "upgrade-not-supported": {
    status: 501,
    side: "caller",
    message: "Upgrades to {protocol} are not supported.",
    cure: "Use plain HTTP requests; for a stream to the client, server-sent events.",
  },
  "version-not-supported": {
    status: 505,
    side: "caller",
    message: "HTTP/{version} is not supported.",
    cure: "Use HTTP/1.1; a proxy in front of Mayfly can speak HTTP/2 and HTTP/3 to clients.",
  },
  "coding-not-supported": {
    status: 501,
    side: "caller",
    message: "The transfer coding {coding} is not supported.",
    cure: "Send the body with Content-Length, or with Transfer-Encoding: chunked alone; for compressed bodies there is Content-Encoding.",
  },
  "expectation-failed": {
    status: 417,
    side: "caller",
    message: "The expectation {expectation} cannot be met.",
    cure: "Send the request without an Expect header, or with Expect: 100-continue.",
  },
  "method-not-supported": {
    status: 501,
    side: "caller",
    message: "The method {method} is not supported.",
    cure: "Mayfly is not a proxy. Call its functions with any other method.",
  },
  "queue-full": {
    status: 429,
    side: "caller",
    message: "The queue of app {app} is full: {limit} invocations are waiting.",
    cure: "Retry after the time in Retry-After, or raise queue, concurrency or maxMachines in the app's mayfly.json.",
  },
  "limit-reached": {
    status: 429,
    side: "caller",
    message: "App {app} has reached its monthly limit of {what}.",
    cure: "The app accepts calls again next month (UTC), or after the operator raises the limit with `mayfly limit set {app}`.",
  },
  "queue-timeout": {
    status: 504,
    side: "system",
    message: "No machine of app {app} was free within {ms} ms: {state}.",
    cure: "{cure}",
  },
  "function-timeout": {
    status: 504,
    side: "caller",
    message: "Function {function} of app {app} did not reply within {ms} ms.",
    cure: "`mayfly logs {app}` has what it printed. Make it faster, or raise timeoutMs in the app's mayfly.json.",
  },
  "function-threw": {
    status: 500,
    side: "caller",
    message: "Function {function} of app {app} threw before it replied.",
    cure: "`mayfly logs {app}` has the stack beside this invocation's id.",
  },
  "function-load-failed": {
    status: 500,
    side: "caller",
    message: "The code of function {function} of app {app} could not be loaded, or its program not be started.",
    cure: "`mayfly logs {app}` has the reason.",
  },
  "bad-response": {
    status: 500,
    side: "caller",
    message: "Function {function} of app {app} returned a value that is not a response: {what}.",
    cure: "Return a Response from fetch(), or what AWS Lambda accepts from handler().",
  },
  "machine-died": {
    status: 502,
    side: "system",
    message: "The machine that ran this invocation ended: {reason}.",
    cure: "The invocation may have run in part; retry if that is safe. `mayfly logs {app}` has the reason.",
  },
  "machine-start-failed": {
    status: 503,
    side: "system",
    message: "No machine could be started: {reason}.",
    cure: "The app's log (`mayfly logs`) has the reason and what to do. If the start itself failed, this host may lack something: run `mayfly doctor`.",
  },
  "protocol-violation": {
    status: 502,
    side: "system",
    message: "The machine broke the host-guest protocol: {what}.",
    cure: "The machine was killed. If the app's code did not tamper with the agent, report this.",
  },
  "protocol-version-mismatch": {
    status: 503,
    side: "system",
    message: "The machine's agent speaks version {agent} of the host-guest protocol, and this Mayfly speaks version {host}.",
    cure: "Another Mayfly built its image. Build the image again with this one (`mayfly image build`), or run it with the one that built it.",
  },
  "shutting-down": { status: 503, side: "system", message: "Mayfly is shutting down.", cure: "Retry when it is up again." },
  "bad-manifest": {
    status: 400,
    side: "caller",
    message: "{file} is not valid: {what}.",
    cure: "docs/manifest.md lists every key and its values.",
  },
  "no-such-kernel": {
    status: 400,
    side: "caller",
    message: "App {app} asks for machines of the kernel {kernel}, and this host has {kernels}.",
    cure: "Leave the key kernel out of mayfly.json, or name one that the host has. Only the driver qemu has osv: its operator names OSv's file with the setting osvKernel.",
  },
  "bad-config": {
    status: 500,
    side: "caller",
    message: "The setting {key} {what}.",
    cure: "docs/configuration.md lists every key and its values.",
  },
  "host-not-allowed": {
    status: 403,
    side: "caller",
    message: "App {app} may not have the host {host}: {reason}.",
    cure: "The server's operator gives hosts to apps with the setting hosts, for example www.shop.example=shop.",
  },
  "host-taken": {
    status: 409,
    side: "caller",
    message: "Another app has the host {host}.",
    cure: "List another host in mayfly.json, or remove this one from the app that has it.",
  },
  "build-failed": {
    status: 400,
    side: "caller",
    message: "The code of function {function} could not be bundled: {what}.",
    cure: "Fix what the message names and deploy again.",
  },
  "packages-not-installed": {
    status: 400,
    side: "caller",
    message: "The packages of {file} could not be installed: {what}.",
    cure: "Correct the file, or add what the message names, and deploy again.",
  },
  "native-addon": {
    status: 400,
    side: "caller",
    message: "Function {function} needs the native add-on {file}, which cannot be bundled.",
    cure: "Name its package in `external` of mayfly.json, which ships it as it is, or use one that is pure JavaScript or WebAssembly{instead}.",
  },
  "code-too-large": {
    status: 413,
    side: "caller",
    message: "The app's code and files are {bytes} bytes; the limit is {limit}.",
    cure: "Leave out everything that is not needed at run time.",
  },
  "files-too-large": {
    status: 413,
    side: "caller",
    message: "App {app} has {bytes} bytes of files; machines with the kernel {kernel} take at most {limit} on this host.",
    cure: "Up to 1 GiB is possible with the kernel linux, by the driver qemu or process, or by gvisor on a server that runs as root.",
  },
  "no-such-version": {
    status: 404,
    side: "caller",
    message: "App {app} has no revision {version}.",
    cure: "`mayfly list --json` shows the revisions of each app. Old revisions are removed when new ones are deployed.",
  },
  "no-revision-before": {
    status: 409,
    side: "caller",
    message: "App {app} has no revision to roll back to: no other one that is still there had all of its calls before.",
    cure: "`mayfly versions {app}` shows the revisions that are there; `mayfly promote {app} <revision>` sends all calls to one of them.",
  },
  "no-such-alias": {
    status: 404,
    side: "caller",
    message: "App {app} has no alias {alias}.",
    cure: "`mayfly alias list {app}` shows the aliases of the app.",
  },
  "no-such-secret": {
    status: 400,
    side: "caller",
    message: "App {app} names the secret {secret}, which is not set.",
    cure: "Set it: mayfly secret set {app} {secret}.",
  },
  unauthorized: {
    status: 401,
    side: "caller",
    message: "The management API needs a valid token.",
    cure: "Send `Authorization: Bearer <token>`; commands read it from the state folder's api-token, or from MAYFLY_TOKEN.",
  },
  "foreign-request": {
    status: 403,
    side: "caller",
    message: "The management API refuses requests for {what}.",
    cure: "Call it by a loopback name or by the host in the setting api, and from a program: web pages of other origins may not call it.",
  },
  "api-unreachable": {
    status: 503,
    side: "system",
    message: "No Mayfly answers at {url}: {reason}.",
    cure: "If no server runs on this state folder, start one with `mayfly serve`; to use a server elsewhere, name it with --api or MAYFLY_API.",
  },
  "not-trusted": {
    status: 502,
    side: "system",
    message: "The server at {url} answers, but its certificate is not trusted: {reason}.",
    cure: "On the server's own host, leave out --api and MAYFLY_GATEWAY: the state folder has the certificate. On other hosts, set NODE_EXTRA_CA_CERTS to a file with the certificate or its authority, and name the server by a name in the certificate, with --api or MAYFLY_API and, for calls, MAYFLY_GATEWAY.",
  },
  "server-starting": {
    status: 503,
    side: "system",
    message: "The server of {dir} (pid {pid}) is still starting: {waited}.",
    cure: "Run the command again when the server is up. `mayfly status` shows its state, and its log the current step: the first start makes an image and a template, which takes minutes.",
  },
  "connection-lost": {
    status: 502,
    side: "system",
    message: "The connection to {url} was cut before the reply was complete: {reason}.",
    cure: "The request may have been carried out in part: check before you repeat it. `mayfly status` shows whether and why the server's worker died; the app's log shows whether calls were lost.",
  },
  "unsafe-bind": {
    status: 500,
    side: "caller",
    message: "Refusing to listen on {address} without TLS.",
    cure: "Listen on loopback, give tls.cert and tls.key, or accept the risk with allowInsecureBind.",
  },
  "port-in-use": {
    status: 500,
    side: "caller",
    message: "{address} is in use by another program.",
    cure: "Stop that program, or choose another address with the setting {key}.",
  },
  "address-unusable": {
    status: 500,
    side: "caller",
    message: "{key}: Mayfly cannot listen on {address}: {what}.",
    cure: "{cure}",
  },
  "egress-denied": {
    status: 403,
    side: "caller",
    message: "The app may not reach {address}: {reason}.",
    cure: 'Set network to "egress" in the app\'s mayfly.json, or add "host-or-cidr:port" to network.allow there and to egress.allow of the server.',
  },
  "injection-failed": {
    status: 502,
    side: "system",
    message: "The host did not complete the request to {host}: {reason}.",
    cure: "The message says why. The app's mayfly.json lists under inject the servers for which the host adds a secret.",
  },
  "missing-part": { status: 500, side: "system", message: "This host lacks {part}: {reason}.", cure: "{cure}" },
  "state-locked": {
    status: 500,
    side: "caller",
    message: "Another Mayfly (pid {pid}) uses the state folder {dir}.",
    cure: "Stop it, or name another folder with --state or MAYFLY_STATE_DIR.",
  },
  "state-damaged": {
    status: 500,
    side: "system",
    message: "{file} is damaged: {what}.",
    cure: "If it names an app, deploy that app again. Otherwise restore the file from a backup, or move it away and deploy all apps again.",
  },
  "state-newer": {
    status: 500,
    side: "caller",
    message: "{file} was written by a newer Mayfly (its schema is {found}, this one knows {known}).",
    cure: "Run the newer Mayfly, or name another state folder with --state.",
  },
  "state-unusable": {
    status: 500,
    side: "system",
    message: "{file} cannot be read or written: {what}.",
    cure: "Check the permissions of the state folder and the health of its disk.",
  },
  "disk-full": {
    status: 507,
    side: "system",
    message: "No space is left for {file}; nothing was changed.",
    cure: "Free space on the disk of the state folder and try again.",
  },
  "no-room": {
    status: 507,
    side: "caller",
    message: "This revision of {app} is not stored: {what}.",
    cure: "Remove apps that are no longer needed (mayfly remove), or raise the server's setting {setting}.",
  },
  "secret-key-unusable": {
    status: 500,
    side: "caller",
    message: "The key of the secrets, {file}, is unusable: {what}.",
    cure: "Restore the file from a backup; without it the secrets are lost and must be set again.",
  },
  "image-build-failed": {
    status: 500,
    side: "system",
    message: "The image could not be built: {what}.",
    cure: "Run `mayfly image build` again; if a download failed, check the network or Debian mirror.",
  },
  "certificate-failed": {
    status: 500,
    side: "system",
    message: "This server could not make a certificate: {what}.",
    cure: "It takes Debian's openssl, which is fetched once into the cache folder: check the network or Debian mirror, then try again.",
  },
  "bad-osv-kernel": {
    status: 500,
    side: "caller",
    message: "{file} is not an OSv kernel: {what}.",
    cure: "Name OSv's loader.elf for x86-64; docs/osv.md says where to get it.",
  },
  "bad-module": {
    status: 400,
    side: "caller",
    message: "The image module {module} cannot be used: {what}.",
    cure: "docs/images.md lists the keys of a module, and the built-in ones.",
  },
  "no-such-image": {
    status: 404,
    side: "caller",
    message: "There is no image {image}.",
    cure: "`mayfly image list` shows the images, by name and id; `mayfly image build` builds one.",
  },
  "bad-image": {
    status: 400,
    side: "caller",
    message: "The image {image} is refused: {what}.",
    cure: "Mayfly does not build such images, so another program made or changed it. Do not use it. Ask the store's owner, or build the image yourself.",
  },
  "image-too-large": {
    status: 413,
    side: "caller",
    message: "The image {image} has {mb} MB, but at most {allowed} MB are allowed.",
    cure: "Nothing was downloaded. If you trust the image, allow more with `--max-size` or the setting maxImageMb.",
  },
  "image-damaged": {
    status: 500,
    side: "system",
    message: "The image {image} is damaged in the cache: {what}.",
    cure: "Build it again with `mayfly image build`, or fetch it again with `mayfly image pull`: both repair it. Then check the disk.",
  },
  "bad-export": {
    status: 400,
    side: "caller",
    message: "The image cannot be exported with these options: {what}.",
    cure: "`mayfly image export --help` has the options; docs/appliances.md says what each format needs.",
  },
  "not-in-store": {
    status: 404,
    side: "caller",
    message: "The image store {store} has no {what}.",
    cure: "Check the name and the address. If a part of the image is missing, push the image again.",
  },
  "store-unreachable": {
    status: 503,
    side: "system",
    message: "The image store {store} cannot be used: {reason}.",
    cure: "Check the address and the network, then run the command again: parts that were already transferred are kept.",
  },
  "store-damaged": {
    status: 502,
    side: "system",
    message: "The image store {store} is damaged or was changed: {what}.",
    cure: "Nothing from it was used. Push the image again from a host where it is undamaged.",
  },
  "no-such-appliance": {
    status: 404,
    side: "caller",
    message: "There is no appliance {appliance}.",
    cure: "`mayfly appliance list` shows the appliances.",
  },
  "bad-appliance": {
    status: 400,
    side: "caller",
    message: "The appliance cannot run with these options: {what}.",
    cure: "`mayfly appliance run --help` has the options.",
  },
  "not-permitted": {
    status: 403,
    side: "caller",
    message: "This server's setting {key} does not permit it: {what}.",
    cure: "Its operator may add {entry} to {key} and start the server again.",
  },
  "name-taken": {
    status: 409,
    side: "caller",
    message: "The name {name} is taken by {owner}.",
    cure: "Choose another name, or remove {holder}.",
  },
  "file-exists": {
    status: 409,
    side: "caller",
    message: "{file} already exists.",
    cure: "Choose an empty folder; nothing was written.",
  },
  "file-unusable": {
    status: 500,
    side: "caller",
    message: "{file} cannot be used: {what}.",
    cure: "Check the path, and that this user may read or write there.",
  },
  internal: { status: 500, side: "system", message: "Mayfly failed: {what}.", cure: "This is a defect; the server's log has the stack." },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorTable;
