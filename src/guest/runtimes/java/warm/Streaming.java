package warm;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestStreamHandler;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/** A handler that reads and writes by itself. */
public final class Streaming implements RequestStreamHandler {
  @Override
  public void handleRequest(InputStream input, OutputStream output, Context context) throws IOException {
    int size = input.readAllBytes().length;
    for (int at = 0; at < 3; at++) {
      output.write(("warm " + at + " of " + size).getBytes(StandardCharsets.UTF_8));
      output.flush();
    }
  }
}
