package dev.tare.jobs.lineage;

import dev.tare.jobs.Printable;
import dev.tare.jobs.TareException;
import dev.tare.jobs.storage.FinishedRun;
import io.openlineage.client.OpenLineage;
import io.openlineage.client.OpenLineage.RunEvent.EventType;
import io.openlineage.client.OpenLineageClient;
import io.openlineage.client.utils.UUIDUtils;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/** A run that OpenLineage was told of. Not thread-safe; confined to the driver. */
public final class LineageJob {

  /** Of a run that nobody is told of. */
  static final LineageJob UNHEARD = new LineageJob(Optional.empty(), Optional.empty(), line -> {});

  private final UUID id = UUIDUtils.generateNewUUID();
  private final Optional<EventForm> form;
  private final Consumer<String> say;
  private Optional<OpenLineageClient> client;

  private LineageJob(
      Optional<EventForm> form, Optional<OpenLineageClient> client, Consumer<String> say) {
    this.form = form;
    this.client = client;
    this.say = say;
  }

  static LineageJob of(EventForm form, OpenLineageClient client, Consumer<String> say) {
    return new LineageJob(Optional.of(form), Optional.of(client), say);
  }

  static void tell(Consumer<String> say, Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    say.accept(
        "Warning: no events are sent to OpenLineage: "
            + Printable.message(Optional.ofNullable(cause.getMessage()).orElse(cause.toString())));
  }

  void begin() {
    emit(form -> event(form, EventType.START, Optional.empty()));
  }

  /**
   * Tells that the run is finished, with what it read and wrote.
   *
   * @param tables where tables are
   */
  public void finished(FinishedRun run, TablePlaces tables) {
    emit(
        form -> {
          Datasets datasets = new Datasets(form.language(), tables);
          return form.event(
              EventType.COMPLETE,
              id,
              Optional.empty(),
              Datasets.query(run.manifest()),
              datasets.inputs(run.manifest()),
              List.of(datasets.output(run)));
        });
    close();
  }

  /** Tells that the run failed, or was stopped from outside. */
  public void failed(Throwable failure) {
    Optional<TareException> known = TareException.find(failure);
    EventType type =
        known.filter(e -> e.exitCode().stopped()).isPresent() ? EventType.ABORT : EventType.FAIL;
    String message = known.map(Throwable::getMessage).orElseGet(failure::toString);
    emit(form -> event(form, type, Optional.of(message)));
    close();
  }

  private OpenLineage.RunEvent event(EventForm form, EventType type, Optional<String> error) {
    return form.event(type, id, error, Optional.empty(), List.of(), List.of());
  }

  private interface Event {
    OpenLineage.RunEvent of(EventForm form) throws IOException;
  }

  /** After the first failure nothing more is tried: a run must not wait again and again. */
  private void emit(Event event) {
    if (client.isPresent() && form.isPresent()) {
      try {
        client.get().emit(event.of(form.get()));
      } catch (IOException | RuntimeException | LinkageError e) {
        tell(say, e);
        close();
      }
    }
  }

  private void close() {
    try {
      if (client.isPresent()) {
        client.get().close();
      }
    } catch (Exception e) {
      tell(say, e);
    }
    client = Optional.empty();
  }
}
