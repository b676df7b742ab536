import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Random;
import java.util.zip.CRC32;
import mayfly.wire.Frame;
import mayfly.wire.FrameReader;
import mayfly.wire.ProtocolError;

/** Reads streams of frames from its input, each as an int with the length and the bytes, and prints what the agent's reader finds in them. */
public final class ReadFrames {
  private ReadFrames() {}

  public static void main(String[] ignored) throws IOException {
    DataInputStream input = new DataInputStream(System.in);
    StringBuilder found = new StringBuilder();
    for (int count = input.readInt(); count > 0; count--) {
      byte[] bytes = new byte[input.readInt()];
      input.readFully(bytes);
      read(new FrameReader(new InPieces(bytes), () -> {}), found);
    }
    System.out.print(found);
  }

  private static void read(FrameReader reader, StringBuilder found) throws IOException {
    try {
      for (Frame frame = reader.next(); frame != null; frame = reader.next()) {
        CRC32 sum = new CRC32();
        sum.update(frame.payload());
        String stream = Integer.toUnsignedString(frame.stream());
        found.append(frame.type()).append(' ').append(frame.flags()).append(' ').append(stream).append(' ');
        found.append(frame.payload().length).append(' ').append(sum.getValue()).append('\n');
      }
      found.append("end\n");
    } catch (ProtocolError error) {
      found.append("error\n");
    }
  }

  /** Gives its bytes in pieces of any length, as a channel does. */
  private static final class InPieces extends InputStream {
    private final ByteArrayInputStream bytes;
    private final Random random;

    InPieces(byte[] bytes) {
      this.bytes = new ByteArrayInputStream(bytes);
      random = new Random(bytes.length);
    }

    @Override
    public int read() {
      return bytes.read();
    }

    @Override
    public int read(byte[] into, int from, int size) {
      return bytes.read(into, from, 1 + random.nextInt(random.nextBoolean() ? Math.min(size, 20) : size));
    }
  }
}
