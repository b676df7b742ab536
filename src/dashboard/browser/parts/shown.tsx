import type { ComponentChildren } from "preact";
import type { Loaded } from "../use-data.ts";
import { errorInWords, Failed, Loading } from "./states.tsx";

interface ShownProps<T> {
  loaded: Loaded<T>;
  /** The room, in pixels, that is taken until something was loaded. */
  height?: number;
  children: (data: T) => ComponentChildren;
}

/** What was loaded, or that it is on its way, or why it could not be. What is there stays when nothing newer can be had, and says so. */
export function Shown<T>({ loaded: { data, error, reload }, height = 100, children }: ShownProps<T>) {
  if (data !== undefined)
    return (
      <>
        {error && (
          <p class="bad-text" role="status">
            This is not up to date: {errorInWords(error).message}
          </p>
        )}
        {children(data)}
      </>
    );
  return error ? <Failed error={error} onRetry={reload} /> : <Loading height={height} />;
}
