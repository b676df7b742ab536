/** The web classes as Node made them, kept before our classes and user code take their names. */
export const NativeHeaders = globalThis.Headers;
export const NativeRequest = globalThis.Request;
export const NativeResponse = globalThis.Response;
export const nativeFetch = globalThis.fetch;

export type HeadersInput = Exclude<ConstructorParameters<typeof Headers>[0], undefined>;
export type BodyInput = Exclude<ConstructorParameters<typeof Response>[0], undefined | null>;
