/** Finds the function whose URL a request is for: by its host, <id>.lambda-url.<region>.<domain>, or by its path, /_mayfly/lambda-url/<id>/. */
import { hostName } from "../../../base/network/host-names.ts";
import type { Invokables } from "../../../control/lambda/invokables.ts";
import { accountOf } from "../../../control/lambda/names.ts";
import { LATEST, type LambdaStore } from "../../../store/lambda/lambda-store.ts";
import type { UrlRecord } from "../../../store/lambda/records.ts";

export interface FoundUrl {
  id: string;
  /** The path with the query that the function sees. */
  target: string;
  /** Undefined if there is no such URL: the request is refused as AWS does. */
  known: { tenant: string; name: string; qualifier: string | undefined; url: UrlRecord; region: string } | undefined;
}

const PREFIX = "/_mayfly/lambda-url/";
const ID = /^[a-z0-9-]{1,63}$/;

export interface FunctionUrlsOptions {
  store: Pick<LambdaStore, "ofUrl" | "urls" | "functions" | "changes">;
  /** Below which the hosts of URLs are; undefined: URLs have paths alone. */
  domain: string | undefined;
}

export class FunctionUrls {
  readonly #options: FunctionUrlsOptions;
  readonly #suffix: string | undefined;
  readonly #kept = new Map<string, FoundUrl["known"]>();
  #changes = -1;

  constructor(options: FunctionUrlsOptions) {
    this.#options = options;
    this.#suffix = options.domain?.toLowerCase();
  }

  get haveHosts(): boolean {
    return this.#suffix !== undefined;
  }

  /** Undefined if the request is for no function's URL. @param path with the query */
  find(host: string, path: string): FoundUrl | undefined {
    if (path.startsWith(PREFIX)) return this.#byPath(path.slice(PREFIX.length));
    const label = this.#suffix === undefined || !host.includes(".lambda-url.") ? undefined : this.#idIn(host, this.#suffix);
    return label === undefined ? undefined : { id: label, target: path, known: this.#known(label) };
  }

  /** The address that is shown for a URL. @param base of the gateway, without a trailing slash */
  addressOf(id: string, region: string, base: string): string {
    if (this.#suffix === undefined) return `${base}${PREFIX}${id}/`;
    const { protocol, port } = new URL(base);
    return `${protocol}//${id}.lambda-url.${region}.${this.#suffix}${port === "" ? "" : `:${port}`}/`;
  }

  #byPath(rest: string): FoundUrl | undefined {
    const [, id = "", target = ""] = /^([^/?]*)(.*)$/s.exec(rest) ?? [];
    if (!ID.test(id)) return undefined;
    return { id, target: target.startsWith("/") ? target : `/${target}`, known: this.#known(id) };
  }

  #idIn(host: string, suffix: string): string | undefined {
    const name = hostName(host) ?? "";
    const [id = "", kind, region = "", ...rest] = name.split(".");
    return kind === "lambda-url" && region !== "" && rest.join(".") === suffix && ID.test(id) ? id : undefined;
  }

  #known(id: string): FoundUrl["known"] {
    const { store } = this.#options;
    if (store.changes() !== this.#changes || this.#kept.size >= MOST_KEPT) this.#kept.clear();
    this.#changes = store.changes();
    if (!this.#kept.has(id)) this.#kept.set(id, this.#read(id));
    return this.#kept.get(id);
  }

  #read(id: string): FoundUrl["known"] {
    const { store } = this.#options;
    const found = store.ofUrl(id);
    const url = found && store.urls.get(found.tenant, found.function, found.qualifier);
    if (found === undefined || url === undefined) return undefined;
    const { tenant, function: name, qualifier } = found;
    const region = store.functions.get(tenant, "", name)?.region ?? "us-east-1";
    return { tenant, name, qualifier: qualifier === LATEST ? undefined : qualifier, url, region };
  }
}

/** Ids that do not exist are kept, too: strangers may ask for many. */
const MOST_KEPT = 10_000;

export function accountIn({ tenant, region }: NonNullable<FoundUrl["known"]>): Parameters<Invokables["find"]>[0] {
  return { tenant, account: accountOf(tenant), region };
}
