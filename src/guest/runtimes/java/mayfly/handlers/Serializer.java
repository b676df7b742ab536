package mayfly.handlers;

import com.amazonaws.services.lambda.runtime.CustomPojoSerializer;
import java.io.ByteArrayOutputStream;
import java.lang.reflect.Type;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.ServiceLoader;
import mayfly.json.Conversion;
import mayfly.json.JsonReader;
import mayfly.json.JsonWriter;

/** How a handler's input is made of JSON, and JSON of its result: by the app's own serializer, if it has one, as on AWS Lambda. */
final class Serializer {
  /** Null if the app has none. */
  private final CustomPojoSerializer own;

  /** @param loader that of the app's classes. Throws what the serializer's initialisation throws */
  Serializer(ClassLoader loader) {
    Iterator<CustomPojoSerializer> found = ServiceLoader.load(CustomPojoSerializer.class, loader).iterator();
    own = found.hasNext() ? found.next() : null;
    if (own != null && found.hasNext()) throw new IllegalStateException("the app names more than one CustomPojoSerializer");
  }

  /** @param json a text of JSON @throws IllegalArgumentException if it does not fit the type; or what the app's serializer throws */
  Object read(String json, Type type) {
    return own == null ? Conversion.read(json, type) : own.fromJson(json, type);
  }

  /** @param value as JSON gave it, or as the agent made it */
  Object convert(Object value, Type type) {
    return own == null ? Conversion.convert(value, type) : own.fromJson(JsonWriter.text(value), type);
  }

  /** @throws IllegalArgumentException if JSON cannot hold it; or what the app's serializer throws */
  byte[] write(Object value) {
    if (own == null) return JsonWriter.bytes(value);
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    own.toJson(value, output, value == null ? Object.class : value.getClass());
    return output.toByteArray();
  }

  /** The result as a value whose parts can be looked at. */
  Object plain(Object value) {
    return own == null || value == null || value instanceof String ? value : JsonReader.read(new String(write(value), StandardCharsets.UTF_8));
  }
}
