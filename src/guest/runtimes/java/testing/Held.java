import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import mayfly.wire.Outbox;

/** Holds frames back while other threads go on adding some, and prints what reaches the channel: before the release, and in all. */
public final class Held {
  private Held() {}

  private static final class Channel extends ByteArrayOutputStream {
    private Outbox outbox;
    private int writes = 0;

    @Override
    public void write(byte[] bytes, int from, int size) {
      super.write(bytes, from, size);
      // Others add theirs at any time, also while a thread writes.
      add(outbox, "late" + writes++);
    }
  }

  public static void main(String[] ignored) {
    Channel channel = new Channel();
    Outbox outbox = new Outbox(channel);
    channel.outbox = outbox;
    add(outbox, "early");
    // Longer than what is joined for one write.
    outbox.frame(8, 0, 1, new byte[0x11100]);
    outbox.hold(5, 3, "last");
    outbox.flush();
    outbox.flushNow();
    System.out.println(wordsOf(channel));
    channel.outbox = new Outbox(new ByteArrayOutputStream());
    outbox.release();
    System.out.println(wordsOf(channel));
  }

  private static void add(Outbox outbox, String word) {
    outbox.frame(8, 0, 1, word.getBytes(StandardCharsets.US_ASCII));
  }

  private static String wordsOf(Channel channel) {
    return channel.toString(StandardCharsets.ISO_8859_1).replaceAll("[^a-z0-9]+", " ").strip();
  }
}
