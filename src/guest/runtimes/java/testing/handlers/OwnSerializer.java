package shop;

import com.amazonaws.services.lambda.runtime.CustomPojoSerializer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;

/** Reads texts alone, and writes them in an object. */
public class OwnSerializer implements CustomPojoSerializer {
  @Override
  public <T> T fromJson(InputStream input, Type type) {
    throw new UnsupportedOperationException();
  }

  @Override
  @SuppressWarnings("unchecked")
  public <T> T fromJson(String input, Type type) {
    if (type != String.class) throw new IllegalArgumentException("wanted: " + type);
    return (T) ("own:" + input);
  }

  @Override
  public <T> void toJson(T value, OutputStream output, Type type) {
    try {
      output.write(("{\"own\":true,\"length\":" + String.valueOf(value).length() + "}").getBytes(StandardCharsets.UTF_8));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
