package com.amazonaws.services.lambda.runtime.logging;

import java.util.Locale;

/** How lines of a log are written. */
public enum LogFormat {
  JSON,
  TEXT;

  public static LogFormat fromString(String name) {
    try {
      return valueOf(name.toUpperCase(Locale.ROOT));
    } catch (RuntimeException error) {
      throw new IllegalArgumentException("Invalid log format: '" + name + "' expected one of [JSON, TEXT]", error);
    }
  }
}
