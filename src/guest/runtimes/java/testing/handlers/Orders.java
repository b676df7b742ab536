package shop;

import com.amazonaws.services.lambda.runtime.Context;
import com.amazonaws.services.lambda.runtime.RequestHandler;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Takes and gives beans, with records, enums, collections, times and numbers in them. */
public class Orders implements RequestHandler<Orders.Order, Orders.Receipt> {
  public enum State {
    OPEN,
    PAID
  }

  public record Line(String article, int count, BigDecimal price) {}

  public static class Order {
    private long id;
    private State state;
    private List<Line> lines;
    private Map<String, List<Integer>> tags;
    private Optional<String> note;
    private Instant at;
    public LocalDate due;
    public byte[] stamp;

    public long getId() {
      return id;
    }

    public void setId(long id) {
      this.id = id;
    }

    public State getState() {
      return state;
    }

    public void setState(State state) {
      this.state = state;
    }

    public List<Line> getLines() {
      return lines;
    }

    public void setLines(List<Line> lines) {
      this.lines = lines;
    }

    public Map<String, List<Integer>> getTags() {
      return tags;
    }

    public void setTags(Map<String, List<Integer>> tags) {
      this.tags = tags;
    }

    public Optional<String> getNote() {
      return note;
    }

    public void setNote(Optional<String> note) {
      this.note = note;
    }

    public Instant getAt() {
      return at;
    }

    public void setAt(Instant at) {
      this.at = at;
    }
  }

  public static class Receipt {
    public Order order;
    public UUID id = new UUID(1, 2);
    public Duration took = Duration.ofMillis(1500);
    public String[] words = {"a\"b", "\u0001", "ü€😀"};
    private final boolean paid;

    Receipt(Order order) {
      this.order = order;
      paid = order.state == State.PAID;
    }

    public boolean isPaid() {
      return paid;
    }

    public BigDecimal getTotal() {
      BigDecimal total = BigDecimal.ZERO;
      for (Line line : order.lines) total = total.add(line.price().multiply(BigDecimal.valueOf(line.count())));
      return total;
    }

    public double getURLShare() {
      return Double.NaN;
    }
  }

  @Override
  public Receipt handleRequest(Order order, Context context) {
    return new Receipt(order);
  }
}
