import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import mayfly.Stats;
import mayfly.wire.Outbox;

/** Runs a call that has waited, to its end, before the thread of the reports gets its first turn, and prints the delay that is reported then. */
public final class Late {
  private Late() {}

  public static void main(String[] ignored) throws InterruptedException {
    ByteArrayOutputStream channel = new ByteArrayOutputStream();
    Stats stats = new Stats(new Outbox(channel), () -> {});
    stats.bound(true);
    stats.begun();
    stats.started(7_000_000);
    stats.ended();
    stats.start(() -> null);
    String report = "";
    while (report.isEmpty()) {
      Thread.sleep(50);
      report = channel.toString(StandardCharsets.ISO_8859_1);
    }
    System.out.println(report.replaceAll("(?s).*\"loopDelayMeanMs\":([0-9.]+).*", "$1"));
  }
}
