/** Makes the Bind message, which gives a machine to an app. */
import type { Bundle, Version } from "../store/catalog/catalog.ts";
import type { BindFunction, BindMessage } from "../wire/protocol.ts";

export interface BindParcel {
  message: BindMessage;
  /** The code of the functions whose source is `frames`, in the order of message.functions. */
  code: Uint8Array[];
}

export function bindParcel(version: Version, bundles: Bundle[], secrets: Record<string, string>): BindParcel {
  const { manifest } = version;
  return {
    message: {
      app: manifest.name,
      revision: version.id,
      functions: bundles.map((bundle) => bindFunction(version, bundle)),
      env: { ...manifest.env, ...secrets },
      memoryMb: manifest.memoryMb,
      egress: manifest.network !== "none",
    },
    code: bundles.map((bundle) => bundle.code),
  };
}

function bindFunction({ manifest }: Version, bundle: Bundle): BindFunction {
  const handler = manifest.functions[bundle.function]?.handler ?? "handler";
  return { name: bundle.function, format: bundle.format, source: { type: "frames", bytes: bundle.code.byteLength }, handler };
}
