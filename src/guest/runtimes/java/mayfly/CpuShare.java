package mayfly;

import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** How much CPU time this process takes, by /proc. The classes of java.lang.management say the same, and take 3 MB. */
final class CpuShare {
  /** Linux counts in steps of 10 ms, so a shorter span says nothing. */
  private static final long SPAN = 40_000_000;

  private static final double FULL = 0.9;
  /** Steps a second, which is the same in every Linux. */
  private static final double STEPS = 100;

  private long at = System.nanoTime();
  private double used = 0;
  private boolean isFull = false;

  void begin() {
    at = System.nanoTime();
    used = seconds();
    isFull = false;
  }

  /** Whether the process has used nearly all of its CPUs in the latest span. */
  boolean isFull() {
    long now = System.nanoTime();
    if (now - at < SPAN) return isFull;
    double total = seconds();
    isFull = (total - used) * 1e9 / (now - at) > FULL * Runtime.getRuntime().availableProcessors();
    at = now;
    used = total;
    return isFull;
  }

  /** CPU time since the process began; 0 where the kernel does not say. */
  static double seconds() {
    try (InputStream file = new FileInputStream("/proc/self/stat")) {
      String text = new String(file.readAllBytes(), StandardCharsets.ISO_8859_1);
      // The program's name, in parentheses, may have spaces. The fields after it begin with the third; these are 14 and 15.
      String[] fields = text.substring(text.lastIndexOf(')') + 2).split(" ", 14);
      return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / STEPS;
    } catch (IOException | RuntimeException error) {
      return 0;
    }
  }
}
