/** A port of its own for Prometheus and load balancers: `/metrics` and `/health` without a token. Whoever reaches it may read both. */
import { MayflyError } from "../../base/errors/error.ts";
import type { ServerStart } from "../../base/config/server-start.ts";
import type { Certificate } from "../../base/listen/certificate.ts";
import { descriptorBudget, descriptorLimit } from "../../clients/descriptors.ts";
import { PROMETHEUS_TYPE } from "../../telemetry/metrics/prometheus-text.ts";
import { listen } from "../admin/listen.ts";
import type { Door } from "../open-doors.ts";

export interface MetricsDoorParts {
  /** Undefined: the settings have switched them off. */
  metrics: (() => Promise<string>) | undefined;
  /** Whether the server is about to stop, and is to get no more calls. */
  isDraining: () => boolean;
  certificate: Certificate | undefined;
}

/** Empty if the settings name no address. */
export async function openMetricsDoor({ config, closing }: ServerStart, parts: MetricsDoorParts): Promise<Door[]> {
  const address = config.telemetry.listen;
  if (address === undefined) return [];
  const listening = await listen(
    { fetch: (request) => answer(request, parts) },
    {
      address,
      tls: parts.certificate,
      allowInsecureBind: config.allowInsecureBind,
      mostConnections: descriptorBudget(descriptorLimit()).api,
      key: "telemetry.listen",
    },
  );
  closing.defer(() => listening.close());
  return [listening];
}

async function answer(request: Request, { metrics, isDraining }: MetricsDoorParts): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (request.method !== "GET" && request.method !== "HEAD") return refusal(request.method, pathname);
  if (pathname === "/health") return health(isDraining());
  if (pathname !== "/metrics" || metrics === undefined) return refusal(request.method, pathname);
  return new Response(await metrics(), { headers: { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" } });
}

function health(draining: boolean): Response {
  return Response.json(
    { status: draining ? "draining" : "ok" },
    { status: draining ? 503 : 200, headers: { "cache-control": "no-store" } },
  );
}

function refusal(method: string, path: string): Response {
  const error = new MayflyError("no-such-api-route", { method, path: path.slice(0, 100) });
  return Response.json(error.body(), { status: error.entry.status });
}
