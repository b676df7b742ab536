package mayfly.log;

import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Errors as text for the log: as Java prints them, without the frames that show how the agent called the function. A stack in which all frames are the agent's stays whole, because the fault may be the agent's.
 */
public final class Describe {
  private Describe() {}

  /** An error has at most this many frames; a stack that overflowed has thousands. */
  private static final int MOST_FRAMES = 200;

  /** A frame that follows itself, as where a method calls itself without end, is written this often. */
  private static final int MOST_REPEATED = 3;

  /** Throws at most that there is no memory, although the error and its texts are the user's. */
  public static String whole(Throwable error) {
    StringBuilder text = new StringBuilder();
    try {
      add(text, "", error, Collections.newSetFromMap(new IdentityHashMap<>()));
      return text.toString();
    } catch (OutOfMemoryError none) {
      throw none;
    } catch (Throwable failure) {
      return error.getClass().getName() + ": [an error that can't be printed]";
    }
  }

  /** The error's class and the first line of its text. */
  public static String firstLine(Throwable error) {
    String message = messageOf(error);
    // A class without a name, as of `new IOException() {}`, would be called nothing by getSimpleName().
    String name = error.getClass().getName().replaceAll(".*[.$](?=\\D)", "");
    return (message.isEmpty() ? name : name + ": " + message).split("\n", 2)[0];
  }

  /** Empty if it has none. */
  public static String messageOf(Throwable error) {
    try {
      String message = error.getLocalizedMessage();
      return message == null ? "" : message;
    } catch (OutOfMemoryError none) {
      throw none;
    } catch (Throwable failure) {
      return "[an error that can't be printed]";
    }
  }

  /** The frames of an error that are the function's, one each. */
  public static List<String> places(Throwable error) {
    try {
      StackTraceElement[] stack = error.getStackTrace();
      return Arrays.stream(stack, 0, Math.min(ofFunction(stack), MOST_FRAMES)).map(Describe::shown).toList();
    } catch (OutOfMemoryError none) {
      throw none;
    } catch (Throwable failure) {
      return List.of(); // getStackTrace() is the user's
    }
  }

  /** Null if it has none. */
  public static Throwable causeOf(Throwable error) {
    try {
      return error.getCause();
    } catch (OutOfMemoryError none) {
      throw none;
    } catch (Throwable failure) {
      return null;
    }
  }

  /** Frames of the function's, as the log shows them. */
  public static String frames(StackTraceElement[] stack) {
    StringBuilder text = new StringBuilder();
    addFrames(text, stack);
    return text.toString();
  }

  private static void add(StringBuilder text, String title, Throwable error, Set<Throwable> seen) {
    String message = messageOf(error);
    text.append(title).append(error.getClass().getName());
    if (!message.isEmpty()) text.append(": ").append(message);
    if (!seen.add(error)) return;
    addFrames(text, error.getStackTrace());
    for (Throwable suppressed : error.getSuppressed()) add(text, "\nSuppressed: ", suppressed, seen);
    if (error.getCause() != null) add(text, "\nCaused by: ", error.getCause(), seen);
  }

  private static void addFrames(StringBuilder text, StackTraceElement[] stack) {
    int end = ofFunction(stack);
    int at = 0;
    for (int written = 0; at < end && written < MOST_FRAMES; written++) {
      int next = at + 1;
      while (next < end && stack[next].equals(stack[at])) next++;
      int repeated = next - at;
      for (int each = 0; each < Math.min(repeated, MOST_REPEATED); each++) text.append("\n\tat ").append(shown(stack[at]));
      if (repeated > MOST_REPEATED) text.append("\n\t... and ").append(repeated - MOST_REPEATED).append(" times more");
      at = next;
    }
    if (at < end) text.append("\n\t... ").append(end - at).append(" more");
  }

  /** Without the name of the class loader, which says nothing here. */
  private static String shown(StackTraceElement frame) {
    String place = frame.isNativeMethod() ? "Native Method" : frame.getFileName() == null ? "Unknown Source" : frame.getFileName();
    String line = frame.getLineNumber() >= 0 ? ":" + frame.getLineNumber() : "";
    return frame.getClassName() + "." + frame.getMethodName() + "(" + place + line + ")";
  }

  private static int ofFunction(StackTraceElement[] stack) {
    int end = stack.length;
    while (end > 0 && isCalling(stack[end - 1].getClassName())) end--;
    return end == 0 ? stack.length : end;
  }

  private static boolean isCalling(String name) {
    return name.startsWith("mayfly.")
        || name.startsWith("jdk.internal.reflect.")
        || name.startsWith("java.lang.reflect.")
        || name.startsWith("java.lang.invoke.")
        || name.startsWith("java.util.concurrent.ThreadPoolExecutor")
        || name.equals("java.lang.Class")
        || name.equals("java.lang.Thread");
  }
}
