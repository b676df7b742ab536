import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Writes a file, and replies with the content of another. */
public class Main implements RequestHandler<Map<String, Object>, String> {
  @Override
  public String handleRequest(Map<String, Object> event, Context context) {
    try {
      Files.writeString(Path.of("/data/by-java"), "written");
      return Files.readString(Path.of("/data/from-host"));
    } catch (java.io.IOException error) {
      return String.valueOf(error);
    }
  }
}
